"""A plate in two sizes: each pixel that shows was rendered in the size that it shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.rendering.engines.focus import MARGIN_PX, SHARP_PX, Focus


def circles(size: tuple[int, int], *, top: int, bottom: int, left: int = 0, right: int = 10**6) -> np.ndarray:
    """Diameters on a grid of a quarter: sharp between these rows and columns of `size`."""
    circle = np.full((size[1] // 4, size[0] // 4), 4 * SHARP_PX, np.float32)
    circle[top // 4 : bottom // 4, left // 4 : right // 4] = 0
    return circle


@given(
    st.tuples(st.integers(500, 700), st.integers(500, 700)),
    st.integers(0, 400),
    st.integers(8, 200),
    st.integers(0, 400),
)
def test_what_shows_was_rendered_in_that_size(size: tuple[int, int], top: int, high: int, left: int) -> None:
    focus = Focus.of(circles(size, top=top, bottom=top + high, left=left), size)
    assert focus is not None
    assert focus.half == ((size[0] + 1) // 2, (size[1] + 1) // 2)
    assert not (focus.weight[~focus.fine] > 0).any()
    # Interpolation looks two pixels of the half size around.
    rendered = cv2.erode(focus.coarse.astype(np.uint8), np.ones((5, 5), np.uint8))
    whole = cv2.resize(rendered, size, interpolation=cv2.INTER_NEAREST) > 0
    assert not (focus.weight[~whole] < 0.999).any()
    shown = np.flatnonzero((focus.weight > 0).any(1))
    assert focus.rows.start <= shown[0] and shown[-1] < focus.rows.stop


def test_sharp_parts_show_the_full_size_and_the_rest_the_half() -> None:
    size = (640, 640)
    focus = Focus.of(circles(size, top=300, bottom=400), size)
    assert focus is not None
    full, half = np.full((640, 640, 3), 0.2, np.float32), np.full((320, 320, 3), 0.8, np.float32)
    light = focus.joined(full[focus.rows], half)
    assert light[300:400] == pytest.approx(0.2, abs=1e-4)
    assert light[: 300 - MARGIN_PX] == pytest.approx(0.8, abs=1e-4)
    assert light[400 + MARGIN_PX :] == pytest.approx(0.8, abs=1e-4)
    steps = np.abs(np.diff(light[:, 320, 0]))
    assert steps.max() < 0.6 / MARGIN_PX * 1.5  # one fades into the other


def test_each_size_is_completed_from_the_other() -> None:
    size = (640, 640)
    focus = Focus.of(circles(size, top=300, bottom=400), size)
    assert focus is not None
    full, half = np.zeros((640, 640, 9), np.float32), np.zeros((320, 320, 9), np.float32)
    full[focus.fine], half[focus.coarse] = 0.5, 0.5
    focus.complete_coarse(half, full)
    focus.complete_fine(full, half, half[..., :3])
    assert full.min() == full.max() == half.min() == half.max() == 0.5


@pytest.mark.parametrize("diameter", [0.0, 4 * SHARP_PX])
def test_a_plate_that_is_all_alike_is_rendered_in_one_size(diameter: float) -> None:
    assert Focus.of(np.full((128, 128), diameter, np.float32), (512, 512)) is None
