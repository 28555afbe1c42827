"""SSD: from the network's answer to boxes.  Liu et al. 2016, "SSD: single shot multibox detector"."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.model import Thing

SIDE = 300  # px: the graph's own
# The network's classes in its own order; 0 is backdrop.
LABELS = (
    "", "bicycle", "boot", "laptop", "person", "chair", "cattle", "desk", "cat", "computer mouse", "computer monitor",
    "box", "mug", "coffee cup", "stationary bicycle", "table", "bottle", "high heels", "vehicle", "footwear", "dog",
    "book", "camera", "car",
)  # fmt: skip
GRIDS = (19, 10, 5, 3, 2, 1)
SCALES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
LEAST_SCORE, OVERLAP = 0.2, 0.5
CENTRE, SIZE = 10.0, 5.0  # what the network's offsets are multiplied by


def things(offsets: F32, logits: F32) -> tuple[Thing, ...]:
    """offsets: (N, 4) y, x, height, width.  logits: (N, classes).  The surest first, one a thing."""
    y, x, height, width = _anchors().T
    high, wide = np.exp(offsets[:, 2] / SIZE) * height, np.exp(offsets[:, 3] / SIZE) * width
    left, top = offsets[:, 1] / CENTRE * width + x - wide / 2, offsets[:, 0] / CENTRE * height + y - high / 2
    label = logits[:, 1:].argmax(1) + 1
    score = 1 / (1 + np.exp(-logits[np.arange(len(logits)), label]))
    likely = np.flatnonzero(score > LEAST_SCORE)
    boxes = np.stack([left, top, wide, high], 1)[likely].tolist()
    chosen = likely[np.asarray(cv2.dnn.NMSBoxes(boxes, score[likely].tolist(), LEAST_SCORE, OVERLAP), int).ravel()]
    return tuple(
        Thing(
            LABELS[label[i]],
            float(score[i]),
            (float(left[i]), float(top[i]), float(left[i] + wide[i]), float(top[i] + high[i])),
        )
        for i in chosen
    )


@cache
def _anchors() -> NDArray[np.float32]:
    """(1917, 4): middle y and x, height, width, as shares of the frame."""
    found = []
    for layer, cells in enumerate(GRIDS):
        scale, beyond = SCALES[layer], SCALES[layer + 1]
        shapes = [
            (scale, 1.0),
            (scale, 2.0),
            (scale, 0.5),
            (scale, 3.0),
            (scale, 1 / 3),
            ((scale * beyond) ** 0.5, 1.0),
        ]
        if layer == 0:
            shapes = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)]
        for row in range(cells):
            for column in range(cells):
                for size, ratio in shapes:
                    middle = (row + 0.5) / cells, (column + 0.5) / cells
                    found.append((*middle, size / ratio**0.5, size * ratio**0.5))
    return np.array(found, np.float32)
