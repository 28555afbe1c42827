"""PNG: what is not the picture does not matter; 16 bits are kept where colours are coded by numbers.

PNG, third edition, W3C 2025.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from packshot.decoding.coded import Coding, by_gamma, by_numbers
from packshot.decoding.decoded import Levels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
# Of the chunks that a picture can do without, these are read; acTL, fcTL and fdAT tell an animation.
_READ = {b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"eXIf", b"acTL", b"fcTL", b"fdAT"}
_MAKES_COLOUR = {b"tRNS", b"gAMA", b"cHRM", b"cICP"}
_XMP = b"XML:com.adobe.xmp\0"
_LONGEST_XMP = 1 << 20
_MOST_CHUNKS = 200_000


@dataclass(frozen=True, slots=True)
class Chunks:
    """A PNG with what is needed of it, and what its chunks say."""

    content: bytes
    depth: int
    transparent: tuple[int, ...] = ()  # the one colour that tRNS makes transparent, by its levels
    coding: Coding | None = None
    without_profile: bool = False  # whether a profile is not to be applied, as numbers come before it
    notes: tuple[str, ...] = ()


def chunks(content: bytes) -> Chunks:
    """Raises ValueError for chunks that cannot be trusted."""
    kept, notes = [SIGNATURE], list[str]()
    said: dict[bytes, bytes] = {}
    for kind, body, sound in _chunks(content):
        optional = bool(kind[0] & 32)
        if optional and not (kind in _READ or (kind == b"iTXt" and body.startswith(_XMP) and len(body) < _LONGEST_XMP)):
            continue
        if optional and not sound:
            if kind == b"iCCP":
                notes.append("The colour profile in this file is damaged; its colours were read as sRGB.")
            if kind not in _MAKES_COLOUR:
                continue
        if not sound:
            raise ValueError(f"the check sum of {kind.decode('latin-1')} is wrong")
        kept.append(_made(kind, body))
        said.setdefault(kind, body)
    if b"IEND" not in said and b"IDAT" in said:
        kept.append(_END)  # rows that are missing are found out when they are decoded
    depth, colour = (said[b"IHDR"] + bytes(10))[8:10] if b"IHDR" in said else (8, 2)
    coding = _coding(said)
    return Chunks(
        b"".join(kept),
        depth,
        _transparent(said.get(b"tRNS", b""), colour),
        None if isinstance(coding, str) else coding,
        len(said.get(b"cICP", b"")) == 4 and not isinstance(coding, str),
        (*notes, coding) if isinstance(coding, str) else tuple(notes),
    )


def deep(png: Chunks) -> tuple[Levels, Levels | None]:
    """All levels of a PNG of 16 bits, and its alpha.  Raises RuntimeError for a damaged one."""
    bare = b"".join([SIGNATURE, *(_made(kind, body) for kind, body, _ in _chunks(png.content) if not kind[0] & 32)])
    levels: NDArray[np.uint16] = imagecodecs.png_decode(bare)
    if levels.ndim == 3 and levels.shape[2] in (2, 4):
        colours = np.ascontiguousarray(levels[..., 0] if levels.shape[2] == 2 else levels[..., :3])
        return colours, np.ascontiguousarray(levels[..., -1])
    levels = levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels
    if not png.transparent:
        return levels, None
    hidden = levels == np.array(png.transparent, np.uint16) if levels.ndim == 3 else levels == png.transparent[0]
    hidden = hidden.all(2) if hidden.ndim == 3 else hidden
    return levels, np.where(hidden, 0, 65_535).astype(np.uint16)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind, content, and whether the check sum fits; ends with the last chunk that is whole."""
    at = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(content):
            return
        size, kind = struct.unpack_from(">I4s", content, at)
        end = at + 8 + size
        if end + 4 > len(content):
            if not kind[0] & 32:
                yield kind, content[at + 8 :], True  # cut short: the decoder finds out whether rows are missing
            return
        body = content[at + 8 : end]
        yield kind, body, struct.unpack_from(">I", content, end)[0] == zlib.crc32(kind + body)
        if kind == b"IEND":
            return
        at = end + 4
    raise ValueError("it is cut into too many pieces")


def _made(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _coding(said: dict[bytes, bytes]) -> Coding | str | None:
    """By precedence: cICP, then a profile, then sRGB, then gAMA and cHRM (4.3)."""
    if len(said.get(b"cICP", b"")) == 4:
        return by_numbers(said[b"cICP"][0], said[b"cICP"][1])
    if b"iCCP" in said or b"sRGB" in said:
        return None
    gamma = chromaticities = None
    if len(said.get(b"gAMA", b"")) == 4:
        stored = struct.unpack(">I", said[b"gAMA"])[0]
        gamma = 100_000 / stored if stored else 0.0
    if len(said.get(b"cHRM", b"")) == 32:
        white, red, green, blue = (tuple(v / 100_000 for v in xy) for xy in struct.iter_unpack(">II", said[b"cHRM"]))
        chromaticities = ((red[0], red[1]), (green[0], green[1]), (blue[0], blue[1]), (white[0], white[1]))
    return by_gamma(gamma, chromaticities)


def _transparent(body: bytes, colour: int) -> tuple[int, ...]:
    count = {0: 1, 2: 3}.get(colour, 0)
    return struct.unpack(f">{count}H", body) if count and len(body) == 2 * count else ()
