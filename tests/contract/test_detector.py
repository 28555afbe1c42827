"""The detector of people and things."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.image import Photo
from packshot.models.openvino import Ssd


def test_a_bottle_is_found_where_it_stands(
    detector: Ssd, sample: dict[str, Photo], exact_matte: dict[str, NDArray[np.uint8]]
) -> None:
    seen = detector.find(sample["bottle"].pixels)
    assert seen[0].label == "bottle"
    height, width = exact_matte["bottle"].shape
    x, y, w, h = cv2.boundingRect((exact_matte["bottle"] > 127).astype(np.uint8))
    exact = x / width, y / height, (x + w) / width, (y + h) / height
    assert seen[0].box == pytest.approx(exact, abs=0.05)
    assert [thing.score for thing in seen] == sorted((thing.score for thing in seen), reverse=True)


def test_nothing_is_found_in_an_even_picture_and_the_picture_is_left_alone(detector: Ssd) -> None:
    pixels = np.full((200, 300, 3), 128, np.uint8)
    assert detector.find(pixels) == ()
    assert (pixels == 128).all()
