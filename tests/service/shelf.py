"""What the catalog's tests share: photos made by hand, and the pixel functions without their process."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from packshot.service.pixel_tasks import FUNCTIONS
from packshot.service.pixel_tasks.context import PixelContext
from packshot.settings import Settings


def photo(seed: int, *, size: tuple[int, int] = (96, 72), format: str = "JPEG") -> bytes:
    """A picture that is like no other seed's."""
    rough = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).save(out, format, quality=92)
    return out.getvalue()


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


class InProcess:
    """The real functions, in this process; `breaks` names calls that raise instead, in order."""

    def __init__(self, settings: Settings) -> None:
        self._desk = PixelContext(settings)
        self.calls: list[str] = []
        self.raises: dict[int, BaseException] = {}

    async def call(self, function: str, /, **arguments: Any) -> Any:
        self.calls.append(function)
        error = self.raises.pop(len(self.calls), None)
        if error is not None:
            raise error
        return await asyncio.to_thread(FUNCTIONS[function], self._desk, **arguments)


def settings_in(folder: Path) -> Settings:
    return Settings(data_dir=folder / "data", cache_dir=folder / "cache", fake_models=True)
