"""The process that touches pixels: spawned once, long-lived, watched. Hostile files are decoded in there alone.

The parent keeps the queue's lock and the database; the child does the work on threads of its own. A child that grows
over its limit, or that a signal ends, counts as out of memory: its work fails, a new child takes the next.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import signal
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import psutil
import structlog

from packshot import errors
from packshot.catalog.tasks import PixelTask, Result
from packshot.cpu_lease import urgency
from packshot.errors import Fault, OutOfMemory, PackshotError, StoreAway
from packshot.service import layer_cache
from packshot.settings import Settings, granted_memory_bytes
from packshot.store import Store

log = structlog.get_logger(__name__)
WATCH_SECONDS = 0.5
END_SECONDS = 5.0  # a killed process is gone at once, unless the system itself hangs


class PixelProcess:
    """A pixel process.  concurrency: how many calls it works on at once.  nice: how far it steps back for others."""

    def __init__(self, settings: Settings, *, concurrency: int, nice: int = 0) -> None:
        self._settings, self._concurrency, self._nice = settings, concurrency, nice
        Store(settings.store)  # made here, once: if its folder is gone later, its disk is away
        self._limit = settings.worker_memory_bytes or granted_memory_bytes() // 2
        self._ids = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._process: Any = None
        self._pipe: Connection | None = None
        self._starting = asyncio.Lock()
        self._sending = threading.Lock()
        self._watcher: asyncio.Task[None] | None = None
        self._over_limit = False
        self._closed = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def do(self, task: PixelTask[Result]) -> Result:
        """Do one task.  Raises what it raised; OutOfMemory where the process did not survive it."""
        async with self._starting:
            if self._pipe is None:
                await self._start()
        number, answer = next(self._ids), asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            with self._sending:
                assert self._pipe is not None
                self._pipe.send((number, urgency.get(), task))
        except (OSError, AssertionError):
            self._waiting.pop(number, None)
            raise OutOfMemory("the pixel process ended before it took the work.", remedy="Try again.") from None
        result: Result = await answer
        return result

    def stop(self) -> None:
        """End it at once; whoever waits for an answer gets OutOfMemory.  The last process here frees the memory."""
        self._closed = True
        if self._watcher is not None:
            self._watcher.cancel()
        if self._process is not None:
            self._process.kill()
            self._process.join(END_SECONDS)
            layer_cache.free(layer_cache.layer_folder(self._settings))

    async def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, self._settings, self._concurrency, self._nice)
        process = context.Process(target=_main, args=arguments, name="pixels", daemon=True)
        loop = asyncio.get_running_loop()
        # What killed processes left, if nobody uses it.
        await loop.run_in_executor(None, layer_cache.free, layer_cache.layer_folder(self._settings))
        await loop.run_in_executor(None, process.start)
        theirs.close()
        self._process, self._pipe, self._over_limit = process, ours, False
        reader = threading.Thread(target=self._read, args=(ours, process, loop), name="pixels-answers", daemon=True)
        reader.start()
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch())

    def _read(self, pipe: Connection, process: Any, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(EOFError, OSError):
            while True:
                number, ok, value = pipe.recv()
                loop.call_soon_threadsafe(self._answer, number, ok, value)
        process.join()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(self._ended, pipe, process)

    def _answer(self, number: int, ok: bool, value: Any) -> None:
        answer = self._waiting.pop(number, None)
        if answer is None or answer.done():
            return
        if ok:
            answer.set_result(value)
        else:
            answer.set_exception(_rebuilt(value))

    def _ended(self, pipe: Connection, process: Any) -> None:
        pipe.close()
        if pipe is not self._pipe:
            return
        self._pipe = None
        waiting, self._waiting = self._waiting, {}
        if not self._closed:
            log.warning("pixels.ended", exit=process.exitcode, over_limit=self._over_limit, lost=len(waiting))
        words = (
            f"it took more memory than the {self._limit / 2**30:.1f} GiB it may have"
            if self._over_limit
            else f"the pixel process was ended by signal {-process.exitcode}"
            if (process.exitcode or 0) < 0
            else "the pixel process ended"
        )
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(
                    OutOfMemory(
                        f"{words}.", remedy="It is tried again with a smaller picture; or scale the photo down."
                    )
                )

    async def _watch(self) -> None:
        while not self._closed:
            await asyncio.sleep(WATCH_SECONDS)
            with suppress(psutil.Error, AttributeError):
                if self._pipe is not None and psutil.Process(self._process.pid).memory_info().rss > self._limit:
                    self._over_limit = True
                    self._process.kill()


# --- inside the child ---


def _main(pipe: Connection, settings: Settings, concurrency: int, nice: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when it ends
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if nice:
        os.nice(nice)
    import warnings

    from packshot import logs
    from packshot.models.local import prepare_process
    from packshot.service import pixel_tasks
    from packshot.service.pixel_tasks.context import PixelContext

    logs.configure()
    warnings.filterwarnings("ignore", module="PIL")
    prepare_process()
    context, sending = PixelContext(settings, make_store=False), threading.Lock()

    def work(number: int, how_urgent: int, task: PixelTask[Any]) -> None:
        urgency.set(how_urgent)
        try:
            answer = (number, True, pixel_tasks.do(context, task))
        except MemoryError:
            answer = (number, False, ("OutOfMemory", "not enough memory for this picture.", "", "Scale it down.", ""))
        except StoreAway as away:
            answer = (number, False, (StoreAway.__name__, str(away), "", "", ""))
        except PackshotError as error:
            answer = (number, False, (type(error).__name__, error.problem, error.subject, error.remedy, ""))
        except Exception as fault:  # one picture's bug must not take the process with it
            words = f"Packshot itself failed ({type(fault).__name__}: {fault})."
            answer = (number, False, ("Fault", words, "", "Please report this.", traceback.format_exc()))
        with sending:
            pipe.send(answer)

    with ThreadPoolExecutor(concurrency, thread_name_prefix="pixels") as pool:
        while True:
            try:
                number, how_urgent, task = pipe.recv()
            except (EOFError, OSError):
                os._exit(0)  # the parent is gone: what is half done is done again by somebody else
            pool.submit(work, number, how_urgent, task)


def _rebuilt(parts: tuple[str, str, str, str, str]) -> PackshotError | StoreAway:
    name, problem, subject, remedy, stack = parts
    if name == StoreAway.__name__:
        return StoreAway(problem)
    kind = getattr(errors, name, PackshotError)
    error: PackshotError = kind(problem, subject=subject, remedy=remedy)
    if isinstance(error, Fault):
        error.stack = stack
    return error
