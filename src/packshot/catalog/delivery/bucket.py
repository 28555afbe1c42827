"""A bucket of somebody's own: files are put into it over connections that go to checked addresses, and nowhere else.

obstore signs each request; it has no way to choose the address that a name leads to, so httpcore sends it.
"""

from __future__ import annotations

import asyncio
import queue
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import httpcore
import obstore

from packshot.errors import BadInput, BadOption, FetchFailed, UnsafeInput
from packshot.pinned import Address, Pinned

Method = Literal["PUT", "DELETE"]
PROBE = "packshot-test.txt"
TRIES = 4
SEND_SECONDS = 120.0  # for one try of one file
_SIGNED_FOR = timedelta(minutes=15)
_ANSWER_BYTES = 64 * 2**10
PRIVATE_REMEDY = "Whoever runs this installation can allow it (PACKSHOT_PRIVATE_ENDPOINTS)."
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class _Line:
    """Connections for one request at a time, which share its deadline."""

    backend: Pinned
    pool: httpcore.ConnectionPool


class Bucket:
    """Writes to one bucket, with errors in words. What the server answers is not passed on: it is a stranger's.

    signer: an S3Store.  allow: the addresses that may be connected to.
    """

    def __init__(self, signer: Any, name: str, *, allow: Callable[[Address], bool]) -> None:
        self._signer, self._name, self._allow = signer, name, allow
        self._free: queue.LifoQueue[_Line] = queue.LifoQueue()

    async def put(self, path: str, content: bytes) -> None:
        """Raises BadOption where trying again is no use, FetchFailed where it may be, UnsafeInput."""
        self._check(await self._send("PUT", path, content))

    async def probe(self) -> None:
        """Write a small file and take it away again.  Raises as `put` does, BadInput where it stays."""
        await self.put(PROBE, b"Packshot can write here.\n")
        if await self._send("DELETE", PROBE) not in (200, 204):
            raise BadInput(
                f"it can be written to, but {PROBE} could not be deleted.", subject=self._name,
                remedy="Deliveries work all the same; delete the file by hand.",
            )  # fmt: skip

    def close(self) -> None:
        while not self._free.empty():
            self._free.get_nowait().pool.close()

    async def _send(self, method: Method, path: str, content: bytes = b"") -> int:
        """The status of the answer, after more tries where the server is busy or the connection breaks off."""
        for number in range(TRIES):
            if number:
                await asyncio.sleep(random.uniform(0.5, 1.0) * 2 ** (number - 1))
            try:
                status = await asyncio.to_thread(self._once, method, path, content)
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
                continue
            if status not in _LATER:
                return status
        raise FetchFailed(
            f"the bucket's server did not answer as it should in {TRIES} tries.", subject=self._name,
            remedy="Check its address, name and key, then try again.",
        )  # fmt: skip

    def _once(self, method: Method, path: str, content: bytes) -> int:
        signed = urlsplit(obstore.sign(self._signer, method, path, _SIGNED_FOR))
        host, port = signed.hostname or "", signed.port
        url = httpcore.URL(scheme=signed.scheme, host=host, port=port, target=f"{signed.path}?{signed.query}")
        headers = [("Host", signed.netloc), ("Content-Length", str(len(content))), ("User-Agent", "packshot")]
        try:
            line = self._free.get_nowait()
        except queue.Empty:
            backend = Pinned(self._allow, deadline=0.0)
            line = _Line(backend, httpcore.ConnectionPool(network_backend=backend))
        line.backend.deadline = time.monotonic() + SEND_SECONDS
        try:
            # Redirects are not followed: what was signed is for this server.
            with line.pool.stream(method, url, headers=headers, content=content) as response:
                read = 0
                for piece in response.iter_stream():
                    read += len(piece)
                    if read > _ANSWER_BYTES:
                        break
                return response.status
        except UnsafeInput as refused:
            raise UnsafeInput(
                refused.problem, subject=self._name, remedy=refused.remedy or PRIVATE_REMEDY
            ) from None  # fmt: skip
        except FetchFailed as away:
            raise FetchFailed(away.problem, subject=self._name, remedy=away.remedy) from None
        finally:
            self._free.put(line)

    def _check(self, status: int) -> None:
        if status in (200, 201, 204):
            return
        if status in (401, 403):
            raise BadOption(
                "the bucket does not let us write.", subject=self._name,
                remedy="Check the access key and that it may put objects.",
            )  # fmt: skip
        if status == 404 or 300 <= status < 400:
            raise BadOption("there is no such bucket.", subject=self._name, remedy="Check its name and region.")
        raise BadOption(
            f"the bucket's server does not take it (status {status}).", subject=self._name,
            remedy="Check the bucket's address, name and region.",
        )  # fmt: skip
