"""One turn at the processor for the whole machine, by urgency, for what takes all of its cores.

OpenVINO, a path tracer and a denoiser each start as many threads as there are cores; two at a time are slower than one
after the other (docs/decisions/0005-one-inference-at-a-time.md). A person who waits goes before urgent work, that
before standard, that before overnight (`service/turns.py`); long work calls `pause` after each slice.

Each process that waits holds a shared lock on the file of its level, which the system releases however it ends: by
trying for that lock, others see whether somebody waits.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # Windows: threads of one process still take turns
    fcntl = None  # type: ignore[assignment]

LEVELS = 16  # 0 goes first
urgency: ContextVar[int] = ContextVar("urgency", default=LEVELS // 2)

LOOK_SECONDS = 0.002  # how often one who waits looks
REST_SECONDS = 0.01  # after a turn, while others of the same level wait


class CpuLease:
    """A lock that threads and processes share.  path: None for this process alone."""

    def __init__(self, path: Path | None = None) -> None:
        self._state = threading.Lock()
        self._waiting: Counter[int] = Counter()  # threads of this process, by level
        self._holder: int | None = None  # the thread
        self._rested = 0.0
        self._turn: int | None = None
        self._signs: list[_Sign] = []
        if path is not None and fcntl is not None:
            self._turn = _opened(path)
            self._signs = [_Sign(path.with_name(f"{path.name}.{number}")) for number in range(LEVELS)]

    def __enter__(self) -> None:
        mine = min(max(urgency.get(), 0), LEVELS - 1)
        with self._state:
            self._waiting[mine] += 1
            if self._waiting[mine] == 1 and self._signs:
                self._signs[mine].show()
        try:
            while not self._taken(mine):
                time.sleep(LOOK_SECONDS)
        finally:
            with self._state:
                self._waiting[mine] -= 1
                if not self._waiting[mine] and self._signs:
                    self._signs[mine].hide()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._state:
            if self._turn is not None:
                fcntl.flock(self._turn, fcntl.LOCK_UN)
            self._holder, self._rested = None, time.monotonic() + REST_SECONDS

    def pause(self) -> None:
        """Between two slices of long work: whoever is more urgent goes first.  Nothing for who does not hold it."""
        if self._holder != threading.get_ident():
            return
        mine = min(max(urgency.get(), 0), LEVELS - 1)
        with self._state:
            wanted = self._wanted_before(mine)
        if wanted:
            self.__exit__(None, None, None)
            self.__enter__()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For its holder: a while that takes one core at most, in which others may have their turn."""
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.__enter__()

    def _taken(self, mine: int) -> bool:
        with self._state:
            if self._holder is not None or self._wanted_before(mine):
                return False
            if self._signs and time.monotonic() < self._rested and self._signs[mine].shown_by_others():
                return False
            if self._turn is not None:
                try:
                    fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
            self._holder = threading.get_ident()
        return True

    def _wanted_before(self, mine: int) -> bool:
        """Whether anybody waits who is more urgent, here or in another process."""
        if any(self._waiting[number] for number in range(mine)):
            return True
        return any(sign.shown_by_others() for sign in self._signs[:mine])


class _Sign:
    """A file of one level: locked by those who wait."""

    def __init__(self, path: Path) -> None:
        self._file, self._look, self._shown = _opened(path), _opened(path), False

    def show(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_SH)
        self._shown = True

    def hide(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._shown = False

    def shown_by_others(self) -> bool:
        if self._shown:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        try:
            fcntl.flock(self._look, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            fcntl.flock(self._look, fcntl.LOCK_UN)
            return False
        finally:
            if self._shown:
                fcntl.flock(self._file, fcntl.LOCK_SH)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
