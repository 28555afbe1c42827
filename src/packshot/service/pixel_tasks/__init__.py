"""What a worker's pixel process does, a stage at a time: the same functions as `pipeline.develop`, so the same files.

Arguments and answers are plain values that cross a process border; pixels stay here, or wait in the handover for the
next stage. Every function may run twice with the same arguments and leaves the same behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from packshot.service.pixel_tasks.compositions import export, generate, picture
from packshot.service.pixel_tasks.photos import (
    analyse,
    correct,
    cutout_png,
    matte_png,
    put_matte,
    segment,
    upscale,
    upscale_pace,
    upscale_picture,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        analyse,
        segment,
        upscale,
        upscale_picture,
        upscale_pace,
        generate,
        export,
        picture,
        put_matte,
        correct,
        matte_png,
        cutout_png,
    )
}
