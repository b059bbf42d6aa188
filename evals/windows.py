"""One item judged by the windows of its labels: strict, and with every way of missing counted apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evals.items import Expect, Item, Outcome, Said
from evals.matching import Accepts, Match, match, voiced

TOLERANCES_S = (0.2, 0.4, 0.8, 1.6)
_NEAR_S = 4.0  # an output of the right words this far from its window is early or late; beyond it is missing


def judge_windows(
    item: Item, said: Iterable[Said], centred: bool, accepts: Accepts = lambda due: (due.text,)
) -> Outcome:
    """score is 1 when every expectation was met once and nothing else was said.

    centred: errors count from the middle of a window (a point in time was asked for), else from its beginning (a lag).
    """
    outputs = voiced(said)
    found = match(item.expect, outputs, accepts)
    errors = tuple(
        round(onset - _wanted(due, centred), 3)
        for due, onset in zip(item.expect, found.hits, strict=True)
        if onset is not None
    )
    matched, expected = len(errors), len(item.expect)
    said_count = matched + len(found.extras)
    strict = matched == expected and not found.extras
    measures: dict[str, float] = {"expected": expected, "matched": matched, **_misses(item.expect, found, accepts)}
    if expected:
        measures["recall"] = matched / expected
    if said_count:
        measures["precision"] = matched / said_count
    if centred and expected:
        measures |= _curve(item.expect, outputs, accepts)
    return Outcome(
        id=item.id,
        score=float(strict),
        alarms=len(found.extras),
        seconds=item.duration_s,
        tags=item.tags,
        errors_s=errors,
        measures=measures,
    )


def _wanted(due: Expect, centred: bool) -> float:
    return (due.from_s + due.to_s) / 2 if centred else due.from_s


def _misses(expect: tuple[Expect, ...], found: Match, accepts: Accepts) -> dict[str, float]:
    """early and late: unmet, but its words were said within `_NEAR_S` of the window; extra: all other outputs."""
    early = late = missing = 0
    near = list(found.extras)
    for due, hit in zip(expect, found.hits, strict=True):
        if hit is not None:
            continue
        same = [each for each in near if each.text.lower() in accepts(due)]
        best = min(same, key=lambda each: _outside(due, each.onset_s), default=None)
        if best is None or _outside(due, best.onset_s) > _NEAR_S:
            missing += 1
            continue
        near.remove(best)
        early, late = early + (best.onset_s < due.from_s), late + (best.onset_s >= due.from_s)
    return {"early": early, "late": late, "missing": missing, "extra": len(near)}


def _outside(due: Expect, onset_s: float) -> float:
    return max(due.from_s - onset_s, onset_s - due.to_s, 0.0)


def _curve(expect: tuple[Expect, ...], outputs: list[Said], accepts: Accepts) -> dict[str, float]:
    """Recall had the windows been ± 0.2, 0.4, 0.8, 1.6 s."""
    curve = {}
    for tolerance in TOLERANCES_S:
        middles = ((due.text, _wanted(due, True)) for due in expect)
        widened = tuple(Expect(text=text, from_s=at - tolerance, to_s=at + tolerance) for text, at in middles)
        hits = match(widened, outputs, accepts).hits
        curve[f"within_{tolerance}"] = sum(hit is not None for hit in hits) / len(expect)
    return curve


def summary_of(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """0 to 100 where a share: "score" is that of the items that are right; "macro" weighs every family the same."""
    families: dict[str, list[float]] = {}
    for each in outcomes:
        families.setdefault(each.tags.get("family", ""), []).append(each.score)
    shares = {family: 100 * sum(scores) / len(scores) for family, scores in families.items()}
    found = {
        "score": 100 * sum(each.score for each in outcomes) / max(1, len(outcomes)),
        "macro": sum(shares.values()) / max(1, len(shares)),
    }
    expected = sum(each.measures.get("expected", 0) for each in outcomes)
    if expected:
        found["recall"] = 100 * sum(each.measures.get("matched", 0) for each in outcomes) / expected
        for kind in ("early", "late", "missing"):
            found[kind] = 100 * sum(each.measures.get(kind, 0) for each in outcomes) / expected
    return found | {f"family {family}": shares[family] for family in sorted(shares)}
