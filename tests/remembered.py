"""A network asked once for each picture: a pass takes seconds, and the samples are cut out all over the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from packshot.model import Engine, Matter, ModelCard, SecondOpinion

Ask = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Remembered:
    """Answers as `asked` did before.  That it would answer the same again is a test of its own."""

    matter: Matter
    _cached: dict[tuple[str, tuple[int, ...], bytes], NDArray[np.float32]] = field(default_factory=dict)

    @property
    def card(self) -> ModelCard:
        return self.matter.card

    @property
    def engine(self) -> Engine:
        return self.matter.engine

    @property
    def second(self) -> SecondOpinion:
        return self.matter.second

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._once("matte", self.matter.matte, pixels_u8)

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._once("rough", self.matter.rough, pixels_u8)

    def _once(self, name: str, ask: Ask, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        key = name, pixels_u8.shape, hashlib.sha256(np.ascontiguousarray(pixels_u8)).digest()
        if key not in self._cached:
            self._cached[key] = ask(pixels_u8)
        return self._cached[key].copy()
