"""Photos, cut-outs and files made by hand for the tests."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from packshot.check import ProductPicture, Reference, Subject
from packshot.image import Photo
from packshot.model import ALONE, Engine, InstalledWeights, ModelCard
from packshot.ops.foreground import foreground_band
from packshot.ops.geometry import PixelBox
from packshot.ops.matte import facts_of
from packshot.rendering.engines.fake import FakeSetRenderer
from packshot.step import Composition, Cutout, StepContext
from packshot.steps import Color, Layout
from packshot.steps.segment import findings_of
from places import SYNTH

TOOLS = StepContext({}, renderer=FakeSetRenderer())


def saved(picture: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def scene(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """(H, W, 3): four quarters of their own colour, so that every turn and mirror shows."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (220, 40, 40)
    pixels[: height // 2, width // 2 :] = (40, 200, 60)
    pixels[height // 2 :, : width // 2] = (40, 60, 220)
    pixels[height // 2 :, width // 2 :] = (230, 220, 60)
    return pixels


def textured(width: int, height: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """(H, W, 3) with soft detail at several scales, like a photo's."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for cells, weight in ((4, 60), (16, 40), (64, 25)):
        coarse = Image.fromarray(random.integers(0, 256, (cells, cells, 3), np.uint8))
        total += weight / 125 * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return np.clip(total, 0, 255).astype(np.uint8)


def disc(width: int, height: int, box: PixelBox) -> NDArray[np.uint8]:
    """(H, W) matte of an ellipse in a box, its outline two pixels soft."""
    left, top, right, bottom = box
    y, x = np.mgrid[:height, :width] + 0.5
    rx, ry = (right - left) / 2, (bottom - top) / 2
    inside = (1 - np.hypot((x - left - rx) / rx, (y - top - ry) / ry)) * min(rx, ry)
    return np.round(np.clip(0.5 + inside / 2, 0, 1) * 255).astype(np.uint8)


def block(width: int, height: int, box: PixelBox) -> NDArray[np.uint8]:
    """(H, W) matte of a box with hard edges."""
    matte = np.zeros((height, width), np.uint8)
    matte[box[1] : box[3], box[0] : box[2]] = 255
    return matte


def photo_of(pixels: NDArray[np.uint8], **fields: Any) -> Photo:
    result = Photo(
        name="made.png", pixels=pixels, alpha=None, sha256="0" * 64, format="PNG", profile="", file_bytes=1000,
        exif=b"", xmp=b"",
    )  # fmt: skip
    return replace(result, **fields)


def cutout_of(pixels: NDArray[np.uint8], matte: NDArray[np.uint8], **fields: Any) -> Cutout:
    photo, facts = photo_of(pixels, **fields), facts_of(matte)
    band = foreground_band(pixels, matte)
    return Cutout(photo, matte, band, facts, "by hand", findings_of(facts, photo.size))


def composed(cutout: Cutout, *, side: int = 200, fill: float = 0.8, color: str = "#ffffff") -> Composition:
    laid = Layout(fill=fill).run(Composition(cutout, (side, side)), TOOLS)
    return Color(color=color).run(laid, TOOLS)


def external_file(pixels: NDArray[np.uint8], matte: NDArray[np.uint8], **fields: Any) -> Subject:
    """A finished file that somebody else made."""
    result = Subject(
        name="theirs.jpg", format="jpeg", bytes=50_000, pixels=pixels, alpha=None,
        picture=ProductPicture(pixels, matte), source_type="algorithmicallyEnhanced", unsafe=0.01,
    )  # fmt: skip
    return replace(result, **fields)


def ours(composition: Composition, *, pixels: NDArray[np.uint8] | None = None, **fields: Any) -> Subject:
    """A file made from that composition; `pixels` as decoded, where encoding moved them."""
    intended = composition.flatten()
    picture = ProductPicture(intended, composition.canvas_matte(), Reference(composition))
    return replace(external_file(intended if pixels is None else pixels, picture.matte, **fields), picture=picture)


CARD = ModelCard(
    id="fake", role="matter", words="A test's.", licence="none", commercial="yes", sha256="f" * 64, size_bytes=1,
    source=InstalledWeights(module="none", file="none"),
)  # fmt: skip


class FakeMatter:
    """Takes for product whatever differs from the top left corner; counts how often it was asked."""

    def __init__(self) -> None:
        self.card, self.engine, self.second, self.calls = CARD, Engine("fake", "1", "f32"), ALONE, 0

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.calls += 1
        return self.rough(pixels_u8)

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        apart = np.abs(pixels_u8.astype(int) - pixels_u8[0, 0].astype(int)).max(axis=2)
        return np.clip((apart - 10) / 20, 0, 1).astype(np.float32)


class FakeRater:
    def __init__(self, score: float = 0.01) -> None:
        self.card, self.engine, self.score = CARD, Engine("fake", "1", "f32"), score

    def rate(self, pixels_u8: NDArray[np.uint8]) -> float:
        return self.score


def rendered_photo(name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8], dict[str, Any]]:
    """Upright photo, its true matte, and what is known about it; skips where these photos do not lie."""
    folder = SYNTH / "gt" / name
    if not folder.is_dir():
        pytest.skip("needs rendered photos in ../shared/synth, which is not there")
    pixels = cv2.cvtColor(cv2.imread(str(SYNTH / "photos" / f"{name}.jpg")), cv2.COLOR_BGR2RGB)  # upright by EXIF
    alpha = cv2.imread(str(folder / "alpha.png"), cv2.IMREAD_UNCHANGED)
    return pixels, np.round(alpha / 257).astype(np.uint8), json.loads((folder / "meta.json").read_text())
