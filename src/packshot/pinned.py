"""Connections to addresses that were checked, and to nothing else.

A name is resolved once, every answer must be allowed, and the connection goes to the very address that was checked: a
second look-up could answer differently (DNS rebinding).  The name stays in the Host header, in SNI and in the
certificate check.  Proxy variables (`HTTP_PROXY` …) are not read: a proxy would resolve the name again, unchecked.
Extra certificate authorities come from the system's store or `SSL_CERT_FILE`.

httpcore alone, the engine of httpx, lets the address be chosen and one deadline bound every read.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable

import httpcore

from packshot.errors import FetchFailed, UnsafeInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What `is_global` of Python 3.11 lets pass, or knows only in some patch versions (IANA special-purpose registries,
# as of 2026-01), and 168.63.129.16, where Azure answers its own machines from a public address.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(net)
    for net in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32")
)
_CLOSED_V6 = tuple(ipaddress.IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")  # the only space given out for public hosts, RFC 4291 and IANA
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: IPv4 behind the provider's translator


def is_public(address: Address) -> bool:
    """Whether an address is on the open internet; an IPv4 address inside IPv6 is judged as that IPv4 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in net for net in _CLOSED_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _UNICAST_V6 and address.is_global and not any(address in net for net in _CLOSED_V6)


def seconds_left(deadline: float) -> float:
    """Seconds until the deadline; raises httpcore.ReadTimeout past it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, as the system's resolver gives them.  Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _resolve_until(host: str, port: int, deadline: float) -> list[str]:
    """`resolve`, given up at the deadline: getaddrinfo itself knows none, and a dead name server takes it minutes."""
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    threading.Thread(target=ask, name="packshot-resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds_left(deadline))
    except queue.Empty:
        raise httpcore.ConnectTimeout("name look-up") from None
    if isinstance(answer, OSError) or not answer:
        raise FetchFailed(f"no server of the name {host} was found.", remedy="Check the address, then try again.")
    return answer


def checked_addresses(host: str, port: int, allow: Callable[[Address], bool], *, deadline: float) -> list[str]:
    """All addresses of a name.  Raises UnsafeInput where one is not allowed, FetchFailed where there is none."""
    answers = list(dict.fromkeys(_resolve_until(host, port, deadline)))
    # One closed address among public ones is refused too: which of them is connected to would be chance.
    if any("%" in answer or not allow(ipaddress.ip_address(answer)) for answer in answers):
        raise UnsafeInput(f"{host} is an address inside a private network, or not one on the internet.")
    return answers


class Pinned(httpcore.NetworkBackend):
    """Connects to addresses that are allowed.  deadline: of the request at work; set it anew for the next one."""

    def __init__(self, allow: Callable[[Address], bool], *, deadline: float) -> None:
        self.deadline = deadline
        self._allow, self._network = allow, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        answers = checked_addresses(host, port, self._allow, deadline=self.deadline)
        for left, answer in zip(range(len(answers), 1, -1), answers, strict=False):
            try:
                return self._connect(answer, port, seconds=seconds_left(self.deadline) / left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # such as IPv6 where only IPv4 has a route
        return self._connect(answers[-1], port, seconds=seconds_left(self.deadline))

    def _connect(self, address: str, port: int, *, seconds: float) -> httpcore.NetworkStream:
        return _Timed(self._network.connect_tcp(address, port, timeout=seconds), self)


class _Timed(httpcore.NetworkStream):
    """A connection on which nothing outlives the deadline: a server that drips a byte a second gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, backend: Pinned) -> None:
        self._stream, self._backend = stream, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=seconds_left(self._backend.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=seconds_left(self._backend.deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, seconds_left(self._backend.deadline))
        except httpcore.ConnectError as error:
            if not isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise
            raise UnsafeInput(
                f"the server cannot prove that it is {server_hostname}: its certificate does not hold.",
                remedy="Tell whoever runs the server.",
            ) from error
        return _Timed(stream, self._backend)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
