"""Write the generated code of every .proto under protos/counterpoint anew, or check what is checked in.

python protos/generate.py            write
python protos/generate.py --check    compare byte for byte; exit 1 and name what differs
Needs the pinned grpcio-tools of the development extra: another version gives other bytes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
SUFFIXES = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py")


def generate(out: Path) -> list[Path]:
    """Write all generated files under `out`; returns their relative paths. Raises RuntimeError when protoc refuses."""
    import grpc_tools
    from grpc_tools import protoc

    sources = sorted(path.relative_to(PROTOS) for path in (PROTOS / "counterpoint").rglob("*.proto"))
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{PROTOS}", f"-I{well_known}"]
    arguments += [f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}"]
    if protoc.main([*arguments, *map(str, sources)]) != 0:
        raise RuntimeError("protoc refused a .proto; its message is above")
    return [source.with_name(source.stem + suffix) for source in sources for suffix in SUFFIXES]


def drift() -> list[str]:
    """What differs between the tree and the generator: one sentence per file."""
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary)
        expected = generate(fresh)
        found = [f"{path}: missing" for path in expected if not (PROTOS / path).exists()]
        found += [
            f"{path}: differs from what the generator gives"
            for path in expected
            if (PROTOS / path).exists() and (PROTOS / path).read_bytes() != (fresh / path).read_bytes()
        ]
    checked_in = {path.relative_to(PROTOS) for suffix in SUFFIXES for path in PROTOS.rglob(f"*{suffix}")}
    return found + [f"{path}: no .proto gives it" for path in sorted(checked_in - set(expected))]


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        differences = drift()
        print("\n".join(differences) or "generated code is what the generator gives")
        return 1 if differences else 0
    if arguments:
        print(__doc__)
        return 2
    for path in generate(PROTOS):
        print(f"protos/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
