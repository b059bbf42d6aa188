"""Anchored context: prefix + pins + everything since the anchor, and the building of the next one on a shadow slot.

The live slot always holds exactly `prefix`, then `head`, then `tail` (less what is in the step just now). A build
brings a slot to the same state in bounded chunks: on the shadow slot for the next anchor, on the live slot when it is
opened or its KV was lost. The last chunk and the swap come in the tick whose micro-turns already run on the new slot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cluster.session.limits import CheckpointLimits, SessionRules
from cluster.session.pins import Pin, cut_pin, held_turns
from cluster.types import ContextTurn, Prefill


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A context in the making: `done` of its items stand in `slot`. opened: the slot was reset and has the prefix."""

    slot: int
    prefix: tuple[int, ...]
    head: tuple[ContextTurn, ...] = ()
    tail_from_k: int = 0
    done: int = 0
    opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A context that went live, with what cannot be found in the records since tail_from_k."""

    prefix: tuple[int, ...]
    head: tuple[ContextTurn, ...]
    pins: tuple[Pin, ...]
    tail_from_k: int
    tail_ks: tuple[int, ...]

    @property
    def micro_turns(self) -> tuple[int, ...]:
        """Every k in the context, in its order: place m of this list stands at position B + stride·m."""
        return (*(item.turn.k for item in self.head), *self.tail_ks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    live: int
    shadow: int
    prefix: tuple[int, ...] = ()
    wanted_prefix: tuple[int, ...] = ()  # of the next anchor; differs from `prefix` after an update of instructions
    pins: tuple[Pin, ...] = ()  # standing now; those of the live slot are in `head`
    head: tuple[ContextTurn, ...] = ()
    tail: tuple[ContextTurn, ...] = ()
    build: Build | None = None
    spoilt: tuple[int, ...] = ()  # slots to give back: what was built there is of no use any more

    @property
    def blocked(self) -> bool:
        """The live slot itself is being built: nothing runs before that is done."""
        return self.build is not None and self.build.slot == self.live


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a tick does about the build."""

    context: Context
    prefills: tuple[Prefill, ...] = ()
    free: tuple[int, ...] = ()
    anchor: Anchor | None = None  # the shadow slot went live


def open_context(live: int, shadow: int, prefix: tuple[int, ...]) -> Context:
    return Context(live=live, shadow=shadow, prefix=prefix, wanted_prefix=prefix, build=Build(slot=live, prefix=prefix))


def build_items(context: Context, build: Build) -> tuple[ContextTurn, ...]:
    return build.head + tuple(item for item in context.tail if item.turn.k >= build.tail_from_k)


def remaining(context: Context) -> int:
    """Micro-turns still to be prefilled."""
    return len(build_items(context, context.build)) - context.build.done if context.build else 0


def plan_anchor(context: Context, limits: CheckpointLimits, granted: int) -> Context:
    """Begin the next anchor when it may and is granted a part of its prefill, or the instructions changed."""
    by_itself = not limits.anchor_from and len(context.tail) >= limits.anchor_at
    due = by_itself or (granted > 0 and may_anchor(context, limits))
    if context.build is not None or not (due or context.wanted_prefix != context.prefix):
        return context
    return replace(context, build=_next_build(context, limits))


def may_anchor(context: Context, limits: CheckpointLimits) -> bool:
    return context.build is None and 0 < limits.anchor_from <= len(context.tail)


def anchor_turns(context: Context, limits: CheckpointLimits) -> int:
    """Micro-turns to be prefilled if the next anchor were begun now."""
    return len(build_items(context, _next_build(context, limits)))


def _next_build(context: Context, limits: CheckpointLimits) -> Build:
    """Half a window is kept; half of that where the tail has outgrown it, for then the engine is overloaded."""
    kept = context.tail[-(limits.window // (2 if len(context.tail) <= limits.window else 4)) :]
    first = kept[0].turn.k if kept else 0
    head = tuple(item for item in held_turns(context.pins) if item.turn.k < first)
    return Build(slot=context.shadow, prefix=context.wanted_prefix, head=head, tail_from_k=first)


def advance_build(context: Context, most: int) -> Progress:
    """Prefill at most `most` micro-turns; swap when nothing is left."""
    build, free = context.build, context.spoilt
    if free:
        context = replace(context, spoilt=())
    if build is None or (most <= 0 and build.opened):
        return Progress(context=context, free=free)
    items = build_items(context, build)
    chunk = items[build.done : build.done + most]
    prefill = Prefill(
        slot=build.slot,
        reset=not build.opened,
        prefix=() if build.opened else build.prefix,
        index=build.done,
        items=chunk,
    )
    prefills = (prefill,) if chunk or not build.opened else ()
    build = replace(build, done=build.done + len(chunk), opened=True)
    if build.done < len(items):
        return Progress(context=replace(context, build=build), prefills=prefills, free=free)
    if context.blocked:
        return Progress(context=replace(context, build=None), prefills=prefills, free=free)
    anchor = Anchor(
        prefix=build.prefix,
        head=build.head,
        pins=context.pins,
        tail_from_k=build.tail_from_k,
        tail_ks=tuple(item.turn.k for item in items[len(build.head) :]),
    )
    return Progress(context=_swapped(context, build), prefills=prefills, free=(*free, context.live), anchor=anchor)


def _swapped(context: Context, build: Build) -> Context:
    return replace(
        context,
        live=build.slot,
        shadow=context.live,
        prefix=build.prefix,
        head=build.head,
        tail=tuple(item for item in context.tail if item.turn.k >= build.tail_from_k),
        build=None,
    )


def lose_kv(context: Context) -> Context:
    """The KV of both slots is unknown: build the live one anew from what it held."""
    first = context.tail[0].turn.k if context.tail else 0
    build = Build(slot=context.live, prefix=context.prefix, head=context.head, tail_from_k=first)
    spoilt = (context.shadow,) if context.build and context.build.slot == context.shadow else ()
    return replace(context, build=build, spoilt=spoilt or context.spoilt)


def keep(context: Context, limits: CheckpointLimits, rules: SessionRules) -> Context | None:
    """Pin the request that ends with the newest micro-turn; None if the pins have no room for it."""
    pins = (*context.pins, cut_pin(context.tail, limits, rules.pin_turns_max))
    return replace(context, pins=pins) if len(held_turns(pins)) <= limits.pins_max else None


def release(context: Context) -> Context:
    """End the oldest pin; it leaves the context at the next anchor."""
    return replace(context, pins=context.pins[1:])
