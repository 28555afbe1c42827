"""A renderer for load tests and other tests: gray plates at once, and drawn shadows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.ops.composite import solid
from packshot.rendering.scene import ProductMesh, Shot
from packshot.rendering.sets import SETS


class FakeSetRenderer:
    """A `scene.SetRenderer` without an engine."""

    sets, notes, engine = SETS, (), "fake"

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        return solid(np.full(3, 0.5, np.float32), size)

    def ratio(self, shot: Shot, body: ProductMesh, *, where: NDArray[np.bool_]) -> None:
        return None
