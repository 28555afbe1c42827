"""What a request's body may cost: a limit for each route, and a refusal that reaches whoever is still sending.

FastAPI counts bytes against `max_body_size` of a route or a router, whatever the body says that it is. Routes that read
an upload as it arrives, against limits of their own, are `STREAMED`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.types import Message, Receive, Scope

from packshot.errors import TooLarge

JSON_BYTES = 2**20
OPEN_BYTES = 64 * 2**10  # for routes that anybody may call
LIST_BYTES = 8 * 2**20  # for lists of many thousand ids or addresses, read after it is known who sends them
STREAMED = 2**50
# A body's rest of this size is left to the server, which drops it; for more, the connection ends with the answer.
_SMALL_BYTES = 64 * 2**10
# Closing on somebody who still sends takes away what was answered: it is read and dropped first, for so long.
_LINGER_SECONDS = 5.0


class IncomingBody:
    """A request's body on its way in, with what is left of it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        self._receive = receive
        self._left = int(length) if length.isdigit() and len(length) < 20 else None
        self._ended = not self._left and "transfer-encoding" not in headers

    async def receive(self) -> Message:
        message = await self._receive()
        if self._left is not None:
            self._left -= len(message.get("body", b""))
        self._ended = self._ended or not message.get("more_body", False)
        return message

    @property
    def much_is_left(self) -> bool:
        return not self._ended and (self._left is None or self._left > _SMALL_BYTES)

    async def drop(self) -> None:
        """Read the rest and drop it, until its sender ends or leaves."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while not self._ended:
                    await self.receive()


def too_large(scope: Scope) -> TooLarge:
    """The refusal of a body over the route's limit."""
    return _too_large(scope.get(MAX_BODY_SIZE_SCOPE_KEY, JSON_BYTES))


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"a request to this address holds {limit // 2**10} KiB at most.", subject="body", remedy="Send less at once."
    )


def capped(receive: Receive, limit: int) -> Receive:
    """`receive`, which raises TooLarge past so many bytes."""
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_large(limit)
        return message

    return counted
