"""What is made of a cut-out: composed in a template, written as a channel's file, shown as a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from packshot import __version__
from packshot.channel import Channel
from packshot.compose import compose, geometries
from packshot.finding import Finding
from packshot.image import PREVIEW_SIDE, thumbnail
from packshot.pipeline import digest
from packshot.rendition import Views, make_rendition
from packshot.service.layer_cache import get_composition, put_composition
from packshot.service.pixel_tasks.context import Answer, PixelContext, keep, told
from packshot.step import Composition, Cutout, Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.steps import Layout
from packshot.template import Template


def generate(
    context: PixelContext,
    *,
    photo: str,
    name: str,
    cutout: str,
    template: Answer,
    channels: Sequence[Answer],
    pictures: dict[str, str],
    enlarged: str = "",
    seed: int = 0,
    max_pixels: int | None = None,
) -> Answer:
    """Compose once per geometry and leave the compositions for the export."""
    watch = StepTimer()
    opened = context.photo(photo, name, max_pixels=max_pixels)
    made = context.enlarged(enlarged, context.cutout(cutout, opened))
    findings: list[Finding] = []
    changes: list[str] = []
    look, wanted = Template.model_validate(template), [Channel.model_validate(c) for c in channels]
    for geometry in geometries(look, wanted, preview=context.settings.fake_models):
        composition = _composed(context, made, enlarged or cutout, geometry, pictures, seed, watch)
        findings += composition.findings
        changes += composition.changes
    return {
        "findings": told(findings),
        "changes": list(dict.fromkeys(changes)),
        "steps": [record.model_dump(mode="json") for record in watch.records],
    }


def export(
    context: PixelContext,
    *,
    photo: str,
    name: str,
    cutout: str,
    template: Answer,
    channels: Sequence[Answer],
    pictures: dict[str, str],
    enlarged: str = "",
    seed: int = 0,
    max_pixels: int | None = None,
) -> Answer:
    """One file a channel, encoded, checked and kept under its own hash."""
    watch = StepTimer()
    opened = context.photo(photo, name, max_pixels=max_pixels)
    made = context.enlarged(enlarged, context.cutout(cutout, opened))
    look, wanted = Template.model_validate(template), [Channel.model_validate(c) for c in channels]
    files: dict[str, Answer] = {}
    after = ""
    for geometry, members in geometries(look, wanted, preview=context.settings.fake_models).items():
        mark = _mark(enlarged or cutout, geometry, pictures, seed)
        composition = get_composition(context.layer_cache, mark, _plate_mark(geometry, pictures, seed), made)
        if composition is None:
            composition = _composed(context, made, enlarged or cutout, geometry, pictures, seed, StepTimer())
        views = Views(composition, context.rater)
        for channel in members:
            rendition = make_rendition(views, channel, limits=context.settings.limits, timer=watch)
            sha256 = hashlib.sha256(rendition.content).hexdigest()
            context.store.put_new(f"renditions/{sha256}", rendition.content)
            files[channel.id] = {
                "channel": channel.id,
                "key": f"renditions/{sha256}",
                "sha256": sha256,
                "bytes": len(rendition.content),
                "width": rendition.size[0],
                "height": rendition.size[1],
                "format": channel.format,
                "quality": rendition.quality,
                "disclosure": rendition.disclosure,
                "rejected": rendition.rejected,
                "findings": told(rendition.findings),
            }
        if not after:
            after = keep(context, "thumbs", thumbnail(views.picture.pixels), ".jpg")
        context.layer_cache.drop(mark)
    return {
        "renditions": [files[channel.id] for channel in wanted],
        "after": after,
        "steps": [record.model_dump(mode="json") for record in watch.records],
    }


def picture(
    context: PixelContext,
    *,
    photo: str,
    name: str,
    cutout: str,
    template: Answer,
    size: Sequence[int],
    format: str,
    pictures: dict[str, str],
    channel: Answer | None = None,
    preview: bool = False,
) -> Answer:
    """One composition as a picture, without a channel's rules, or as a preview of 512 pixels."""
    opened = context.photo(photo, name)
    made = context.cutout(cutout, opened)
    look = Template.model_validate(template)
    geometry = Geometry((int(size[0]), int(size[1])), look.steps)
    if channel is not None:
        geometry = next(iter(geometries(look, [Channel.model_validate(channel)], preview=preview)))
    elif preview:
        scale = PREVIEW_SIDE / max(geometry.canvas)
        canvas = max(1, round(geometry.canvas[0] * scale)), max(1, round(geometry.canvas[1] * scale))
        geometry = replace(geometry, canvas=canvas)
    composition = compose(
        made, geometry, context=StepContext(context.pictures(pictures), renderer=context.renderer), timer=StepTimer()
    )
    wanted = Channel(id="picture", name="Picture", size=geometry.canvas, format=format)
    made_file = make_rendition(Views(composition, context.rater), wanted, limits=context.settings.limits,
                               timer=StepTimer(), preview=True)  # fmt: skip
    return {
        "key": keep(context, "renditions", made_file.content, ""),
        "size": list(geometry.canvas),
        "format": format,
        "findings": told(made.findings + composition.findings + made_file.findings),
        "changes": list(composition.changes),
    }


def _composed(
    context: PixelContext,
    made: Cutout,
    cutout: str,
    geometry: Geometry,
    pictures: dict[str, str],
    seed: int,
    watch: StepTimer,
) -> Composition:
    composition = compose(
        made, geometry, context=StepContext(context.pictures(pictures), seed, context.renderer), timer=watch
    )
    plate = _plate_mark(geometry, pictures, seed)
    put_composition(context.layer_cache, _mark(cutout, geometry, pictures, seed), plate, composition)
    return composition


def _mark(cutout: str, geometry: Geometry, pictures: dict[str, str], seed: int) -> str:
    steps = [[type(step).version, step.model_dump(mode="json")] for step in geometry.steps]
    return digest(["composition", __version__, cutout, geometry.canvas, steps, pictures, seed])


def _plate_mark(geometry: Geometry, pictures: dict[str, str], seed: int) -> str:
    """Layout and shadow change nothing in a plate; all other steps may."""
    steps = [[type(step).version, step.model_dump(mode="json")] for step in geometry.steps
             if not isinstance(step, Layout) and step.kind != "shadow"]  # fmt: skip
    return digest(["plate", __version__, geometry.canvas, steps, pictures, seed])
