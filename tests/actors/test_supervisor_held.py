"""What several schedulers hold of one session, put together."""

from __future__ import annotations

from types import SimpleNamespace

from actors.supervisor_held import export


class Teller:
    """A scheduler that holds these parts."""

    def __init__(self, **parts: bytes) -> None:
        self._parts = tuple((name.replace("_", "."), data) for name, data in parts.items())

    async def tell(self, verb: str, session: str) -> tuple[tuple[str, bytes], ...]:
        assert (verb, session) == ("export", "acme.1")
        return self._parts


class Fleet(dict[str, Teller]):
    def serving(self, role: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name) for name in self if name.rpartition("-")[0] == role]


async def test_what_a_store_shares_comes_once_though_it_grew_between_two_answers() -> None:
    first = Teller(journal_jsonl=b"1", heard_ogg=b"a", history_jsonl=b"before the takeover")
    second = Teller(journal_jsonl=b"12", heard_ogg=b"ab", history_jsonl=b"after it")
    fleet = Fleet({"scheduler-0": first, "scheduler-1": second, "lockstep-scheduler-0": second})
    parts = await export(fleet, "acme.1", None)  # type: ignore[arg-type]  # who serves, and what they tell
    assert parts == (
        ("journal.jsonl", b"1"),
        ("heard.ogg", b"a"),
        ("history.jsonl", b"before the takeover"),
        ("history.jsonl", b"after it"),
    )
