"""Whether the database and the queue answer, tried every few seconds, so that the log says when one goes and is back.

Programs at work notice by themselves; an idle one would not, and one whose server hangs waits without a word.
"""

from __future__ import annotations

import asyncio

from packshot.db import Database
from packshot.service.queues import Queues

EVERY_SECONDS = 5.0


async def watch(db: Database, queues: Queues) -> None:
    """For ever."""
    while True:
        await asyncio.gather(db.ping(), queues.ping())
        await asyncio.sleep(EVERY_SECONDS)
