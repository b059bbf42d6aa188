"""A core that goes on with a session of another owner, from its journal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_rig import Rig

from cluster.errors import ResyncRequired


async def test_a_journal_that_cannot_be_read_is_not_adopted() -> None:
    rig = Rig()
    await rig.open()
    await rig.tick()
    stored = await rig.store.load("default", "s")
    other = rig.new_core(engine_epoch=2)
    with pytest.raises(ResyncRequired, match="Terms"):
        other.adopt(replace(stored, meta=b"{}"), 2, 0)
    with pytest.raises(ResyncRequired, match="Record"):
        other.adopt(replace(stored, records=(b"?",)), 2, 0)
    with pytest.raises(ResyncRequired, match="after its anchor"):
        other.adopt(replace(stored, base=7), 2, 0)
    assert len(other) == 0
    other.adopt(stored, 2, 0)
    assert other.session("s").terms.epoch == 2


async def test_an_adoption_that_fails_in_any_way_leaves_its_slots_and_the_session_to_the_next() -> None:
    rig = Rig(max_sessions=1)
    await rig.open()
    await rig.tick()
    stored = await rig.store.load("default", "s")
    other = rig.new_core(engine_epoch=2)
    for _ in range(3):
        with pytest.raises(ResyncRequired):
            other.adopt(replace(stored, base=7), 2, 0)
        with pytest.raises(TypeError):
            other.adopt(replace(stored, records=(None,)), 2, 0)  # type: ignore[arg-type]  # a fault no store makes
    other.adopt(stored, 2, 0)
    with pytest.raises(ValueError, match="session s: holds slots already"):
        other.adopt(stored, 3, 0)
    assert other.session("s").terms.epoch == 2


async def test_a_new_owner_remembers_no_more_controls_than_the_old_one_did() -> None:
    rig = Rig()
    await rig.open()
    for seq in range(2, 102):
        await rig.control(seq=seq, control_id=f"c{seq}", kind="ping")
        if seq % 20 == 1:
            await rig.tick()
    other = rig.new_core(engine_epoch=2)
    other.adopt(await rig.store.load("default", "s"), 2, 0)
    known = other.session("s").known_controls
    assert (known[0], known[-1], len(known)) == (38, 101, 64)
    assert known == rig.core.session("s").known_controls
