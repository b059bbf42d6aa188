"""Playback reports on their way up: a scheduler hears of a session's playout twice a micro-turn at most."""

from __future__ import annotations

from dataclasses import replace

from cluster.media.messages import PlayedUp


class Reports:
    """The first cut of a micro-turn goes at once, for speech must stop; else the newest report goes when it left."""

    def __init__(self) -> None:
        self._newest: PlayedUp | None = None
        self._cut = False

    def take(self, report: PlayedUp) -> tuple[PlayedUp, ...]:
        """What goes up now."""
        if report.cut and not self._cut:
            self._cut, self._newest = True, None
            return (report,)
        held_cut = self._newest is not None and self._newest.cut
        self._newest = replace(report, cut=report.cut or held_cut)
        return ()

    def turn_left(self) -> tuple[PlayedUp, ...]:
        """What goes up because a micro-turn left."""
        newest, self._newest, self._cut = self._newest, None, False
        return () if newest is None else (newest,)
