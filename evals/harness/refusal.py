"""When a report may not stand: a control is missing, the oracle fails, or something trivial does as well. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from evals.harness.controls import DELAYS, ORACLE, TRIVIAL

ORACLE_MIN = 95.0
BROKEN_MARGIN = 5.0  # a trivial policy this near to the oracle, and the set measures nothing
ZEROED = "zero_weights"
CASCADE = "cascade"
CASCADE_ITEMS = 60


REQUIRED = (*TRIVIAL, ORACLE, *(f"{ORACLE}_delayed_{ticks}" for ticks in DELAYS), ZEROED, CASCADE)


def reasons(
    *,
    model: float,
    controls: Mapping[str, float],
    floors: Mapping[str, float],
    zeroed_spoke: int,
    cascade_items: int,
    cascade_wanted: int = CASCADE_ITEMS,
) -> list[str]:
    """Scores 0 to 100. zeroed_spoke: outputs of the model whose weights are zero. Empty: the report stands."""
    found = [f"the control `{name}` is missing" for name in REQUIRED if name not in controls]
    if CASCADE in controls and cascade_items < cascade_wanted:
        found.append(f"the cascade answered {cascade_items} items, {cascade_wanted} are needed")
    oracle = controls.get(ORACLE)
    if oracle is not None and oracle < ORACLE_MIN:
        found.append(f"the oracle, which reads the labels, scores {oracle:g} and not {ORACLE_MIN:g}: the set is broken")
    if zeroed_spoke:
        found.append(f"with its weights set to zero it still spoke {zeroed_spoke} times: something else makes it speak")
    trivial = {name: controls[name] for name in TRIVIAL if name in controls} | dict(floors)
    for name, score in sorted(trivial.items(), key=lambda pair: -pair[1]):
        if oracle is not None and score > oracle - BROKEN_MARGIN:
            found.append(f"`{name}`, which hears nothing, scores {score:g}, the oracle {oracle:g}: the set is broken")
        elif score > model:
            found.append(f"`{name}`, which hears nothing, wins: {score:g} against {model:g}")
    return found
