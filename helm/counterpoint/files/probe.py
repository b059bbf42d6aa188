"""Is what runs in this pod well? Standard library only: it starts every few seconds beside work that must be on time.

    probe.py node                     Ray's node process answers
    probe.py ready --metrics-port N   and an actor serves here [and --is NAME=VALUE stands among its metrics]
    probe.py live --metrics-port N    and, if one serves here, it answers and [--rises NAME] that series has risen

Exit code 0: yes; 1: no, with the reason on standard output, where the kubelet shows it.
"""

import argparse
import sys
import urllib.error
import urllib.request
from pathlib import Path

TIMEOUT_S = 3.0


class Unwell(Exception):
    """The answer is no; the text is why."""


def fetch(url):
    """Body of url. Raises ConnectionRefusedError where nobody listens, Unwell for any other failure."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise Unwell(f"{url}: answers {error.code}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise error.reason from error
        raise Unwell(f"{url}: {error.reason}") from error
    except OSError as error:
        raise Unwell(f"{url}: {error}") from error


def node(port):
    try:
        fetch(f"http://127.0.0.1:{port}/api/local_raylet_healthz")
    except ConnectionRefusedError as error:
        raise Unwell(f"Ray's agent does not listen at port {port}") from error


def value_of(text, series):
    """The value of an unlabelled series. Raises Unwell where it is missing."""
    for line in text.splitlines():
        if line.startswith(series + " "):
            return float(line.split()[1])
    raise Unwell(f"{series}: not among the metrics of this pod")


def stands(text, wanted):
    """Raises Unwell unless the series has the value, as NAME=VALUE."""
    series, _, value = wanted.partition("=")
    found = value_of(text, series)
    if found != float(value):
        raise Unwell(f"{series}: is {found}, not {value}")


def risen(value, series, state):
    """Raises Unwell if the value is what it was last time; a lower one is a new actor."""
    before = state.read_text() if state.exists() else ""
    state.write_text(f"{series} {value!r}")
    if before == f"{series} {value!r}":
        raise Unwell(f"{series}: stands at {value}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", choices=["node", "ready", "live"])
    parser.add_argument("--metrics-port", type=int)
    parser.add_argument("--node-port", type=int, default=52365)
    parser.add_argument("--rises", metavar="NAME")
    parser.add_argument("--is", dest="wanted", metavar="NAME=VALUE")
    parser.add_argument("--state", type=Path, default=Path("/tmp/counterpoint-probe"))
    given = parser.parse_args(arguments)
    try:
        node(given.node_port)
        if given.question == "node":
            return 0
        try:
            text = fetch(f"http://127.0.0.1:{given.metrics_port}/metrics")
        except ConnectionRefusedError:
            if given.question == "live":
                return 0  # no actor was put here yet, or the supervisor is about to start it again
            raise Unwell("no actor serves here yet") from None
        if given.wanted and given.question == "ready":
            stands(text, given.wanted)
        if given.rises and given.question == "live":
            risen(value_of(text, given.rises), given.rises, given.state)
    except Unwell as why:
        print(why)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
