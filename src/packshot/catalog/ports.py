"""What the catalog needs of whoever runs it: something that touches pixels, a queue, the installation's secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from packshot.catalog.tasks import PixelTask, Result
from packshot.db import Database
from packshot.settings import Settings
from packshot.store import Store

WAITED_FOR, URGENT = 0, 1  # priorities of what a person waits for, and of urgent items


class Pixels(Protocol):
    """What does pixel tasks: a process of its own, or the same functions in this one."""

    async def do(self, task: PixelTask[Result]) -> Result: ...


class Secrets(Protocol):
    def encrypt(self, text: str) -> bytes: ...
    def decrypt(self, sealed: bytes) -> str: ...


@dataclass(frozen=True, slots=True)
class JobRef:
    """What is queued: a job at one stage, by ids alone. The same reference twice is the same work once."""

    stage: str  # segment | upscale | generate | export
    id: str  # of an item or a job
    version: int  # of the item; 0 for jobs that are no item
    priority: int  # 0 a person waits, 1 urgent, 5 standard, 10 overnight
    not_before: float = 0.0  # seconds since 1970; 0: now
    workspace_id: str = ""
    group: str = ""  # its batch, or what kind of job it is: groups take turns, and so do workspaces

    @property
    def queue(self) -> str:
        """What a person waits for, urgent items, imports and exports have lanes past the stages' queues."""
        if self.priority == WAITED_FOR:
            return "now"
        if self.priority == URGENT:
            return "urgent" if self.version else "transfers"
        return self.stage

    @property
    def job_id(self) -> str:
        """BullMQ takes no second job of this name while the first is there."""
        return f"{self.id}-v{self.version}-{self.stage}"


class JobQueue(Protocol):
    """Where references are put once their transaction is committed."""

    async def add(self, refs: Iterable[JobRef]) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class JobContext:
    """What work of a longer kind is handed: an import, a batch that is filled, an export."""

    db: Database
    store: Store
    pixels: Pixels
    queues: JobQueue
    settings: Settings
    secrets: Secrets
