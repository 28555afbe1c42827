"""What is done once a photo: taken in, cut out, corrected by hand, enlarged."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from packshot.channel import Channel
from packshot.colour import U8
from packshot.compose import geometries
from packshot.errors import BadInput, NoSuchModel, NotFound
from packshot.image import Metadata, encode, read, thumbnail
from packshot.model import OVERLAP_PX, Hints
from packshot.models.local import local_upscaler, threads
from packshot.models.tile_timing import tile_seconds
from packshot.ops import matte as ops
from packshot.ops.foreground import foreground_band
from packshot.ops.measure import fingerprint
from packshot.pipeline import cut_out, cutout_key, digest, enlarge, enlarged_key
from packshot.service.layer_cache import put_cutout
from packshot.service.pixel_tasks.context import Answer, PixelContext, keep, told
from packshot.step import Cutout
from packshot.step_timer import StepTimer
from packshot.steps import Analyse, Segment, Upscale
from packshot.steps.analyse import photo_flags
from packshot.steps.segment import BY_HAND, corrected
from packshot.steps.upscale import MOST_SIDE, NO_UPSCALER, factor_for, upscale_for
from packshot.store import pack
from packshot.template import Template

# --- upload ---


def analyse(context: PixelContext, *, name: str, workspace: str, path: str = "", key: str = "") -> Answer:
    """Decode an upload, say what is wrong with it, keep the original and a thumbnail.  Raises BadInput."""
    content = context.bytes(key) if key else Path(path).read_bytes()
    photo = read(content, name, limits=context.settings.limits)
    kept = f"originals/{workspace}/{photo.sha256}"
    thumb = f"thumbs/{photo.sha256}.jpg"
    context.store.put_new(kept, content)
    context.store.put_new(thumb, thumbnail(photo.pixels))
    return {
        "sha256": photo.sha256,
        "format": photo.format,
        "width": photo.size[0],
        "height": photo.size[1],
        "bytes": photo.file_bytes,
        "profile": photo.profile,
        "fingerprint": f"{fingerprint(photo.pixels):016x}",
        "findings": told(photo_flags(photo)),
        "key": kept,
        "thumb_key": thumb,
    }


# --- cut out ---


def segment(
    context: PixelContext,
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
    watch = StepTimer()
    opened = context.photo(photo, name, max_pixels=max_pixels)
    made = None
    if cutout:
        try:
            key, made = cutout, context.cutout(cutout, opened)
        except NotFound:
            if by_hand:  # a model's can be made again, a person's cannot
                raise
    if made is None:
        step = Segment(refined=refined)
        key = cutout_key(opened, step, context.matter)
        with context.turn(key):
            made = cut_out(opened, matter=context.matter, store=context.store, timer=watch, step=step)
        put_cutout(context.layer_cache, digest(["cutout", key]), made)
    with watch.step(Analyse()):
        findings = made.findings + Analyse().run(made, product_px=product_px)
    return {
        "cutout": key,
        "sha256": key.rpartition("/")[2],
        "source": made.source,
        "uncertainty": round(made.facts.uncertainty, 4),
        "findings": told(findings),
        "matte_findings": told(made.findings),
        "enlarge": template is not None and _enlargement(context, made, template, channels, upscaled) is not None,
        "steps": [record.model_dump(mode="json") for record in watch.records],
    }


# --- layers ---


def put_matte(context: PixelContext, *, photo: str, name: str, path: str) -> Answer:
    """Take a matte drawn by hand.  Raises BadInput where it is not a gray PNG of the photo's size."""
    opened = context.photo(photo, name)
    content = Path(path).read_bytes()
    drawn = read(content, "the matte", limits=context.settings.limits)
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
    return _kept(context, Cutout(opened, mask, foreground_band(opened.pixels, mask), facts, BY_HAND))


def correct(
    context: PixelContext, *, photo: str, name: str, cutout: str, hints: dict[str, Any], shown: bool = False
) -> Answer:  # fmt: skip
    """A cut-out as hints want it; `shown`: not kept as a cut-out, only its matte as a picture.  Raises BadInput."""
    opened = context.photo(photo, name)
    made = corrected(context.cutout(cutout, opened), Hints.model_validate(hints), context.prompter)
    if shown:
        return {"key": keep(context, "renditions", _gray(made.matte), ""), "findings": told(made.findings)}
    return _kept(context, made)


def matte_png(context: PixelContext, *, photo: str, name: str, cutout: str) -> bytes:
    """The matte as an 8-bit gray PNG at the photo's upright size."""
    return _gray(context.cutout(cutout, context.photo(photo, name)).matte)


def cutout_png(context: PixelContext, *, photo: str, name: str, cutout: str) -> bytes:
    """The product's own colours, and nothing where there is none of it."""
    made = context.cutout(cutout, context.photo(photo, name))
    pixels = cv2.cvtColor(made.foreground(), cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(made.matte, pixels, 3)
    return encode(np.asarray(cv2.copyTo(pixels, made.matte), np.uint8), format="png")


def _kept(context: PixelContext, made: Cutout) -> Answer:
    """Keep a cut-out that a person had a hand in, under its own hash."""
    packed = pack(made)
    sha256 = hashlib.sha256(packed).hexdigest()
    context.store.put_new(f"cutouts/{sha256}", packed)
    kept = context.cutout(f"cutouts/{sha256}", made.photo)
    return {
        "key": f"cutouts/{sha256}",
        "sha256": sha256,
        "source": BY_HAND,
        "uncertainty": made.facts.uncertainty,
        "findings": told(kept.findings),
    }


def _gray(matte: U8) -> bytes:
    held = io.BytesIO()
    Image.fromarray(matte).save(held, "PNG", compress_level=3)
    return held.getvalue()


# --- enlarge ---


def upscale(
    context: PixelContext,
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
    watch = StepTimer()
    made = context.cutout(cutout, context.photo(photo, name, max_pixels=max_pixels))
    step = _enlargement(context, made, template, channels, upscaled)
    if step is None:
        return {"findings": [], "steps": []}
    if context.upscaler is None:
        return {"findings": told([NO_UPSCALER]), "steps": []}
    key = enlarged_key(cutout, step, context.upscaler)
    with context.turn(key):
        enlarge(made, step, key=key, upscaler=context.upscaler, store=context.store, timer=watch)
    return {"findings": [], "steps": [r.model_dump(mode="json") | {"layer": key} for r in watch.records]}


def upscale_picture(context: PixelContext, *, photo: str, name: str, cutout: str, factor: int) -> Answer:
    """The product alone, enlarged, on a transparent backdrop.

    Raises NoSuchModel where the model is not installed, BadInput where the product is large already.
    """
    if context.upscaler is None:
        raise NoSuchModel("no model that enlarges pictures is installed.", remedy="Upload a larger photo.")
    made = context.cutout(cutout, context.photo(photo, name))
    step = Upscale.model_validate({"factor": factor})
    most = factor_for(made)
    if most is None or most < factor:
        raise BadInput(
            f"this product is too large to be enlarged {factor} times.", subject=name,
            remedy=f"It may be {MOST_SIDE // factor} pixels long at most.",
        )  # fmt: skip
    key = enlarged_key(cutout, step, context.upscaler)
    with context.turn(key):
        drawn = enlarge(made, step, key=key, upscaler=context.upscaler, store=context.store, timer=StepTimer()).enlarged
    assert drawn is not None
    pixels = np.dstack([drawn.pixels, drawn.matte])
    pixels[drawn.matte == 0] = 0
    content = encode(pixels, format="png", metadata=Metadata())
    size = [pixels.shape[1], pixels.shape[0]]
    return {"key": keep(context, "renditions", content, ""), "format": "png", "size": size, "factor": factor,
            "findings": told(made.findings + drawn.findings)}  # fmt: skip


def upscale_pace(context: PixelContext) -> Answer:
    """How long a tile takes here; nothing where the model is not installed."""
    upscaler = local_upscaler(context.settings, lease=context.lease)  # not kept: whoever asks does not go on to enlarge
    if upscaler is None:
        return {}
    seconds = tile_seconds(upscaler, folder=context.settings.cache_dir, threads=threads(context.settings))
    return {"side": upscaler.side, "overlap": OVERLAP_PX, "seconds": seconds}


def _enlargement(
    context: PixelContext, made: Cutout, template: Answer, channels: Sequence[Answer], chosen: bool
) -> Upscale | None:
    look, wanted = Template.model_validate(template), [Channel.model_validate(c) for c in channels]
    return upscale_for(made, geometries(look, wanted, preview=context.settings.fake_models), chosen=chosen)
