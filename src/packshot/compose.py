"""From a cut-out to compositions: which ones a template's channels need, and its steps run one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from packshot.channel import Channel
from packshot.image import PREVIEW_SIDE
from packshot.step import Composition, Cutout, Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.template import Template


def geometries(template: Template, channels: Sequence[Channel], *, preview: bool) -> dict[Geometry, list[Channel]]:
    """Channels grouped by the composition that they can share."""
    groups: dict[Geometry, list[Channel]] = {}
    for channel in channels:
        scale = min(1.0, PREVIEW_SIDE / max(channel.size)) if preview else 1.0
        canvas = max(1, round(channel.size[0] * scale)), max(1, round(channel.size[1] * scale))
        geometry = Geometry(canvas, tuple(step.for_channel(channel, template.chosen) for step in template.steps))
        groups.setdefault(geometry, []).append(channel)
    return groups


def compose(cutout: Cutout, geometry: Geometry, *, context: StepContext, timer: StepTimer) -> Composition:
    """Run the geometry's steps on a cut-out."""
    composition = Composition(cutout, geometry.canvas)
    for step in geometry.steps:
        with timer.step(step):
            composition = step.run(composition, context)
    return composition
