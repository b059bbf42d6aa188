"""Prints the pinned dependencies of both distributions and of traces: an image without torch needs no other list.

python deploy/requirements.py --without torch
python deploy/requirements.py --only torch
"""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
OWN = {"counterpoint", "counterpoint-cluster"}


def dependencies() -> dict[str, str]:
    """Requirement by name, of both distributions and the extra `tracing`, without themselves."""
    found: dict[str, str] = {}
    for file in (ROOT / "protos" / "pyproject.toml", ROOT / "pyproject.toml"):
        project = tomllib.loads(file.read_text())["project"]
        for requirement in project["dependencies"] + project.get("optional-dependencies", {}).get("tracing", []):
            found[re.split(r"[\[=<>~! ;]", requirement, maxsplit=1)[0]] = requirement
    return {name: requirement for name, requirement in found.items() if name not in OWN}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--without", metavar="NAME")
    which.add_argument("--only", metavar="NAME")
    given = parser.parse_args()
    known = dependencies()
    named = given.without or given.only
    if named not in known:
        parser.error(f"{named}: is no dependency; there are {', '.join(sorted(known))}")
    for name, requirement in sorted(known.items()):
        if (name == named) == bool(given.only):
            print(requirement)


if __name__ == "__main__":
    main()
