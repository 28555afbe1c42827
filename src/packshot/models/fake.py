"""Models that answer at once, for load tests of what is around them: a disc is the product, all pictures are safe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.model import ALONE, Engine, InstalledWeights, ModelCard

ENGINE = Engine("fake", "1", "exact")


def _card(id: str, role: str) -> ModelCard:
    return ModelCard.model_validate(
        {
            "id": id, "role": role, "words": "For load tests only.", "licence": "Apache-2.0", "commercial": "yes",
            "source": InstalledWeights(module="packshot", file="models/fake.py"), "sha256": id, "size_bytes": 0,
        }
    )  # fmt: skip


class FakeMatter:
    card, engine, second = _card("fake-matter", "matter"), ENGINE, ALONE

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        y, x = np.ogrid[-1:1:512j, -1:1:512j]
        return np.clip((0.7 - np.hypot(x, y)) * 256 + 0.5, 0, 1).astype(np.float32)

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.matte(pixels_u8)


class FakeRater:
    card, engine = _card("fake-rater", "rater"), ENGINE

    def rate(self, pixels_u8: NDArray[np.uint8]) -> float:
        return 0.0


class FakeUpscaler:
    card, engine = _card("fake-upscaler", "upscaler"), ENGINE
    side, factor = 256, 4

    def upscale(self, tile_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.repeat(np.repeat(tile_u8, self.factor, axis=0), self.factor, axis=1)

    def release(self) -> None: ...
