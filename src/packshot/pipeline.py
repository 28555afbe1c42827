"""How one photo becomes its renditions.  Both front doors, the command line and the workers, run these functions."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import PIL

from packshot import __version__
from packshot.channel import Channel
from packshot.check import Look, Reference, Subject
from packshot.checks import CHECKS
from packshot.colour import U8, hex_to_linear
from packshot.disclosure import declared, packet, source_type
from packshot.finding import Finding, Verdict
from packshot.image import Metadata, Photo, read, without_gps
from packshot.model import Engine, Matter, ModelCard, Rater
from packshot.ops import composite
from packshot.ops.layout import Placement
from packshot.ops.matte import facts_of
from packshot.ops.resample import lanczos
from packshot.report import StepRecord
from packshot.rules import HOLDS_ALPHA
from packshot.settings import Limits
from packshot.step import ComposeStep, Composition, Cutout, Step, Tools, premultiplied
from packshot.steps import Analyse, Color, Layout, Segment
from packshot.steps.encode import Encode, Encoded
from packshot.steps.layout import SHARP_ENLARGEMENT, enlarged
from packshot.store import Store, pack, unpack
from packshot.template import Template

PREVIEW_SIDE = 512
# Rules about a finished file's size say nothing of a preview.
_NOT_IN_PREVIEW = frozenset({"side", "bytes", "resolution"})


@dataclass(frozen=True, slots=True)
class Bench:
    """What the steps are handed: models, the user's own pictures, the layer store, limits."""

    matter: Matter
    rater: Rater
    store: Store | None
    limits: Limits
    pictures: Mapping[str, Photo] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Rendition:
    """One finished file and what the checks say of it."""

    channel: Channel
    content: bytes
    size: tuple[int, int]
    quality: int | None
    disclosure: str
    findings: tuple[Finding, ...]

    @property
    def rejected(self) -> bool:
        return any(f.verdict is Verdict.FAIL for f in self.findings)


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
    photo: Photo, *, template: Template, channels: Sequence[Channel], bench: Bench, preview: bool = False
) -> Developed:
    """The whole way of one photo: cut out once, compose once per geometry, one file per channel, every file checked."""
    watch = Stopwatch()
    cutout = cut_out(photo, bench=bench, watch=watch)
    with watch.step(Analyse(kind="analyse")):
        findings = cutout.findings + Analyse().run(cutout, product_px={c.name: c.rules.product_px for c in channels})
    made: list[Rendition] = []
    changes: tuple[str, ...] = ()
    shown: U8 | None = None
    for geometry, members in geometries(template, channels, preview=preview).items():
        composition = compose(cutout, geometry, bench=bench, watch=watch)
        changes, findings = changes + composition.changes, findings + composition.findings
        views = Views(composition, bench.rater)
        made += [finish(views, channel, bench=bench, watch=watch, preview=preview) for channel in members]
        shown = views.look.pixels if shown is None else shown
    order = {c.id: i for i, c in enumerate(channels)}
    return Developed(
        cutout=cutout,
        findings=_gravest_of_each(findings),
        renditions=tuple(sorted(made, key=lambda r: order[r.channel.id])),
        changes=tuple(dict.fromkeys(changes)),
        steps=tuple(watch.records),
        shown=shown if shown is not None else photo.pixels,
    )


def _gravest_of_each(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Geometries of one photo say the same thing with other figures: the largest figure is enough."""
    kept: dict[str, Finding] = {}
    for finding in findings:
        known = kept.get(finding.check)
        if known is None or (finding.value or 0) > (known.value or 0):
            kept[finding.check] = finding
    return tuple(kept.values())


def cut_out(photo: Photo, *, bench: Bench, watch: Stopwatch) -> Cutout:
    """The photo's cut-out: from the store where this photo was cut out before, else from the model."""
    step = Segment()
    key = "cutouts/" + digest(
        [step.version, photo.sha256, photo.size, bench.matter.card.sha256, _named(bench.matter.engine)]
    )
    kept = bench.store.get(key) if bench.store else None
    known = unpack(kept, photo) if kept is not None else None
    with watch.step(step, cached=known is not None):
        if known is not None:
            return known
        cutout = step.run(photo, bench.matter)
    if bench.store:
        bench.store.put(key, pack(cutout))
    return cutout


@dataclass(frozen=True)
class Geometry:
    """One composition that several channels may share: its size and its steps as the channels want them."""

    canvas: tuple[int, int]
    steps: tuple[ComposeStep, ...]


def geometries(template: Template, channels: Sequence[Channel], *, preview: bool) -> dict[Geometry, list[Channel]]:
    """Channels grouped by the composition they can share."""
    groups: dict[Geometry, list[Channel]] = {}
    for channel in channels:
        scale = min(1.0, PREVIEW_SIDE / max(channel.size)) if preview else 1.0
        canvas = max(1, round(channel.size[0] * scale)), max(1, round(channel.size[1] * scale))
        geometry = Geometry(canvas, tuple(_suited(step, channel, template.chosen) for step in template.steps))
        groups.setdefault(geometry, []).append(channel)
    return groups


def _suited(step: ComposeStep, channel: Channel, chosen: frozenset[str]) -> ComposeStep:
    """A step as a channel wants it, save for what the user set by hand."""
    if isinstance(step, Layout):
        low, high = channel.rules.fill
        room = 1 - 2 * (channel.margin or 0)
        changes: dict[str, Any] = {}
        if "layout.fill" not in chosen and not low <= step.fill <= high:
            changes["fill"] = round(min(max(step.fill, low + 0.015), high - 0.015), 4)
        if "layout.margin" not in chosen and channel.margin is not None:
            changes["margin"] = channel.margin
            changes["fill"] = min(changes.get("fill", step.fill), room)
        return step.model_copy(update=changes)
    if isinstance(step, Color) and channel.color and "color.color" not in chosen:
        return step.model_copy(update={"color": channel.color})
    return step


def compose(cutout: Cutout, geometry: Geometry, *, bench: Bench, watch: Stopwatch) -> Composition:
    """Run a template's steps, one after the other."""
    composition = Composition(cutout, geometry.canvas)
    for step in geometry.steps:
        with watch.step(step):
            composition = step.run(composition, Tools(bench.pictures, bench.seed))
    return composition


class Views:
    """What the files of one composition share, each made when first asked for: its pixels, over its backdrop and
    alone, how it looks, its safety score."""

    def __init__(self, composition: Composition, rater: Rater) -> None:
        self.composition = composition
        self._rater = rater

    @cached_property
    def flat(self) -> U8:
        """(H, W, 3), or (H, W, 4) where the template has no backdrop."""
        return self.composition.flatten()

    @cached_property
    def alone(self) -> U8:
        """(H, W, 4): without the backdrop."""
        return replace(self.composition, plate=None, ratio=None).flatten()

    def laid_on(self, colour: str) -> U8:
        """(H, W, 3): a composition without a backdrop on one colour."""
        plate = composite.solid(hex_to_linear(colour), self.composition.canvas)
        return replace(self.composition, plate=plate).flatten()

    @cached_property
    def look(self) -> Look:
        """The edges, and the product's pixels, are the same with and without the backdrop: one look for all files."""
        flat = self.flat
        shown = flat if flat.shape[2] == 3 else _over_white(np.ascontiguousarray(flat[..., :3]), flat[..., 3])
        return Look(shown, self.composition.canvas_matte(), Reference(self.composition))

    @cached_property
    def unsafe(self) -> float:
        return self._rater.rate(self.look.pixels)


def finish(views: Views, channel: Channel, *, bench: Bench, watch: Stopwatch, preview: bool = False) -> Rendition:
    """Encode one channel's file and judge it, from its own bytes."""
    composition = views.composition
    pixels = views.alone if channel.transparent else views.flat
    extra: tuple[Finding, ...] = ()
    if pixels.shape[2] == 4 and channel.format not in HOLDS_ALPHA:
        backdrop = channel.color or "#ffffff"
        pixels, extra = views.laid_on(backdrop), (_flattened(channel, backdrop),)
    photo = composition.cutout.photo
    term = source_type("drawn" if channel.transparent else composition.plate_origin, photo.xmp)
    metadata = Metadata(
        exif=photo.exif if channel.keep_gps else without_gps(photo.exif),
        xmp=packet(term, photo_xmp=photo.xmp, tool=f"Packshot {__version__}"),
    )
    step = encoder(channel)
    with watch.step(step, channel=channel.id):
        encoded = step.run(pixels, metadata)
    with watch.named("check", "export", channel=channel.id):
        findings = judge(encoded, channel, views=views, limits=bench.limits)
    if preview:
        findings = tuple(f for f in findings if f.check not in _NOT_IN_PREVIEW)
    return Rendition(channel, encoded.content, composition.canvas, encoded.quality, term, findings + extra)


def encoder(channel: Channel) -> Encode:
    """The encode step a channel asks for."""
    return Encode(
        format=channel.format,
        quality=channel.quality,
        least_quality=channel.least_quality,
        max_bytes=channel.rules.max_bytes,
    )


def deliverable(photo: Photo, channel: Channel) -> tuple[bytes, tuple[Finding, ...]]:
    """A finished picture as a channel's file: fitted whole into its frame, never enlarged past its own pixels' worth.

    The rest of the frame is the channel's colour, or stays transparent where the picture and the format are.
    """
    width, height = channel.size
    scale = min(width / photo.size[0], height / photo.size[1])
    size = max(1, round(photo.size[0] * scale)), max(1, round(photo.size[1] * scale))
    alpha = photo.alpha if photo.alpha is not None else np.full(photo.pixels.shape[:2], 255, np.uint8)
    colour, coverage = premultiplied(photo.pixels, alpha)
    matte = np.round(np.clip(lanczos(coverage, size), 0, 1) * 255) * np.float32(1 / 255)
    product = np.clip(lanczos(colour, size), 0, matte[..., None])
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    region = (left, top, left + size[0], top + size[1])
    keeps_alpha = photo.alpha is not None and channel.format in HOLDS_ALPHA
    plate = None if keeps_alpha else composite.solid(hex_to_linear(channel.color or "#ffffff"), channel.size)
    cutout = Cutout(photo, alpha, np.empty((0, 3), np.uint8), facts_of(alpha), "a finished picture")
    whole = (0.0, 0.0, float(photo.size[0]), float(photo.size[1]))
    placement = Placement(scale, (left, top), region, whole)
    laid = Composition(cutout, channel.size, placement, product, matte.astype(np.float32), plate)
    metadata = Metadata(
        exif=photo.exif if channel.keep_gps else without_gps(photo.exif),
        xmp=packet(
            declared(photo.xmp) or "algorithmicallyEnhanced", photo_xmp=photo.xmp, tool=f"Packshot {__version__}"
        ),
    )
    encoded = encoder(channel).run(laid.flatten(), metadata)
    findings = encoded.findings
    if scale > SHARP_ENLARGEMENT:
        findings += (enlarged(scale, "The picture"),)
    return encoded.content, findings


def judge(encoded: Encoded, channel: Channel, *, views: Views, limits: Limits) -> tuple[Finding, ...]:
    """All checks on a file of ours."""
    finished = read(encoded.content, channel.id, limits=limits)
    subject = Subject(
        name=channel.id,
        format=channel.format,
        bytes=len(encoded.content),
        pixels=_over_white(finished.pixels, finished.alpha),
        alpha=finished.alpha,
        look=views.look,
        source_type=declared(finished.xmp),
        unsafe=views.unsafe,
    )
    return encoded.findings + tuple(f for check in CHECKS if (f := check(subject, channel.rules)) is not None)


def judge_stranger(content: bytes, name: str, channel: Channel, *, bench: Bench) -> tuple[Finding, ...]:
    """All checks on a file that somebody else made: its product is found anew.  Raises BadInput as `read` does."""
    photo = read(content, name, limits=bench.limits)
    cutout = Segment().run(photo, bench.matter)
    pixels = _over_white(photo.pixels, photo.alpha)
    subject = Subject(
        name=name,
        format=photo.format.lower(),
        bytes=len(content),
        pixels=pixels,
        alpha=photo.alpha,
        look=Look(pixels, cutout.matte),
        source_type=declared(photo.xmp),
        unsafe=bench.rater.rate(pixels),
    )
    about_matte = tuple(f for f in cutout.findings if f.check in ("none", "uncertain"))
    return about_matte + tuple(f for check in CHECKS if (f := check(subject, channel.rules)) is not None)


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
) -> str:
    """Hash of everything an item's files depend on: the same key, the same files, nothing to do."""
    steps = [[type(step).version, step.model_dump(mode="json")] for step in template.steps]
    wanted = []
    for channel in channels:
        fields = channel.model_dump(mode="json", exclude={"words", "sources"})
        fields["rules"]["hard"] = sorted(fields["rules"]["hard"])
        wanted.append(fields)
    versions = [__version__, PIL.__version__, Segment.version, Analyse.version, Encode.version]
    chosen = sorted(template.chosen)
    return digest(
        [photo_sha256, steps, chosen, wanted, [*names], card.sha256, engine, {**pictures}, preview, seed, versions]
    )


def digest(parts: Any) -> str:
    """A short stable hash of plain values."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _named(engine: Engine) -> str:
    return f"{engine.name} {engine.version} {engine.precision}"


class Stopwatch:
    """Keeps a record of each step that ran."""

    def __init__(self) -> None:
        self.records: list[StepRecord] = []

    @contextmanager
    def step(self, step: Step, *, cached: bool = False, channel: str = "") -> Iterator[None]:
        """Time a step with its version and parameters."""
        parameters = step.model_dump(mode="json", exclude={"kind"}) | ({"channel": channel} if channel else {})
        start = time.perf_counter()
        yield
        took = round(time.perf_counter() - start, 4)
        self.records.append(
            StepRecord(kind=step.kind, stage=step.stage, version=step.version, parameters=parameters, seconds=took,
                       cached=cached)
        )  # fmt: skip

    @contextmanager
    def named(self, kind: str, stage: str, **parameters: Any) -> Iterator[None]:
        """Time something that is not a step of a template."""
        start = time.perf_counter()
        yield
        took = round(time.perf_counter() - start, 4)
        self.records.append(StepRecord(kind=kind, stage=stage, version=1, parameters=parameters, seconds=took))


def _over_white(pixels: U8, alpha: U8 | None) -> U8:
    """What a viewer shows: transparent parts over white, mixed as encoded values, as browsers do."""
    if alpha is None:
        return pixels
    cover = cv2.merge([alpha, alpha, alpha])
    return np.asarray(cv2.add(cv2.multiply(pixels, cover, scale=1 / 255), cv2.bitwise_not(cover)), np.uint8)


def _flattened(channel: Channel, backdrop: str) -> Finding:
    return Finding(
        check="backdrop",
        verdict=Verdict.OK,
        words=f"{channel.format.upper()} files cannot be transparent, so the product was laid on {backdrop}.",
    )
