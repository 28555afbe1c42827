"""How one photo becomes its renditions.  The command line and the service's workers run the same functions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import PIL

from packshot import __version__
from packshot.channel import Channel
from packshot.colour import U8
from packshot.compose import compose, geometries
from packshot.finding import Finding
from packshot.image import Photo
from packshot.model import LongWork, Matter, ModelCard, Rater, Upscaler, without_notice
from packshot.ops.white_ground import matte_on_white
from packshot.rendering.scene import SetRenderer
from packshot.rendition import Rendition, Views, make_rendition
from packshot.report import StepRecord
from packshot.settings import Limits
from packshot.step import Cutout, StepContext
from packshot.step_timer import StepTimer
from packshot.steps import Analyse, Segment, Upscale
from packshot.steps.encode import Encode
from packshot.steps.upscale import NO_UPSCALER, upscale_for
from packshot.store import Store, pack, pack_enlarged, unpack, unpack_enlarged
from packshot.template import Template

UNREFINED = Segment()


@dataclass(frozen=True, slots=True)
class PipelineContext:
    """What developing needs: models, the user's own pictures, the layer store, limits."""

    matter: Matter
    rater: Rater
    store: Store | None
    limits: Limits
    pictures: Mapping[str, Photo] = field(default_factory=dict)
    seed: int = 0
    renderer: SetRenderer | None = None
    upscaler: Upscaler | None = None
    upscale: bool = False  # enlarge all small products, not only those that a channel would reject
    long_work: LongWork = without_notice


@dataclass(frozen=True, slots=True, eq=False)
class Developed:
    """All results of one photo in one template."""

    cutout: Cutout
    findings: tuple[Finding, ...]
    renditions: tuple[Rendition, ...]
    changes: tuple[str, ...]
    steps: tuple[StepRecord, ...]
    shown: U8  # the first composition, for the contact sheet


def develop(
    photo: Photo, *, template: Template, channels: Sequence[Channel], context: PipelineContext, preview: bool = False
) -> Developed:
    """Cut a photo out once, compose it once per geometry, write one file per channel and check every file."""
    timer = StepTimer()
    segment = segment_for(photo, template)
    cutout = cut_out(photo, matter=context.matter, store=context.store, timer=timer, step=segment)
    step_context = StepContext(context.pictures, context.seed, context.renderer)
    with timer.step(Analyse()):
        findings = cutout.findings + Analyse().run(cutout, product_px={c.name: c.rules.product_px for c in channels})
    renditions: list[Rendition] = []
    changes: tuple[str, ...] = ()
    shown: U8 | None = None
    groups = geometries(template, channels, preview=preview)
    step = upscale_for(cutout, groups, chosen=context.upscale)
    if step is not None and context.upscaler is not None:
        key = enlarged_key(cutout_key(photo, segment, context.matter), step, context.upscaler)
        cutout = enlarge(cutout, step, key=key, upscaler=context.upscaler, store=context.store, timer=timer,
                         long_work=context.long_work)  # fmt: skip
    elif step is not None:
        findings += (NO_UPSCALER,)
    for geometry, members in groups.items():
        composition = compose(cutout, geometry, context=step_context, timer=timer)
        changes, findings = changes + composition.changes, findings + composition.findings
        views = Views(composition, context.rater)
        renditions += [
            make_rendition(views, channel, limits=context.limits, timer=timer, preview=preview) for channel in members
        ]
        shown = views.picture.pixels if shown is None else shown
    order = {c.id: i for i, c in enumerate(channels)}
    return Developed(
        cutout=cutout,
        findings=gravest_of_each(findings),
        renditions=tuple(sorted(renditions, key=lambda r: order[r.channel.id])),
        changes=tuple(dict.fromkeys(changes)),
        steps=tuple(timer.records),
        shown=shown if shown is not None else photo.pixels,
    )


def gravest_of_each(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding per check: geometries of one photo give the same finding with other values; the largest is enough."""
    gravest: dict[str, Finding] = {}
    for finding in findings:
        other = gravest.get(finding.check)
        if other is None or (finding.value or 0) > (other.value or 0):
            gravest[finding.check] = finding
    return tuple(gravest.values())


def cutout_key(photo: Photo, step: Segment, matter: Matter) -> str:
    """The key of the photo's cut-out in the store."""
    parts = [step.version, photo.sha256, photo.size, matter.card.sha256, matter.engine.words, matter.second.words]
    return "cutouts/" + digest([*parts, *(name for name in ("refined", "on_white") if getattr(step, name))])


def segment_for(photo: Photo, template: Template | None, *, refined: bool = False) -> Segment:
    """A photo on clean white that is put on white again needs no model; before any other backdrop it does."""
    again = template is not None and template.puts_on_white and photo.alpha is None
    on_white = again and matte_on_white(photo.pixels) is not None
    return Segment(refined=refined and not on_white, on_white=on_white)


def cut_out(
    photo: Photo, *, matter: Matter, store: Store | None, timer: StepTimer, step: Segment = UNREFINED
) -> Cutout:
    """The photo's cut-out, from the store if it is there, else from the model."""
    key = cutout_key(photo, step, matter)
    content = store.get(key) if store else None
    stored = unpack(content, photo) if content is not None else None
    with timer.step(step, cached=stored is not None):
        if stored is not None:
            return stored
        cutout = step.run(photo, matter)
    if store:
        store.put(key, pack(cutout))
    return cutout


def enlarged_key(cutout: str, step: Upscale, upscaler: Upscaler) -> str:
    """The key of an enlargement in the store.  cutout: the cut-out's key."""
    mark = digest([step.version, step.factor, upscaler.card.sha256, upscaler.engine.words])
    return f"upscaled/{cutout.rpartition('/')[2]}-{mark}"


def enlarge(
    cutout: Cutout,
    step: Upscale,
    *,
    key: str,
    upscaler: Upscaler,
    store: Store | None,
    timer: StepTimer,
    long_work: LongWork = without_notice,
) -> Cutout:
    """The cut-out with its enlargement, from the store if it is there, else from the model."""
    content = store.get(key) if store else None
    stored = unpack_enlarged(content) if content is not None else None
    with timer.step(step, cached=stored is not None):
        if stored is not None:
            return replace(cutout, enlarged=stored)
        result = step.run(cutout, upscaler, long_work)
    if store and result.enlarged is not None:
        store.put(key, pack_enlarged(result.enlarged))
    return result


def item_key(
    photo_sha256: str,
    *,
    template: Template,
    channels: Sequence[Channel],
    names: Sequence[str],
    card: ModelCard,
    engine: str,
    pictures: Mapping[str, str],
    preview: bool,
    seed: int,
    upscale: str = "",
) -> str:
    """Hash of everything that an item's files depend on: the same key means the same files."""
    steps = [[type(step).version, step.model_dump(mode="json")] for step in template.steps]
    channel_fields = []
    for channel in channels:
        fields = channel.model_dump(mode="json", exclude={"words", "sources"})
        fields["rules"]["hard"] = sorted(fields["rules"]["hard"])
        channel_fields.append(fields)
    versions = [__version__, PIL.__version__, Segment.version, Analyse.version, Upscale.version, Encode.version]
    chosen = sorted(template.chosen)
    return digest(
        [
            photo_sha256,
            steps,
            chosen,
            channel_fields,
            [*names],
            card.sha256,
            engine,
            {**pictures},
            preview,
            seed,
            versions,
            upscale,
        ]
    )


def digest(parts: Any) -> str:
    """A short stable hash of plain values."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
