"""When overnight work may run: a daily window in a time zone, through changes to and from daylight saving time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


def window(at: float, settings: Mapping[str, Any]) -> tuple[bool, float]:
    """Whether the window is open at a moment, and the moment from which work may run: `at` itself, or the next opening.

    at: seconds since 1970.  settings: of a workspace; without `off_peak` {start, end, time_zone} it is always open.
    The window belongs to the day on which it starts.  A start that the clocks jump over is at the jump; an hour that
    they repeat is in the window both times.
    """
    off_peak = settings.get("off_peak")
    if not off_peak:
        return True, at
    zone = ZoneInfo(off_peak["time_zone"])
    start, end = (time.fromisoformat(off_peak[name]) for name in ("start", "end"))
    today = datetime.fromtimestamp(at, zone).date()
    openings = []
    for day in (today + timedelta(days=n) for n in (-1, 0, 1, 2)):
        opens = _moment(day, start, zone, fold=0)
        closes = _moment(day if start < end else day + timedelta(days=1), end, zone, fold=1)
        if opens <= at < closes:
            return True, at
        openings.append(opens)
    return False, min(opens for opens in openings if opens > at)


def _moment(day: date, clock: time, zone: ZoneInfo, *, fold: int) -> float:
    """The moment at which a local clock shows this; where clocks jump over it, the moment of the jump."""
    shown = datetime.combine(day, clock, zone).replace(fold=fold)
    moment = shown.timestamp()
    back = datetime.fromtimestamp(moment, zone)
    if back.replace(tzinfo=None) == shown.replace(tzinfo=None):
        return moment
    # In a gap the offset before the jump gives a moment after it, and the offset after it one before: the jump lies
    # where the two meet.
    before, after = (shown.replace(fold=f).timestamp() for f in (1, 0))
    while after - before > 1:
        middle = (before + after) / 2
        same = datetime.fromtimestamp(middle, zone).utcoffset() == datetime.fromtimestamp(before, zone).utcoffset()
        before, after = (middle, after) if same else (before, middle)
    return float(round(after))
