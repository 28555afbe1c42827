"""Wait for what must come to pass, however slow the machine is: it costs only as long as it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

SOON = 60.0  # seconds; nobody waits that long but for a failure


async def until(holds: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = SOON) -> None:
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.01)
