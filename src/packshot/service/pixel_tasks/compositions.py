"""What is made of a cut-out: composed in a style, written as each channel's file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from packshot import __version__
from packshot.catalog.tasks import ComposePhoto, ComposeResult, WriteFiles, WriteResult, WrittenFile
from packshot.channel import Channel
from packshot.compose import compose, geometries
from packshot.finding import Finding
from packshot.image import thumbnail
from packshot.pipeline import digest
from packshot.rendition import Views, make_rendition
from packshot.service.layer_cache import get_composition, put_composition
from packshot.service.pixel_tasks.context import PixelContext, store_file
from packshot.step import Composition, Cutout, Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.steps import Layout


def compose_photo(context: PixelContext, task: ComposePhoto) -> ComposeResult:
    timer = StepTimer()
    cutout = context.enlarged(task.enlarged, context.cutout(task.cutout, context.photo(task.photo)))
    findings: list[Finding] = []
    changes: list[str] = []
    for geometry in geometries_of(context, task):
        composition = _composed(context, cutout, task, geometry, timer)
        findings += composition.findings
        changes += composition.changes
    return ComposeResult(tuple(findings), tuple(dict.fromkeys(changes)), tuple(timer.records))


def write_files(context: PixelContext, task: WriteFiles) -> WriteResult:
    timer = StepTimer()
    cutout = context.enlarged(task.enlarged, context.cutout(task.cutout, context.photo(task.photo)))
    files: dict[str, WrittenFile] = {}
    small = ""
    for geometry, channels in geometries_of(context, task).items():
        key = _composition_key(task, geometry)
        composition = get_composition(context.layer_cache, key, _plate_key(geometry, task.pictures, task.seed), cutout)
        if composition is None:
            composition = _composed(context, cutout, task, geometry, StepTimer())
        views = Views(composition, context.rater)
        for channel in channels:
            rendition = make_rendition(
                views, channel, limits=context.settings.limits, timer=timer, preview=task.target.preview
            )  # fmt: skip
            sha256 = hashlib.sha256(rendition.content).hexdigest()
            context.store.put_new(f"renditions/{sha256}", rendition.content)
            files[channel.id] = WrittenFile(
                channel=channel.id,
                key=f"renditions/{sha256}",
                sha256=sha256,
                bytes=len(rendition.content),
                width=rendition.size[0],
                height=rendition.size[1],
                format=channel.format,
                quality=rendition.quality,
                disclosure=rendition.disclosure,
                rejected=rendition.rejected,
                findings=rendition.findings,
            )
        if not small:
            small = store_file(context, "thumbs", thumbnail(views.picture.pixels), ".jpg")
        context.layer_cache.drop(key)
    return WriteResult(
        tuple(files[channel.id] for channel in task.target.channels), small, tuple(timer.records)
    )  # fmt: skip


def geometries_of(context: PixelContext, task: ComposePhoto | WriteFiles) -> Mapping[Geometry, list[Channel]]:
    target = task.target
    return geometries(target.style, target.channels, preview=target.preview or context.settings.fake_models)


def _composed(
    context: PixelContext, cutout: Cutout, task: ComposePhoto | WriteFiles, geometry: Geometry, timer: StepTimer
) -> Composition:
    step_context = StepContext(context.pictures(task.pictures), task.seed, context.renderer)
    composition = compose(cutout, geometry, context=step_context, timer=timer)
    plate = _plate_key(geometry, task.pictures, task.seed)
    put_composition(context.layer_cache, _composition_key(task, geometry), plate, composition)
    return composition


def _composition_key(task: ComposePhoto | WriteFiles, geometry: Geometry) -> str:
    steps = [[type(step).version, step.model_dump(mode="json")] for step in geometry.steps]
    layer = task.enlarged or task.cutout
    return digest(["composition", __version__, layer, geometry.canvas, steps, task.pictures, task.seed])


def _plate_key(geometry: Geometry, pictures: Mapping[str, str], seed: int) -> str:
    """Layout and shadow change nothing in a plate; all other steps may."""
    steps = [[type(step).version, step.model_dump(mode="json")] for step in geometry.steps
             if not isinstance(step, Layout) and step.kind != "shadow"]  # fmt: skip
    return digest(["plate", __version__, geometry.canvas, steps, pictures, seed])
