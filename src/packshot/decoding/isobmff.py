"""The boxes of an AVIF: how the colours of its main picture are coded.  ISO/IEC 14496-12 and 23000-22."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress

_DEEPEST_META = 1 << 22  # bytes


def colour_numbers(content: bytes) -> tuple[int, int] | None:
    """Primaries and transfer of the main picture's nclx; None where it has none."""
    with suppress(struct.error, IndexError):
        meta = next(body for kind, body in _boxes(content[:_DEEPEST_META]) if kind == b"meta")[4:]
        inside = dict(_boxes(meta))
        main = _main_item(inside.get(b"pitm", b""))
        properties = dict(_boxes(inside[b"iprp"])) if b"iprp" in inside else {}
        known = list(_boxes(properties.get(b"ipco", b"")))
        for index in _properties_of(main, properties.get(b"ipma", b"")):
            kind, body = known[index - 1] if 0 < index <= len(known) else (b"", b"")
            if kind == b"colr" and body[:4] == b"nclx":
                primaries, transfer = struct.unpack_from(">HH", body, 4)
                return primaries, transfer
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", content, at + 8)[0], 16
        end = len(content) if size == 0 else at + size
        if end < at + head:
            return
        yield kind, content[at + head : end]
        at = end


def _main_item(pitm: bytes) -> int:
    return int(struct.unpack_from(">I" if pitm[0] else ">H", pitm, 4)[0])


def _properties_of(item: int, ipma: bytes) -> list[int]:
    version, flags = ipma[0], ipma[3]
    at = 8
    for _ in range(struct.unpack_from(">I", ipma, 4)[0]):
        (id,) = struct.unpack_from(">I" if version else ">H", ipma, at)
        at += 4 if version else 2
        count = ipma[at]
        at += 1
        wide = bool(flags & 1)
        stored = struct.unpack_from(f">{count}{'H' if wide else 'B'}", ipma, at)
        at += count * (2 if wide else 1)
        if id == item:
            return [one & (0x7FFF if wide else 0x7F) for one in stored]
    return []
