"""What a worker's pixel process does, a stage at a time: the same functions as `pipeline.develop`, so the same files.

Arguments and answers are plain values that cross a process border; pixels stay here, or wait in the handover for the
next stage. Every function may run twice with the same arguments and leaves the same behind.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import structlog
from PIL import Image

from packshot import __version__
from packshot.channel import Channel
from packshot.colour import U8
from packshot.errors import BadInput, NoSuchModel, NotFound
from packshot.finding import Finding
from packshot.finish import Views, finish
from packshot.handover import (
    Handover,
    get_composition,
    get_cutout,
    get_photo,
    memory_folder,
    put_composition,
    put_cutout,
    put_photo,
)
from packshot.image import Metadata, Photo, encode, read, thumbnail
from packshot.model import OVERLAP_PX, Hints, Matter, Prompter, Rater, Upscaler
from packshot.models.here import matter_here, rater_here, threads, upscaler_here
from packshot.models.hinted import Hinted
from packshot.models.lease import Lease
from packshot.models.pace import tile_seconds
from packshot.ops import matte as ops
from packshot.ops.measure import fingerprint
from packshot.pipeline import (
    NO_UPSCALER,
    Geometry,
    compose,
    cut_out,
    cutout_key,
    digest,
    enlarge,
    enlarged_key,
    enlargement,
    geometries,
)
from packshot.renderers.here import stage_here
from packshot.settings import Settings
from packshot.step import PREVIEW_SIDE, Composition, Cutout, RenderStage, Tools
from packshot.steps import Analyse, Layout, Segment, Upscale
from packshot.steps.analyse import photo_flags
from packshot.steps.segment import BY_HAND, corrected
from packshot.steps.upscale import MOST_SIDE, factor_for
from packshot.stopwatch import Stopwatch
from packshot.store import Store, pack, unpack, unpack_enlarged
from packshot.template import Template

log = structlog.get_logger(__name__)

THUMBNAIL_SIDE = 420
Answer = dict[str, Any]


class Desk:
    """What the functions work with, loaded when first needed: a process that only composes never loads a model."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.store)
        mark = hashlib.sha256(settings.store.encode()).hexdigest()[:12]
        self.handover = Handover(memory_folder(mark), most_bytes=settings.handover_bytes)
        self._lease = Lease(memory_folder("cpu.lock"))
        self._models = threading.Lock()
        self._turns: dict[str, tuple[threading.Lock, int]] = {}
        self._turns_lock = threading.Lock()

    @cached_property
    def _matter(self) -> Matter:
        matter = matter_here(self.settings, lease=self._lease)
        if matter.engine.note:
            log.warning("engine.fallback", engine=matter.engine.words, words=matter.engine.note)
        return matter

    @cached_property
    def _rater(self) -> Rater:
        return rater_here(self.settings, lease=self._lease)

    @property
    def matter(self) -> Matter:
        with self._models:
            return self._matter

    @property
    def rater(self) -> Rater:
        with self._models:
            return self._rater

    @cached_property
    def prompter(self) -> Prompter:
        return Hinted(self.matter)

    @cached_property
    def _upscaler(self) -> Upscaler | None:
        return upscaler_here(self.settings, lease=self._lease)

    @property
    def upscaler(self) -> Upscaler | None:
        with self._models:
            return self._upscaler

    @cached_property
    def stage(self) -> RenderStage:
        return stage_here(self.settings, lease=self._lease)

    def photo(self, key: str, name: str, *, max_pixels: int | None = None) -> Photo:
        """An original, decoded once a machine while it is in work.  Raises NotFound, BadInput."""
        mark = digest(["photo", key, max_pixels])
        with self.turn(mark):
            known = get_photo(self.handover, mark)
            if known is not None:
                return replace(known, name=name)
            photo = read(self.bytes(key), name, limits=self.settings.limits)
            if max_pixels:
                photo = _shrunk(photo, max_pixels)
            put_photo(self.handover, mark, photo)
        return photo

    def cutout(self, key: str, photo: Photo) -> Cutout:
        """A kept cut-out.  Raises NotFound where its layer is gone or damaged."""
        mark = digest(["cutout", key])
        known = get_cutout(self.handover, mark, photo)
        if known is not None:
            return known
        kept = unpack(self.bytes(key), photo)
        if kept is None:
            raise NotFound("the kept cut-out is damaged.", subject=photo.name, remedy="Cut the photo out again.")
        put_cutout(self.handover, mark, kept)
        return kept

    def enlarged(self, key: str, cutout: Cutout) -> Cutout:
        """A cut-out with its kept enlargement, if `key` names one.  Raises NotFound where it is gone or damaged."""
        if not key:
            return cutout
        kept = unpack_enlarged(self.bytes(key))
        if kept is None:
            raise NotFound("the kept enlargement is damaged.", subject=cutout.photo.name, remedy="Make it again.")
        return replace(cutout, enlarged=kept)

    def bytes(self, key: str) -> bytes:
        content = self.store.get(key)
        if content is None:
            raise NotFound("the file is no longer in the store.", subject=key)
        return content

    def pictures(self, wanted: dict[str, str]) -> dict[str, Photo]:
        return {name: self.photo(key, name) for name, key in wanted.items()}

    @contextmanager
    def turn(self, mark: str) -> Iterator[None]:
        """One thread at a time on the same thing: two that want the same photo decode it once."""
        with self._turns_lock:
            lock, count = self._turns.get(mark, (threading.Lock(), 0))
            self._turns[mark] = lock, count + 1
        try:
            with lock:
                yield
        finally:
            with self._turns_lock:
                lock, count = self._turns.pop(mark)
                if count > 1:
                    self._turns[mark] = lock, count - 1


def _shrunk(photo: Photo, max_pixels: int) -> Photo:
    width, height = photo.size
    scale = (max_pixels / (width * height)) ** 0.5
    if scale >= 1:
        return photo
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.asarray(cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    alpha = photo.alpha
    if alpha is not None:
        alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
    note = f"This photo was too large for the memory here; it was worked on at {max_pixels / 1e6:.0f} megapixels."
    return replace(photo, pixels=pixels, alpha=alpha, notes=(*photo.notes, note))


# --- upload ---


def analyse(desk: Desk, *, name: str, workspace: str, path: str = "", key: str = "") -> Answer:
    """Decode an upload, say what is wrong with it, keep the original and a thumbnail.  Raises BadInput."""
    content = desk.bytes(key) if key else Path(path).read_bytes()
    photo = read(content, name, limits=desk.settings.limits)
    kept = f"originals/{workspace}/{photo.sha256}"
    thumb = f"thumbs/{photo.sha256}.jpg"
    desk.store.put_new(kept, content)
    desk.store.put_new(thumb, thumbnail(photo.pixels, side=THUMBNAIL_SIDE))
    return {
        "sha256": photo.sha256,
        "format": photo.format,
        "width": photo.size[0],
        "height": photo.size[1],
        "bytes": photo.file_bytes,
        "profile": photo.profile,
        "fingerprint": f"{fingerprint(photo.pixels):016x}",
        "findings": _told(photo_flags(photo)),
        "key": kept,
        "thumb_key": thumb,
    }


# --- the stages ---


def segment(
    desk: Desk,
    *,
    photo: str,
    name: str,
    product_px: dict[str, int],
    cutout: str = "",
    by_hand: bool = False,
    refined: bool = False,
    template: Answer | None = None,
    channels: Sequence[Answer] = (),
    upscaled: bool = False,
    max_pixels: int | None = None,
) -> Answer:
    """Cut a photo out, or take the cut-out that is there, and say what is wrong with both.

    template, channels: what it is made for, to know whether the product has to be enlarged.  upscaled: that is chosen.
    """
    watch = Stopwatch()
    opened = desk.photo(photo, name, max_pixels=max_pixels)
    made = None
    if cutout:
        try:
            key, made = cutout, desk.cutout(cutout, opened)
        except NotFound:
            if by_hand:  # a model's can be made again, a person's cannot
                raise
    if made is None:
        step = Segment(refined=refined)
        key = cutout_key(opened, step, desk.matter)
        with desk.turn(key):
            made = cut_out(opened, matter=desk.matter, store=desk.store, watch=watch, step=step)
        put_cutout(desk.handover, digest(["cutout", key]), made)
    with watch.step(Analyse()):
        findings = made.findings + Analyse().run(made, product_px=product_px)
    return {
        "cutout": key,
        "sha256": key.rpartition("/")[2],
        "source": made.source,
        "uncertainty": round(made.facts.uncertainty, 4),
        "findings": _told(findings),
        "matte_findings": _told(made.findings),
        "enlarge": template is not None and _enlargement(desk, made, template, channels, upscaled) is not None,
        "steps": [record.model_dump(mode="json") for record in watch.records],
    }


def upscale(
    desk: Desk,
    *,
    photo: str,
    name: str,
    cutout: str,
    template: Answer,
    channels: Sequence[Answer],
    upscaled: bool = False,
    max_pixels: int | None = None,
) -> Answer:
    """Enlarge the product where that is called for, and keep it: once for all items of the photo."""
    watch = Stopwatch()
    made = desk.cutout(cutout, desk.photo(photo, name, max_pixels=max_pixels))
    step = _enlargement(desk, made, template, channels, upscaled)
    if step is None:
        return {"findings": [], "steps": []}
    if desk.upscaler is None:
        return {"findings": _told([NO_UPSCALER]), "steps": []}
    key = enlarged_key(cutout, step, desk.upscaler)
    with desk.turn(key):
        enlarge(made, step, key=key, upscaler=desk.upscaler, store=desk.store, watch=watch)
    return {"findings": [], "steps": [r.model_dump(mode="json") | {"layer": key} for r in watch.records]}


def upscale_picture(desk: Desk, *, photo: str, name: str, cutout: str, factor: int) -> Answer:
    """The product alone, enlarged, on a transparent backdrop.

    Raises NoSuchModel where the model is not installed, BadInput where the product is large already.
    """
    if desk.upscaler is None:
        raise NoSuchModel("no model that enlarges pictures is installed.", remedy="Upload a larger photo.")
    made = desk.cutout(cutout, desk.photo(photo, name))
    step = Upscale.model_validate({"factor": factor})
    most = factor_for(made)
    if most is None or most < factor:
        raise BadInput(
            f"this product is too large to be enlarged {factor} times.", subject=name,
            remedy=f"It may be {MOST_SIDE // factor} pixels long at most.",
        )  # fmt: skip
    key = enlarged_key(cutout, step, desk.upscaler)
    with desk.turn(key):
        drawn = enlarge(made, step, key=key, upscaler=desk.upscaler, store=desk.store, watch=Stopwatch()).enlarged
    assert drawn is not None
    pixels = np.dstack([drawn.pixels, drawn.matte])
    pixels[drawn.matte == 0] = 0
    content = encode(pixels, format="png", metadata=Metadata())
    size = [pixels.shape[1], pixels.shape[0]]
    return {"key": _keep(desk, "renditions", content, ""), "format": "png", "size": size, "factor": factor,
            "findings": _told(made.findings + drawn.findings)}  # fmt: skip


def upscale_pace(desk: Desk) -> Answer:
    """How long a tile takes here; nothing where the model is not installed."""
    upscaler = upscaler_here(desk.settings, lease=desk._lease)  # not kept: whoever asks does not go on to enlarge
    if upscaler is None:
        return {}
    seconds = tile_seconds(upscaler, folder=desk.settings.cache_dir, threads=threads(desk.settings))
    return {"side": upscaler.side, "overlap": OVERLAP_PX, "seconds": seconds}


def generate(
    desk: Desk,
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
    watch = Stopwatch()
    opened = desk.photo(photo, name, max_pixels=max_pixels)
    made = desk.enlarged(enlarged, desk.cutout(cutout, opened))
    findings: list[Finding] = []
    changes: list[str] = []
    look, wanted = Template.model_validate(template), [Channel.model_validate(c) for c in channels]
    for geometry in geometries(look, wanted, preview=desk.settings.fake_models):
        composition = _composed(desk, made, enlarged or cutout, geometry, pictures, seed, watch)
        findings += composition.findings
        changes += composition.changes
    return {
        "findings": _told(findings),
        "changes": list(dict.fromkeys(changes)),
        "steps": [record.model_dump(mode="json") for record in watch.records],
    }


def export(
    desk: Desk,
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
    watch = Stopwatch()
    opened = desk.photo(photo, name, max_pixels=max_pixels)
    made = desk.enlarged(enlarged, desk.cutout(cutout, opened))
    look, wanted = Template.model_validate(template), [Channel.model_validate(c) for c in channels]
    files: dict[str, Answer] = {}
    after = ""
    for geometry, members in geometries(look, wanted, preview=desk.settings.fake_models).items():
        mark = _mark(enlarged or cutout, geometry, pictures, seed)
        composition = get_composition(desk.handover, mark, _plate_mark(geometry, pictures, seed), made)
        if composition is None:
            composition = _composed(desk, made, enlarged or cutout, geometry, pictures, seed, Stopwatch())
        views = Views(composition, desk.rater)
        for channel in members:
            rendition = finish(views, channel, limits=desk.settings.limits, watch=watch)
            sha256 = hashlib.sha256(rendition.content).hexdigest()
            desk.store.put_new(f"renditions/{sha256}", rendition.content)
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
                "findings": _told(rendition.findings),
            }
        if not after:
            after = _keep(desk, "thumbs", thumbnail(views.look.pixels, side=THUMBNAIL_SIDE), ".jpg")
        desk.handover.drop(mark)
    return {
        "renditions": [files[channel.id] for channel in wanted],
        "after": after,
        "steps": [record.model_dump(mode="json") for record in watch.records],
    }


def picture(
    desk: Desk,
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
    opened = desk.photo(photo, name)
    made = desk.cutout(cutout, opened)
    look = Template.model_validate(template)
    geometry = Geometry((int(size[0]), int(size[1])), look.steps)
    if channel is not None:
        geometry = next(iter(geometries(look, [Channel.model_validate(channel)], preview=preview)))
    elif preview:
        scale = PREVIEW_SIDE / max(geometry.canvas)
        canvas = max(1, round(geometry.canvas[0] * scale)), max(1, round(geometry.canvas[1] * scale))
        geometry = replace(geometry, canvas=canvas)
    composition = compose(made, geometry, tools=Tools(desk.pictures(pictures), stage=desk.stage), watch=Stopwatch())
    wanted = Channel(id="picture", name="Picture", size=geometry.canvas, format=format)
    made_file = finish(Views(composition, desk.rater), wanted, limits=desk.settings.limits, watch=Stopwatch(),
                       preview=True)  # fmt: skip
    return {
        "key": _keep(desk, "renditions", made_file.content, ""),
        "size": list(geometry.canvas),
        "format": format,
        "findings": _told(made.findings + composition.findings + made_file.findings),
        "changes": list(composition.changes),
    }


# --- layers ---


def put_matte(desk: Desk, *, photo: str, name: str, path: str) -> Answer:
    """Take a matte drawn by hand.  Raises BadInput where it is not a gray PNG of the photo's size."""
    opened = desk.photo(photo, name)
    content = Path(path).read_bytes()
    drawn = read(content, "the matte", limits=desk.settings.limits)
    if drawn.format != "PNG" or drawn.alpha is not None or int(np.ptp(drawn.pixels, axis=2).max(initial=0)) > 0:
        raise BadInput("a matte is a gray PNG without transparency.", subject="matte", remedy="White is the product.")
    if drawn.size != opened.size:
        raise BadInput(
            f"the matte has {drawn.size[0]} × {drawn.size[1]} pixels, the photo {opened.size[0]} × {opened.size[1]}.",
            subject="matte",
            remedy="Save it at the photo's upright size.",
        )
    with Image.open(io.BytesIO(content)) as gray:
        levels = gray.convert("L") if gray.mode != "L" else gray  # its own numbers: a matte has no colour profile
        mask = np.ascontiguousarray(np.asarray(levels, np.uint8))
    facts = ops.facts_of(mask)
    return _kept(desk, Cutout(opened, mask, ops.foreground_band(opened.pixels, mask), facts, BY_HAND))


def correct(
    desk: Desk, *, photo: str, name: str, cutout: str, hints: dict[str, Any], shown: bool = False
) -> Answer:  # fmt: skip
    """A cut-out as hints want it; `shown`: not kept as a cut-out, only its matte as a picture.  Raises BadInput."""
    opened = desk.photo(photo, name)
    made = corrected(desk.cutout(cutout, opened), Hints.model_validate(hints), desk.prompter)
    if shown:
        return {"key": _keep(desk, "renditions", _gray(made.matte), ""), "findings": _told(made.findings)}
    return _kept(desk, made)


def _kept(desk: Desk, made: Cutout) -> Answer:
    """Keep a cut-out that a person had a hand in, under its own hash."""
    packed = pack(made)
    sha256 = hashlib.sha256(packed).hexdigest()
    desk.store.put_new(f"cutouts/{sha256}", packed)
    kept = desk.cutout(f"cutouts/{sha256}", made.photo)
    return {
        "key": f"cutouts/{sha256}",
        "sha256": sha256,
        "source": BY_HAND,
        "uncertainty": made.facts.uncertainty,
        "findings": _told(kept.findings),
    }


def matte_png(desk: Desk, *, photo: str, name: str, cutout: str) -> bytes:
    """The matte as an 8-bit gray PNG at the photo's upright size."""
    return _gray(desk.cutout(cutout, desk.photo(photo, name)).matte)


def _gray(matte: U8) -> bytes:
    held = io.BytesIO()
    Image.fromarray(matte).save(held, "PNG", compress_level=3)
    return held.getvalue()


def cutout_png(desk: Desk, *, photo: str, name: str, cutout: str) -> bytes:
    """The product's own colours, and nothing where there is none of it."""
    made = desk.cutout(cutout, desk.photo(photo, name))
    pixels = cv2.cvtColor(made.foreground(), cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(made.matte, pixels, 3)
    return encode(np.asarray(cv2.copyTo(pixels, made.matte), np.uint8), format="png")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        analyse,
        segment,
        upscale,
        upscale_picture,
        upscale_pace,
        generate,
        export,
        picture,
        put_matte,
        correct,
        matte_png,
        cutout_png,
    )
}


def _enlargement(
    desk: Desk, made: Cutout, template: Answer, channels: Sequence[Answer], chosen: bool
) -> Upscale | None:
    look, wanted = Template.model_validate(template), [Channel.model_validate(c) for c in channels]
    return enlargement(made, geometries(look, wanted, preview=desk.settings.fake_models), chosen=chosen)


def _composed(
    desk: Desk, made: Cutout, cutout: str, geometry: Geometry, pictures: dict[str, str], seed: int, watch: Stopwatch
) -> Composition:
    composition = compose(made, geometry, tools=Tools(desk.pictures(pictures), seed, desk.stage), watch=watch)
    plate = _plate_mark(geometry, pictures, seed)
    put_composition(desk.handover, _mark(cutout, geometry, pictures, seed), plate, composition)
    return composition


def _mark(cutout: str, geometry: Geometry, pictures: dict[str, str], seed: int) -> str:
    steps = [[type(step).version, step.model_dump(mode="json")] for step in geometry.steps]
    return digest(["composition", __version__, cutout, geometry.canvas, steps, pictures, seed])


def _plate_mark(geometry: Geometry, pictures: dict[str, str], seed: int) -> str:
    """Layout and shadow change nothing in a plate; all other steps may."""
    steps = [[type(step).version, step.model_dump(mode="json")] for step in geometry.steps
             if not isinstance(step, Layout) and step.kind != "shadow"]  # fmt: skip
    return digest(["plate", __version__, geometry.canvas, steps, pictures, seed])


def _keep(desk: Desk, folder: str, content: bytes, suffix: str) -> str:
    key = f"{folder}/{hashlib.sha256(content).hexdigest()}{suffix}"
    desk.store.put_new(key, content)
    return key


def _told(findings: Sequence[Finding]) -> list[Answer]:
    return [finding.model_dump(mode="json") for finding in findings]
