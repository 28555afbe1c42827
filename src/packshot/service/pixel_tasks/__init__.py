"""What the pixel process does, a task at a time: the same functions as `pipeline.develop`, so the same files.

Pixels stay here, or wait in the layer cache for the next stage. A task that is done twice leaves the same behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from packshot.catalog import tasks
from packshot.service.pixel_tasks.compositions import compose_photo, write_files
from packshot.service.pixel_tasks.context import PixelContext
from packshot.service.pixel_tasks.photos import (
    analyse_upload,
    correct_matte,
    cutout_png,
    matte_png,
    measure_tile_pace,
    segment_photo,
    show_corrected_matte,
    store_painted_matte,
    upscale_photo,
    upscale_product,
)

_FUNCTIONS: dict[type[tasks.PixelTask[Any]], Callable[[PixelContext, Any], Any]] = {
    tasks.AnalyseUpload: analyse_upload,
    tasks.SegmentPhoto: segment_photo,
    tasks.StorePaintedMatte: store_painted_matte,
    tasks.CorrectMatte: correct_matte,
    tasks.ShowCorrectedMatte: show_corrected_matte,
    tasks.MattePng: matte_png,
    tasks.CutoutPng: cutout_png,
    tasks.UpscalePhoto: upscale_photo,
    tasks.UpscaleProduct: upscale_product,
    tasks.MeasureTilePace: measure_tile_pace,
    tasks.ComposePhoto: compose_photo,
    tasks.WriteFiles: write_files,
}


def do(context: PixelContext, task: tasks.PixelTask[tasks.Result]) -> tasks.Result:
    """Do one task in this process."""
    result: tasks.Result = _FUNCTIONS[type(task)](context, task)
    return result
