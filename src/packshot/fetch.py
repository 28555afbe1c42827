"""Download one photo from an address that a user typed, without being turned against the network this runs in.

A server that fetches what strangers name can be aimed at its own cloud's metadata, a printer, a database (SSRF).  So
every connection goes to an address that was checked, and redirects are followed by hand, each hop checked alike.

It speaks through httpcore, the engine of httpx, over the connections of `packshot.pinned`.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Iterable

import httpcore
import httpx

from packshot.errors import (
    BadInput,
    DamagedFile,
    FetchFailed,
    PackshotError,
    TooLarge,
    UnsafeInput,
    UnsupportedFormat,
)
from packshot.pinned import Address, Pinned, is_public, seconds_left
from packshot.settings import Limits

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRY_LATER = frozenset({408, 425, 429})
_HEADERS: dict[bytes | str, bytes | str] = {
    "User-Agent": "packshot",
    "Accept": "image/avif,image/webp,image/*,*/*;q=0.5",
    "Accept-Encoding": "identity",  # photos hardly shrink, and an encoded body could unpack to any size
}
# text/plain and application/octet-stream are let through: servers send them for photos whose suffix they do not know.
_NOT_A_PHOTO = {
    "text/html": "a web page",
    "application/xhtml+xml": "a web page",
    "application/json": "a text for programs (JSON)",
    "text/csv": "a table (CSV)",
    "text/xml": "a text for programs (XML)",
    "application/xml": "a text for programs (XML)",
    "application/pdf": "a PDF",
    "application/zip": "a ZIP archive",
}
_HOST_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


def label(url: str) -> str:
    """Host and path, for a person to read: no credentials, no query, where shops keep their signatures and keys."""
    try:
        parsed = httpx.URL(url.strip())
        port = f":{parsed.port}" if parsed.port is not None else ""
        shown = f"{parsed.host}{port}{parsed.path}"
    except (httpx.InvalidURL, ValueError):
        # Nobody knows where the host begins: what stands before an @ may be a password, so it goes.
        shown = re.split(r"[?#]", url.strip().rpartition("@")[2], maxsplit=1)[0]
        shown = re.sub(r"(?i)^https?:/*", "", shown)
    return "".join(letter if letter.isprintable() else "�" for letter in shown)


def check_url(url: str) -> httpx.URL:
    """Parse an address and refuse what can be refused by its words alone: no name is looked up.

    Raises UnsafeInput (not http(s), a password in it, a number in disguise as host), BadInput (not an address).
    """
    try:
        parsed = httpx.URL(url.strip())
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise BadInput("this is not a web address.", subject=label(url), remedy=_ADDRESS_REMEDY) from None
    if parsed.scheme not in ("http", "https"):
        words = (
            f"addresses that begin with {parsed.scheme}: are not fetched." if parsed.scheme else "no https:// in it."
        )
        raise UnsafeInput(words, subject=label(url), remedy=_ADDRESS_REMEDY)
    if parsed.userinfo:
        raise UnsafeInput(
            "the address holds a user name or password.",
            subject=label(url),
            remedy="Use an address that anyone may open, or download the photo and give the file.",
        )
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise BadInput("the port in the address does not exist.", subject=label(url), remedy=_ADDRESS_REMEDY)
    _check_host(host, subject=label(url))
    return parsed


def fetch(url: str, *, limits: Limits, allow: Callable[[Address], bool] = is_public) -> bytes:
    """The bytes of one photo.  They may still be no photo: the decoder judges that.

    url: http or https.  allow: which addresses may be connected to; tests and a closed network pass their own.
    At most limits.photo_bytes are read, in at most limits.fetch_seconds for everything: names, redirects, body.
    Raises UnsafeInput, TooLarge, UnsupportedFormat, DamagedFile, BadInput; FetchFailed where a retry may help.
    """
    deadline = time.monotonic() + limits.fetch_seconds
    subject = label(url)
    target = check_url(url)
    try:
        with httpcore.ConnectionPool(network_backend=Pinned(allow, deadline=deadline)) as pool:
            for _ in range(MAX_REDIRECTS + 1):
                with pool.stream("GET", _core_url(target), headers={**_HEADERS, "Host": _host(target)}) as response:
                    headers = {_text(name).lower(): _text(value) for name, value in response.headers}
                    if response.status in _REDIRECTS and "location" in headers:
                        target = _next_hop(target, headers["location"])
                        continue
                    _check_head(response.status, headers, limits)
                    return _body(response.iter_stream(), limits.photo_bytes, deadline)
            raise BadInput(
                f"the address was passed on more than {MAX_REDIRECTS} times.",
                remedy="Open it in a browser and copy the address of the picture itself.",
            )
    except PackshotError as error:
        # Errors of a later hop or of the network layer do not know what the user typed.
        raise type(error)(error.problem, subject=subject, remedy=error.remedy or _CLOSED_REMEDY) from error
    except httpcore.TimeoutException:
        raise FetchFailed(
            f"the photo did not arrive within {limits.fetch_seconds:g} seconds.",
            subject=subject,
            remedy="Try again, or download it and give the file.",
        ) from None
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise FetchFailed(
            "the connection failed or broke off.",
            subject=subject,
            remedy="Check that the address opens in a browser, then try again.",
        ) from error


_CLOSED_REMEDY = "Use an address that opens from anywhere, or download the photo and give the file."
_ADDRESS_REMEDY = "Give an address that begins with https://, such as https://shop.example/shoe.jpg."


def _check_host(host: str, *, subject: str) -> None:
    """Only a canonical IP address or a plain name: 127.1, 0x7f.1 and 2130706433 all mean 127.0.0.1 to a resolver."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.removesuffix(".").rpartition(".")[2]
        if _HOST_NAME.fullmatch(host) and not _NUMBER.fullmatch(last):
            return
    else:
        if "%" not in host:  # a zone (fe80::1%eth0) names a network card of this machine
            return
    raise UnsafeInput("the host in the address is not a plain name.", subject=subject, remedy=_ADDRESS_REMEDY)


def _next_hop(target: httpx.URL, location: str) -> httpx.URL:
    try:
        return check_url(str(target.join(location)))
    except UnsafeInput as error:
        raise UnsafeInput(f"it leads on to {error.subject}: {error.problem}", remedy=error.remedy) from None
    except (BadInput, httpx.InvalidURL, ValueError):
        raise BadInput("it leads on to something that is not a web address.", remedy=_ADDRESS_REMEDY) from None


def _check_head(status: int, headers: dict[str, str], limits: Limits) -> None:
    """Refuse by status, length, encoding and kind, before any of the body is read."""
    if status in _RETRY_LATER or status >= 500:
        raise FetchFailed(f"the server could not send it now (status {status}).", remedy="Try again in a few minutes.")
    if status in (401, 403, 407):
        raise BadInput(
            f"the server does not give it to everyone (status {status}).",
            remedy="Make the picture public, or download it and give the file.",
        )
    if status in (404, 410):
        raise BadInput(f"there is nothing at this address (status {status}).", remedy="Check it for a typing mistake.")
    if status != 200:
        raise BadInput(f"the server sent no photo (status {status}).", remedy="Open the address in a browser to see.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    thing = _NOT_A_PHOTO.get(kind) or {"video": "a video", "audio": "a sound"}.get(kind.partition("/")[0])
    if thing:
        raise UnsupportedFormat(
            f"the address leads to {thing}, not to a photo.",
            remedy="In a browser, right-click the picture and copy the image's address.",
        )
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise BadInput("the server sends it compressed.", remedy="Download the photo and give the file.")
    length = headers.get("content-length", "").strip()
    if length.isascii() and length.isdigit() and int(length[:20]) > limits.photo_bytes:
        raise _too_large(limits.photo_bytes)


def _body(chunks: Iterable[bytes], limit: int, deadline: float) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
        seconds_left(deadline)
    if not body:
        raise DamagedFile("the server sent an empty file.", remedy="Check the picture at its source.")
    return bytes(body)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the photo is larger than {limit / 2**20:g} MB.", remedy="Export it smaller, or as JPEG.")


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _text(header: bytes) -> str:
    return header.decode("utf-8", "replace")
