"""A supervisor that was killed cannot stop its programs: they see that their parent is another, and stop themselves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)
VARIABLE = "PACKSHOT_SUPERVISED"
_LOOK_SECONDS = 1.0


async def watch(stop: Callable[[], None]) -> None:
    """Call stop once the supervisor is gone.  Without one, nothing."""
    parent = os.getppid()
    while os.environ.get(VARIABLE):
        await asyncio.sleep(_LOOK_SECONDS)
        if os.getppid() != parent:
            log.warning("program.orphaned")
            stop()
            return
