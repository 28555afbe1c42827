"""Renditions: one finished file of a composition for each channel, checked as it will be delivered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from packshot import __version__
from packshot.channel import Channel
from packshot.check import ProductPicture, Reference, Subject
from packshot.checks import CHECKS
from packshot.colour import U8, hex_to_linear
from packshot.disclosure import declared, packet, source_type
from packshot.finding import Finding, Verdict
from packshot.image import Metadata, Photo, read, without_gps
from packshot.model import Matter, Rater
from packshot.ops import composite
from packshot.ops.layout import Placement
from packshot.ops.matte import facts_of
from packshot.ops.resample import lanczos
from packshot.rules import HOLDS_ALPHA
from packshot.settings import Limits
from packshot.step import Composition, Cutout, premultiplied
from packshot.step_timer import StepTimer
from packshot.steps import Segment
from packshot.steps.encode import Encode, Encoded
from packshot.steps.layout import SHARP_ENLARGEMENT, enlarged_by_scaling

# Rules about a finished file's size do not apply to a preview.
_NOT_IN_PREVIEW = frozenset({"side", "bytes", "resolution"})


@dataclass(frozen=True, slots=True, eq=False)
class Rendition:
    """One finished file and its findings."""

    channel: Channel
    content: bytes
    size: tuple[int, int]
    quality: int | None
    disclosure: str
    findings: tuple[Finding, ...]

    @property
    def rejected(self) -> bool:
        return any(f.verdict is Verdict.FAIL for f in self.findings)


class Views:
    """What all files of one composition share, each computed once, when first needed: pixels with and without the
    backdrop, the picture that checks measure, the safety score."""

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
    def picture(self) -> ProductPicture:
        """With and without the backdrop edges and product pixels are the same: all files share one picture."""
        flat = self.flat
        shown = flat if flat.shape[2] == 3 else _over_white(np.ascontiguousarray(flat[..., :3]), flat[..., 3])
        return ProductPicture(shown, self.composition.canvas_matte(), Reference(self.composition))

    @cached_property
    def unsafe(self) -> float:
        return self._rater.rate(self.picture.pixels)


def make_rendition(
    views: Views, channel: Channel, *, limits: Limits, timer: StepTimer, preview: bool = False
) -> Rendition:
    """Encode one channel's file, decode it and run all checks."""
    composition = views.composition
    pixels = views.alone if channel.transparent else views.flat
    extra: tuple[Finding, ...] = ()
    if pixels.shape[2] == 4 and channel.format not in HOLDS_ALPHA:
        backdrop = channel.color or "#ffffff"
        pixels, extra = views.laid_on(backdrop), (_laid_on_colour(channel, backdrop),)
    photo = composition.cutout.photo
    origin = "drawn" if channel.transparent else composition.plate_origin
    term = source_type(origin, photo.xmp, enlarged=composition.enlargement is not None)
    metadata = Metadata(
        exif=photo.exif if channel.keep_gps else without_gps(photo.exif),
        xmp=packet(term, photo_xmp=photo.xmp, tool=f"Packshot {__version__}"),
    )
    step = encoder(channel)
    with timer.step(step, channel=channel.id):
        encoded = step.run(pixels, metadata)
    with timer.named("check", "export", channel=channel.id):
        findings = judge(encoded, channel, views=views, limits=limits)
    if preview:
        findings = tuple(f for f in findings if f.check not in _NOT_IN_PREVIEW)
    return Rendition(channel, encoded.content, composition.canvas, encoded.quality, term, findings + extra)


def encoder(channel: Channel) -> Encode:
    """A channel's encode step."""
    return Encode(
        format=channel.format,
        quality=channel.quality,
        least_quality=channel.least_quality,
        max_bytes=channel.rules.max_bytes,
    )


def deliverable(photo: Photo, channel: Channel) -> tuple[bytes, tuple[Finding, ...]]:
    """A finished picture as a channel's file, scaled to fit whole into its frame.

    The rest of the frame gets the channel's colour, or is transparent where the picture is and the format can be.
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
    transparent = photo.alpha is not None and channel.format in HOLDS_ALPHA
    plate = None if transparent else composite.solid(hex_to_linear(channel.color or "#ffffff"), channel.size)
    cutout = Cutout(photo, alpha, np.empty((0, 3), np.uint8), facts_of(alpha), "a finished picture")
    whole = (0.0, 0.0, float(photo.size[0]), float(photo.size[1]))
    placement = Placement(scale, (left, top), region, whole)
    composition = Composition(cutout, channel.size, placement, product, matte.astype(np.float32), plate)
    metadata = Metadata(
        exif=photo.exif if channel.keep_gps else without_gps(photo.exif),
        xmp=packet(
            declared(photo.xmp) or "algorithmicallyEnhanced", photo_xmp=photo.xmp, tool=f"Packshot {__version__}"
        ),
    )
    encoded = encoder(channel).run(composition.flatten(), metadata)
    findings = encoded.findings
    if scale > SHARP_ENLARGEMENT:
        findings += (enlarged_by_scaling(scale, "The picture"),)
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
        picture=views.picture,
        source_type=declared(finished.xmp),
        unsafe=views.unsafe,
    )
    return encoded.findings + tuple(f for check in CHECKS if (f := check(subject, channel.rules)) is not None)


def judge_external(
    content: bytes, name: str, channel: Channel, *, matter: Matter, rater: Rater, limits: Limits
) -> tuple[Finding, ...]:
    """All checks on a file made elsewhere: its product is cut out first.  Raises BadInput as `read` does."""
    photo = read(content, name, limits=limits)
    cutout = Segment(on_white=True).run(photo, matter)
    pixels = _over_white(photo.pixels, photo.alpha)
    subject = Subject(
        name=name,
        format=photo.format.lower(),
        bytes=len(content),
        pixels=pixels,
        alpha=photo.alpha,
        picture=ProductPicture(pixels, cutout.matte),
        source_type=declared(photo.xmp),
        unsafe=rater.rate(pixels),
    )
    about_matte = tuple(f for f in cutout.findings if f.check in ("none", "uncertain"))
    return about_matte + tuple(f for check in CHECKS if (f := check(subject, channel.rules)) is not None)


def _over_white(pixels: U8, alpha: U8 | None) -> U8:
    """What a viewer shows: transparent parts over white, mixed as encoded values, as browsers do."""
    if alpha is None:
        return pixels
    cover = cv2.merge([alpha, alpha, alpha])
    return np.asarray(cv2.add(cv2.multiply(pixels, cover, scale=1 / 255), cv2.bitwise_not(cover)), np.uint8)


def _laid_on_colour(channel: Channel, backdrop: str) -> Finding:
    return Finding(
        check="backdrop",
        verdict=Verdict.OK,
        words=f"{channel.format.upper()} files cannot be transparent, so the product was put on {backdrop}.",
    )
