"""How one photo becomes its renditions.  Both front doors, the command line and the workers, run these functions."""

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
from packshot.rendering.scene import SetRenderer
from packshot.rendition import Rendition, Views, finish
from packshot.report import StepRecord
from packshot.settings import Limits
from packshot.step import Cutout, StepContext
from packshot.step_timer import StepTimer
from packshot.steps import Analyse, Segment, Upscale
from packshot.steps.encode import Encode
from packshot.steps.upscale import NO_UPSCALER, upscale_for
from packshot.store import Store, pack, pack_enlarged, unpack, unpack_enlarged
from packshot.template import Template

PLAINLY = Segment()


@dataclass(frozen=True, slots=True)
class PipelineContext:
    """What the steps are handed: models, the user's own pictures, the layer store, limits."""

    matter: Matter
    rater: Rater
    store: Store | None
    limits: Limits
    pictures: Mapping[str, Photo] = field(default_factory=dict)
    seed: int = 0
    renderer: SetRenderer | None = None
    upscaler: Upscaler | None = None
    upscale: bool = False  # enlarge whatever is small, not only what a channel would reject
    long_work: LongWork = without_notice


@dataclass(frozen=True, slots=True, eq=False)
class Developed:
    """All that came of one photo in one template."""

    cutout: Cutout
    findings: tuple[Finding, ...]
    renditions: tuple[Rendition, ...]
    changes: tuple[str, ...]
    steps: tuple[StepRecord, ...]
    shown: U8  # the first composition, for the contact sheet


def develop(
    photo: Photo, *, template: Template, channels: Sequence[Channel], context: PipelineContext, preview: bool = False
) -> Developed:
    """The whole way of one photo: cut out once, compose once per geometry, one file per channel, every file checked."""
    watch = StepTimer()
    cutout = cut_out(photo, matter=context.matter, store=context.store, watch=watch)
    step_context = StepContext(context.pictures, context.seed, context.renderer)
    with watch.step(Analyse()):
        findings = cutout.findings + Analyse().run(cutout, product_px={c.name: c.rules.product_px for c in channels})
    made: list[Rendition] = []
    changes: tuple[str, ...] = ()
    shown: U8 | None = None
    groups = geometries(template, channels, preview=preview)
    step = upscale_for(cutout, groups, chosen=context.upscale)
    if step is not None and context.upscaler is not None:
        key = enlarged_key(cutout_key(photo, PLAINLY, context.matter), step, context.upscaler)
        cutout = enlarge(cutout, step, key=key, upscaler=context.upscaler, store=context.store, watch=watch,
                         long_work=context.long_work)  # fmt: skip
    elif step is not None:
        findings += (NO_UPSCALER,)
    for geometry, members in groups.items():
        composition = compose(cutout, geometry, context=step_context, watch=watch)
        changes, findings = changes + composition.changes, findings + composition.findings
        views = Views(composition, context.rater)
        made += [finish(views, channel, limits=context.limits, watch=watch, preview=preview) for channel in members]
        shown = views.look.pixels if shown is None else shown
    order = {c.id: i for i, c in enumerate(channels)}
    return Developed(
        cutout=cutout,
        findings=gravest_of_each(findings),
        renditions=tuple(sorted(made, key=lambda r: order[r.channel.id])),
        changes=tuple(dict.fromkeys(changes)),
        steps=tuple(watch.records),
        shown=shown if shown is not None else photo.pixels,
    )


def gravest_of_each(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Geometries of one photo say the same thing with other figures: the largest figure is enough."""
    kept: dict[str, Finding] = {}
    for finding in findings:
        known = kept.get(finding.check)
        if known is None or (finding.value or 0) > (known.value or 0):
            kept[finding.check] = finding
    return tuple(kept.values())


def cutout_key(photo: Photo, step: Segment, matter: Matter) -> str:
    """Where the photo's cut-out lies once it was made."""
    parts = [step.version, photo.sha256, photo.size, matter.card.sha256, matter.engine.words]
    return "cutouts/" + digest([*parts, "refined"] if step.refined else parts)


def cut_out(photo: Photo, *, matter: Matter, store: Store | None, watch: StepTimer, step: Segment = PLAINLY) -> Cutout:
    """The photo's cut-out: from the store where this photo was cut out before, else from the model."""
    key = cutout_key(photo, step, matter)
    kept = store.get(key) if store else None
    known = unpack(kept, photo) if kept is not None else None
    with watch.step(step, cached=known is not None):
        if known is not None:
            return known
        cutout = step.run(photo, matter)
    if store:
        store.put(key, pack(cutout))
    return cutout


def enlarged_key(cutout: str, step: Upscale, upscaler: Upscaler) -> str:
    """Where the enlargement of the cut-out under that key lies once it was made."""
    mark = digest([step.version, step.factor, upscaler.card.sha256, upscaler.engine.words])
    return f"upscaled/{cutout.rpartition('/')[2]}-{mark}"


def enlarge(
    cutout: Cutout,
    step: Upscale,
    *,
    key: str,
    upscaler: Upscaler,
    store: Store | None,
    watch: StepTimer,
    long_work: LongWork = without_notice,
) -> Cutout:
    """The cut-out with its enlargement: from the store where it was made before, else from the model."""
    kept = store.get(key) if store else None
    known = unpack_enlarged(kept) if kept is not None else None
    with watch.step(step, cached=known is not None):
        if known is not None:
            return replace(cutout, enlarged=known)
        made = step.run(cutout, upscaler, long_work)
    if store and made.enlarged is not None:
        store.put(key, pack_enlarged(made.enlarged))
    return made


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
    """Hash of everything an item's files depend on: the same key, the same files, nothing to do."""
    steps = [[type(step).version, step.model_dump(mode="json")] for step in template.steps]
    wanted = []
    for channel in channels:
        fields = channel.model_dump(mode="json", exclude={"words", "sources"})
        fields["rules"]["hard"] = sorted(fields["rules"]["hard"])
        wanted.append(fields)
    versions = [__version__, PIL.__version__, Segment.version, Analyse.version, Upscale.version, Encode.version]
    chosen = sorted(template.chosen)
    return digest(
        [
            photo_sha256,
            steps,
            chosen,
            wanted,
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
