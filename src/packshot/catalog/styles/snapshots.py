"""Styles and channels as an item's version stores them: as they were when it was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from packshot.channel import Channel
from packshot.template import Template


def style_json(style: Template) -> dict[str, Any]:
    snapshot: dict[str, Any] = style.model_dump(mode="json")
    snapshot["chosen"] = sorted(snapshot["chosen"])
    return snapshot


def channels_json(channels: Sequence[Channel]) -> list[dict[str, Any]]:
    """Without the sources of their numbers."""
    snapshots = [channel.model_dump(mode="json", exclude={"sources"}) for channel in channels]
    for snapshot in snapshots:
        snapshot["rules"]["hard"] = sorted(snapshot["rules"]["hard"])
    return snapshots
