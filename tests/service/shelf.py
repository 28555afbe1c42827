"""What the catalog's tests share: photos made by hand, and the pixel functions without their process."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from packshot.catalog.tasks import PixelTask, Result
from packshot.service import pixel_tasks
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
    """The real functions, in this process; `raises`: the number of a task, from 1, and what it raises instead."""

    def __init__(self, settings: Settings) -> None:
        self._context = PixelContext(settings)
        self.tasks: list[PixelTask[Any]] = []
        self.raises: dict[int, BaseException] = {}

    async def do(self, task: PixelTask[Result]) -> Result:
        self.tasks.append(task)
        error = self.raises.pop(len(self.tasks), None)
        if error is not None:
            raise error
        return await asyncio.to_thread(pixel_tasks.do, self._context, task)


def settings_in(folder: Path) -> Settings:
    return Settings(data_dir=folder / "data", cache_dir=folder / "cache", fake_models=True)
