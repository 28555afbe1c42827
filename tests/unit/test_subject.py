"""Whether a picture is asked to be a product photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from handmade import photo_of, textured
from packshot.image import Photo, read
from packshot.settings import Limits
from packshot.steps.analyse import photo_flags
from places import SAMPLES


def asked(photo: Photo) -> str:
    """What it looks like instead; "" for a product photo."""
    return next((finding.words for finding in photo_flags(photo) if finding.check == "subject"), "")


def screen() -> np.ndarray:
    picture = Image.new("RGB", (1440, 900), "#f4f5f7")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1440, 60), fill="#2b4c7e")
    draw.rectangle((0, 60, 260, 900), fill="#8fa3c7")
    for row in range(4):
        for column in range(4):
            left, top = 290 + column * 285, 90 + row * 200
            draw.rectangle((left, top, left + 255, top + 170), fill="#c9d6ea")
            draw.text((left + 12, top + 12), f"Order {row * 4 + column}", fill="#222222")
    return np.asarray(picture)


def page() -> np.ndarray:
    picture = Image.new("RGB", (1240, 1754), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(22)
    for row in range(52):
        draw.text(
            (110, 120 + row * 30), "4711  Mug, green, stoneware     12 pcs     7.90     94.80", fill="black", font=font
        )
    noise = np.random.default_rng(0).normal(0, 2, (1754, 1240, 3))
    return np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)


def drawing() -> np.ndarray:
    pixels = np.full((900, 1200, 3), 255, np.uint8)
    for radius in (120, 200, 300):
        cv2.circle(pixels, (600, 450), radius, (0, 0, 0), 3)
    cv2.line(pixels, (200, 800), (1000, 800), (0, 0, 0), 3)
    return pixels


@pytest.mark.parametrize(
    ("made", "words"),
    [(screen, "a screenshot or a drawing"), (page, "a list or another page of print"), (drawing, "a drawing")],
)
def test_what_is_no_product_photo_is_asked_about(made: Callable[[], np.ndarray], words: str) -> None:
    assert words in asked(photo_of(made()))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.jpg")), ids=lambda path: path.stem)
def test_product_photos_are_not(path: Path) -> None:
    content = path.read_bytes()
    assert asked(read(content, "sample", limits=Limits())) == ""


def test_a_product_on_pure_white_is_not() -> None:
    pixels = np.full((1200, 1200, 3), 255, np.uint8)
    pixels[300:900, 400:800] = textured(400, 600)
    assert asked(photo_of(pixels)) == ""
