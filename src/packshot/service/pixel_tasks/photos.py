"""What is done once a photo: taken in, cut out, corrected by hand, enlarged."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from packshot.catalog.tasks import (
    AnalyseUpload,
    CorrectMatte,
    CutoutPng,
    CutoutResult,
    Matte,
    MattePng,
    MeasureTilePace,
    Picture,
    SegmentPhoto,
    ShowCorrectedMatte,
    StorePaintedMatte,
    Target,
    TilePace,
    UploadedPhoto,
    UpscalePhoto,
    UpscaleProduct,
    UpscaleResult,
)
from packshot.colour import U8
from packshot.compose import geometries
from packshot.errors import BadInput, NoSuchModel, NotFound
from packshot.image import Metadata, encode, read, thumbnail
from packshot.model import OVERLAP_PX
from packshot.models.local import local_upscaler, threads
from packshot.models.tile_timing import tile_seconds
from packshot.ops import matte as ops
from packshot.ops.foreground import foreground_band
from packshot.ops.measure import fingerprint
from packshot.pipeline import cut_out, cutout_key, digest, enlarge, enlarged_key, segment_for
from packshot.service.layer_cache import put_cutout
from packshot.service.pixel_tasks.context import PixelContext, store_file
from packshot.step import Cutout
from packshot.step_timer import StepTimer
from packshot.steps import Analyse, Upscale
from packshot.steps.analyse import photo_flags
from packshot.steps.segment import BY_HAND, ON_WHITE, corrected
from packshot.steps.upscale import MOST_SIDE, NO_UPSCALER, factor_for, upscale_for
from packshot.store import pack

# --- upload ---


def analyse_upload(context: PixelContext, task: AnalyseUpload) -> UploadedPhoto:
    content = Path(task.path).read_bytes()
    photo = read(content, task.name, limits=context.settings.limits)
    key, thumb_key = f"originals/{task.workspace}/{photo.sha256}", f"thumbs/{photo.sha256}.jpg"
    context.store.put_new(key, content)
    context.store.put_new(thumb_key, thumbnail(photo.pixels))
    return UploadedPhoto(
        sha256=photo.sha256,
        format=photo.format,
        width=photo.size[0],
        height=photo.size[1],
        bytes=photo.file_bytes,
        profile=photo.profile,
        fingerprint=fingerprint(photo.pixels),
        findings=tuple(photo_flags(photo)),
        key=key,
        thumb_key=thumb_key,
        product_px=None if photo.alpha is None else _longest(ops.facts_of(photo.alpha)),
    )


def _longest(facts: ops.Facts) -> int | None:
    """The product's longest side in px; None where nothing was found."""
    left, top, right, bottom = facts.box
    return max(right - left, bottom - top) or None


# --- cut out ---


def segment_photo(context: PixelContext, task: SegmentPhoto) -> CutoutResult:
    timer = StepTimer()
    photo = context.photo(task.photo)
    cutout: Cutout | None = None
    if task.cutout:
        try:
            key, cutout = task.cutout, context.cutout(task.cutout, photo)
        except NotFound:
            if task.by_hand:  # a model's can be made again, a person's cannot
                raise
    style = task.target.style if task.target else None
    if cutout is not None and cutout.source == ON_WHITE and not (style and style.puts_on_white):
        cutout = None  # it holds before white alone
    if cutout is None:
        step = segment_for(photo, style, refined=task.refined)
        key = cutout_key(photo, step, context.matter)
        with context.turn(key):
            cutout = cut_out(photo, matter=context.matter, store=context.store, timer=timer, step=step)
        put_cutout(context.layer_cache, digest(["cutout", key]), cutout)
    product_px = {c.name: c.rules.product_px for c in task.target.channels} if task.target else {}
    with timer.step(Analyse()):
        findings = cutout.findings + Analyse().run(cutout, product_px=product_px)
    matte = Matte(key, key.rpartition("/")[2], cutout.source, round(cutout.facts.uncertainty, 4), cutout.findings,
                  _longest(cutout.facts))  # fmt: skip
    enlarge = task.target is not None and _enlargement(context, cutout, task.target, task.upscaled) is not None
    return CutoutResult(matte, findings, enlarge, tuple(timer.records))


def store_painted_matte(context: PixelContext, task: StorePaintedMatte) -> Matte:
    photo = context.photo(task.photo)
    content = Path(task.path).read_bytes()
    painted = read(content, "the matte", limits=context.settings.limits)
    if painted.format != "PNG" or painted.alpha is not None or int(np.ptp(painted.pixels, axis=2).max(initial=0)) > 0:
        raise BadInput("a matte is a gray PNG without transparency.", subject="matte", remedy="White is the product.")
    if painted.size != photo.size:
        raise BadInput(
            f"the matte has {painted.size[0]} × {painted.size[1]} pixels, the photo {photo.size[0]} × {photo.size[1]}.",
            subject="matte",
            remedy="Save it at the photo's upright size.",
        )
    with Image.open(io.BytesIO(content)) as gray:
        levels = gray.convert("L") if gray.mode != "L" else gray  # its own numbers: a matte has no colour profile
        mask = np.ascontiguousarray(np.asarray(levels, np.uint8))
    facts = ops.facts_of(mask)
    return _stored(context, Cutout(photo, mask, foreground_band(photo.pixels, mask), facts, BY_HAND))


def correct_matte(context: PixelContext, task: CorrectMatte) -> Matte:
    return _stored(context, _corrected(context, task))


def show_corrected_matte(context: PixelContext, task: ShowCorrectedMatte) -> Picture:
    cutout = _corrected(context, task)
    return Picture(store_file(context, "renditions", _gray(cutout.matte), ""), "png", cutout.photo.size,
                   cutout.findings)  # fmt: skip


def matte_png(context: PixelContext, task: MattePng) -> bytes:
    return _gray(context.cutout(task.cutout, context.photo(task.photo)).matte)


def cutout_png(context: PixelContext, task: CutoutPng) -> bytes:
    cutout = context.cutout(task.cutout, context.photo(task.photo))
    pixels = cv2.cvtColor(cutout.foreground(), cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(cutout.matte, pixels, 3)
    return encode(np.asarray(cv2.copyTo(pixels, cutout.matte), np.uint8), format="png")


def _corrected(context: PixelContext, task: CorrectMatte | ShowCorrectedMatte) -> Cutout:
    return corrected(context.cutout(task.cutout, context.photo(task.photo)), task.hints, context.prompter)


def _stored(context: PixelContext, cutout: Cutout) -> Matte:
    """Store a cut-out that a person had a hand in, under its own hash."""
    packed = pack(cutout)
    sha256 = hashlib.sha256(packed).hexdigest()
    key = f"cutouts/{sha256}"
    context.store.put_new(key, packed)
    findings = context.cutout(key, cutout.photo).findings
    return Matte(key, sha256, BY_HAND, cutout.facts.uncertainty, findings, _longest(cutout.facts))


def _gray(matte: U8) -> bytes:
    out = io.BytesIO()
    Image.fromarray(matte).save(out, "PNG", compress_level=3)
    return out.getvalue()


# --- enlarge ---


def upscale_photo(context: PixelContext, task: UpscalePhoto) -> UpscaleResult:
    timer = StepTimer()
    cutout = context.cutout(task.cutout, context.photo(task.photo))
    step = _enlargement(context, cutout, task.target, task.upscaled)
    if step is None:
        return UpscaleResult("", (), ())
    if context.upscaler is None:
        return UpscaleResult("", (NO_UPSCALER,), ())
    key = enlarged_key(task.cutout, step, context.upscaler)
    with context.turn(key):
        enlarge(cutout, step, key=key, upscaler=context.upscaler, store=context.store, timer=timer)
    return UpscaleResult(key, (), tuple(timer.records))


def upscale_product(context: PixelContext, task: UpscaleProduct) -> Picture:
    if context.upscaler is None:
        raise NoSuchModel("no model that enlarges pictures is installed.", remedy="Upload a larger photo.")
    cutout = context.cutout(task.cutout, context.photo(task.photo))
    step = Upscale.model_validate({"factor": task.factor})
    largest = factor_for(cutout)
    if largest is None or largest < task.factor:
        raise BadInput(
            f"this product is too large to be enlarged {task.factor} times.", subject=task.photo.name,
            remedy=f"It may be {MOST_SIDE // task.factor} pixels long at most.",
        )  # fmt: skip
    key = enlarged_key(task.cutout, step, context.upscaler)
    with context.turn(key):
        enlarged = enlarge(
            cutout, step, key=key, upscaler=context.upscaler, store=context.store, timer=StepTimer()
        ).enlarged  # fmt: skip
    assert enlarged is not None
    pixels = np.dstack([enlarged.pixels, enlarged.matte])
    pixels[enlarged.matte == 0] = 0
    content = encode(pixels, format="png", metadata=Metadata())
    size = pixels.shape[1], pixels.shape[0]
    return Picture(store_file(context, "renditions", content, ""), "png", size, cutout.findings + enlarged.findings)


def measure_tile_pace(context: PixelContext, task: MeasureTilePace) -> TilePace | None:
    upscaler = local_upscaler(context.settings, lease=context.lease)  # not cached: who asks does not go on to enlarge
    if upscaler is None:
        return None
    seconds = tile_seconds(upscaler, folder=context.settings.cache_dir, threads=threads(context.settings))
    return TilePace(upscaler.side, OVERLAP_PX, seconds)


def _enlargement(context: PixelContext, cutout: Cutout, target: Target, chosen: bool) -> Upscale | None:
    groups = geometries(target.style, target.channels, preview=context.settings.fake_models)
    return upscale_for(cutout, groups, chosen=chosen)
