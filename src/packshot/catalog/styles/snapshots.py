"""Templates and channels as an item's version keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from packshot.channel import Channel
from packshot.template import Template


def style_json(style: Template) -> dict[str, Any]:
    """A template as a version keeps it."""
    kept: dict[str, Any] = style.model_dump(mode="json")
    kept["chosen"] = sorted(kept["chosen"])
    return kept


def channels_json(channels: Sequence[Channel]) -> list[dict[str, Any]]:
    """Channels as a version keeps them; where their numbers come from stays in the catalog."""
    kept = [channel.model_dump(mode="json", exclude={"sources"}) for channel in channels]
    for channel in kept:
        channel["rules"]["hard"] = sorted(channel["rules"]["hard"])
    return kept
