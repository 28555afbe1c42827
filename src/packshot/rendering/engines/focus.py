"""A plate in two sizes: what is out of focus at half the size, with a quarter of the pixels, the rest in full.

A circle of confusion of eight pixels leaves nothing finer than half the size can hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, thrice

SHARP_PX = 8.0  # circles of confusion of a smaller diameter are rendered in full
MARGIN_PX = 32  # around it, where one size fades into the other
REACH_PX = 96  # rows above and below that the denoiser gets to see
CALM_PX = 7  # of the half size: albedo and normal are averaged over it where they only fill
MOST = 0.8  # share of the picture in focus above which it is rendered in full


@dataclass(frozen=True, slots=True, eq=False)
class Focus:
    """Where a plate is in focus."""

    size: tuple[int, int]  # (width, height)
    fine: NDArray[np.bool_]  # (H, W): what is rendered in full
    coarse: NDArray[np.bool_]  # (H/2, W/2): what is rendered at half the size; both overlap by the margin
    weight: F32  # (H, W): 1 shows the full size, 0 the half
    rows: slice  # of the full size, those that show and their neighbours

    @property
    def half(self) -> tuple[int, int]:
        return self.coarse.shape[1], self.coarse.shape[0]

    @classmethod
    def of(cls, circle_px: F32, size: tuple[int, int]) -> Focus | None:
        """circle_px: (h, w), diameters of circles of confusion in pixels of `size`, on any grid.

        None where nothing is in focus, or too much for two sizes to pay.
        """
        width, height = size
        sharp = cv2.resize((circle_px < SHARP_PX).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        fine = cv2.dilate(sharp, np.ones((2 * MARGIN_PX + 1,) * 2, np.uint8)) > 0
        if not 0 < fine.mean() <= MOST:
            return None
        # From 1 around what is sharp to 0 at the edge of what was rendered.
        nearer = cv2.dilate(sharp, np.ones((MARGIN_PX + 1,) * 2, np.uint8)).astype(np.float32)
        weight = np.asarray(cv2.blur(nearer, (MARGIN_PX - 1,) * 2), np.float32)
        half = (width + 1) // 2, (height + 1) // 2
        hidden = cv2.erode((weight >= 1).astype(np.uint8), np.ones((MARGIN_PX + 1,) * 2, np.uint8))
        coarse = cv2.resize(hidden, half, interpolation=cv2.INTER_NEAREST) == 0
        seen = np.flatnonzero(fine.any(1))
        rows = slice(max(0, int(seen[0]) - REACH_PX), min(height, int(seen[-1]) + 1 + REACH_PX))
        return cls(size, fine, coarse, weight, rows)

    def complete_coarse(self, coarse: F32, fine: F32) -> None:
        """Fill the half size (H/2, W/2, C), where it was not rendered, from the full one (H, W, C)."""
        np.copyto(coarse, cv2.resize(fine, self.half, interpolation=cv2.INTER_AREA), where=~self.coarse[..., None])

    def complete_fine(self, fine: F32, coarse: F32, light: F32) -> None:
        """Fill the full size, where it was not rendered: the denoiser looks at the neighbours.

        fine: (H, W, 9).  coarse: (H/2, W/2, 9).  light: (H/2, W/2, 3), denoised; enlarged noise passes for texture.
        """
        calm = np.concatenate([light, cv2.blur(coarse[..., 3:], (CALM_PX, CALM_PX))], 2)
        larger = cv2.resize(calm, self.size, interpolation=cv2.INTER_LINEAR)
        np.copyto(fine, larger, where=~self.fine[..., None])

    def joined(self, fine: F32, coarse: F32) -> F32:
        """(H, W, 3) from fine, of `rows` alone, and coarse (H/2, W/2, 3)."""
        light = np.asarray(cv2.resize(coarse, self.size, interpolation=cv2.INTER_CUBIC), np.float32)
        np.maximum(light, 0, out=light)
        light[self.rows] += (fine - light[self.rows]) * thrice(self.weight[self.rows])
        return light
