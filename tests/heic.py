"""A HEIC file made by hand: nothing here can encode HEVC, but HEVC has a mode that carries plain samples.

Each 16 × 16 block is one I_PCM coding unit (ITU-T H.265, 7.3.8.5 and 9.3.2.6), so what is decoded is exact; around it
lies the smallest HEIF container (ISO/IEC 23008-12).
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
# Range of the less probable symbol for the first states of a context, H.265 table 9-52; no picture here needs more.
_LPS = (
    (128, 176, 208, 240), (128, 167, 197, 227), (128, 158, 187, 216), (123, 150, 178, 205), (116, 142, 169, 195),
    (111, 135, 160, 185), (105, 128, 152, 175), (100, 122, 144, 166), (95, 116, 137, 158), (90, 110, 130, 150),
    (85, 104, 123, 142), (81, 99, 117, 135), (77, 94, 111, 128), (73, 89, 105, 122), (69, 85, 100, 116),
    (66, 80, 95, 110),
)  # fmt: skip


def heic(rgb: NDArray[np.uint8], *, exif: bytes = b"", quarter_turns: int = 0) -> bytes:
    """A HEIC of (H, W, 3) sRGB, both sides multiples of 16 and at most 16 blocks.

    exif: a TIFF block, kept as an item.  quarter_turns: the container's own rotation, anticlockwise.
    """
    height, width = rgb.shape[:2]
    video, sequence, picture = _video_parameters(), _sequence_parameters(width, height), _picture_parameters()
    slice_nal = _slice(rgb)
    coded = struct.pack(">I", len(slice_nal)) + slice_nal
    extra = struct.pack(">I", 0) + exif if exif else b""
    arrays = b"".join(
        struct.pack(">BHH", 0x80 | kind, 1, len(nal)) + nal
        for kind, nal in ((32, video), (33, sequence), (34, picture))
    )
    setup = bytes([1, 1]) + struct.pack(">I", 0x70000000) + bytes([0x90, 0, 0, 0, 0, 0, 30])
    setup += bytes([0xF0, 0, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0, 0x0F, 3]) + arrays
    properties = [
        _box(b"hvcC", setup),
        _box(b"ispe", struct.pack(">III", 0, width, height)),
        _box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 6, 0x80)),  # sRGB, BT.601 matrix, full range
    ]
    uses = [0x81, 2, 3]
    if quarter_turns:
        properties.append(_box(b"irot", bytes([quarter_turns])))
        uses.append(0x84)
    items = [(1, b"hvc1", len(coded))] + ([(2, b"Exif", len(extra))] if extra else [])
    brands = _box(b"ftyp", b"heic" + struct.pack(">I", 0) + b"mif1heic")
    at = 0
    for _ in range(2):  # the second time with the true offsets
        places, where = b"", at
        for id, _kind, length in items:
            places += struct.pack(">HHHII", id, 0, 1, where, length)
            where += length
        meta = _full(b"hdlr", struct.pack(">I", 0) + b"pict" + bytes(13))
        meta += _full(b"pitm", struct.pack(">H", 1))
        meta += _full(b"iloc", struct.pack(">HH", 0x4400, len(items)) + places)
        names = b"".join(_full(b"infe", struct.pack(">HH", id, 0) + kind + b"\0", version=2) for id, kind, _ in items)
        meta += _full(b"iinf", struct.pack(">H", len(items)) + names)
        if extra:
            meta += _full(b"iref", _box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
        links = _full(b"ipma", struct.pack(">IHB", 1, 1, len(uses)) + bytes(uses))
        meta += _box(b"iprp", _box(b"ipco", b"".join(properties)) + links)
        head = brands + _full(b"meta", meta)
        at = len(head) + 8
    return head + _box(b"mdat", coded + extra)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def _full(kind: bytes, content: bytes, *, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24) + content)


# --- the bit stream ---


class _Bits:
    def __init__(self) -> None:
        self.bits: list[int] = []

    def u(self, count: int, value: int) -> _Bits:
        self.bits += [(value >> i) & 1 for i in reversed(range(count))]
        return self

    def ue(self, *values: int) -> _Bits:
        """Exp-Golomb, unsigned; 0 is also 0 signed."""
        for value in values:
            length = (value + 1).bit_length()
            self.u(2 * length - 1, value + 1)
        return self

    def padded(self) -> bytes:
        bits = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(int("".join(map(str, bits[i : i + 8])), 2) for i in range(0, len(bits), 8))

    def ended(self) -> bytes:
        return self.u(1, 1).padded()


def _nal(kind: int, payload: bytes) -> bytes:
    out, zeros = bytearray(), 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes([kind << 1, 1]) + bytes(out)


def _profile(bits: _Bits) -> _Bits:
    return bits.u(8, 1).u(32, 0x70000000).u(4, 0b1001).u(44, 0).u(8, 30)


def _video_parameters() -> bytes:
    bits = _profile(_Bits().u(4, 0).u(2, 3).u(6, 0).u(3, 0).u(1, 1).u(16, 0xFFFF))
    return _nal(32, bits.u(1, 1).ue(0, 0, 0).u(6, 0).ue(0).u(2, 0).ended())


def _sequence_parameters(width: int, height: int) -> bytes:
    bits = _profile(_Bits().u(4, 0).u(3, 0).u(1, 1)).ue(0, 1, width, height).u(1, 0).ue(0, 0, 0)
    bits.u(1, 1).ue(0, 0, 0).ue(1, 0, 0, 2, 0, 0)  # coding block 16, transform 4 … 16
    bits.u(3, 0).u(1, 1).u(4, 7).u(4, 7).ue(1, 0).u(1, 1)  # PCM: 8 bits, 16 × 16, no loop filter
    return _nal(33, bits.ue(0).u(5, 0).ended())


def _picture_parameters() -> bytes:
    bits = _Bits().ue(0, 0).u(7, 0).ue(0, 0, 0).u(3, 0).ue(0, 0).u(7, 0)
    return _nal(34, bits.u(3, 0b101).u(2, 0).ue(0).u(2, 0).ended())  # deblocking off


class _Arithmetic:
    """H.265, 9.3.4: only what a slice of PCM blocks needs."""

    def __init__(self, out: list[int]) -> None:
        self.out, self.state = out, 0
        self.start()

    def start(self) -> None:
        self.low, self.range, self.first, self.waiting = 0, 510, True, 0

    def likely(self) -> None:
        """One bin of the context's more probable value."""
        self.range -= _LPS[self.state][(self.range >> 6) & 3]
        self.state += 1
        self._renormalise()

    def terminate(self, *, ends: bool) -> None:
        self.range -= 2
        if ends:
            self.low += self.range
            self.range = 2
        self._renormalise()
        if ends:
            self._put((self.low >> 9) & 1)
            self.out += [(self.low >> 8) & 1, 1]

    def _put(self, bit: int) -> None:
        if self.first:
            self.first = False
        else:
            self.out.append(bit)
        self.out += [1 - bit] * self.waiting
        self.waiting = 0

    def _renormalise(self) -> None:
        while self.range < 256:
            if self.low < 256:
                self._put(0)
            elif self.low >= 512:
                self.low -= 512
                self._put(1)
            else:
                self.low -= 256
                self.waiting += 1
            self.range, self.low = self.range << 1, self.low << 1


def _slice(rgb: NDArray[np.uint8]) -> bytes:
    height, width = rgb.shape[:2]
    luma, blue, red = _ycc(rgb)
    bits = _Bits().u(2, 0b10).ue(0, 2).ue(0).u(1, 1)
    bits.bits += [0] * (-len(bits.bits) % 8)
    coder = _Arithmetic(bits.bits)
    blocks = [(y, x) for y in range(0, height, BLOCK) for x in range(0, width, BLOCK)]
    for y, x in blocks:
        coder.likely()  # part_mode: one block
        coder.terminate(ends=True)  # pcm_flag
        bits.bits += [0] * (-len(bits.bits) % 8)
        for plane, step in ((luma, 1), (blue, 2), (red, 2)):
            part = plane[y // step : (y + BLOCK) // step, x // step : (x + BLOCK) // step]
            for sample in part.ravel():
                bits.u(8, int(sample))
        coder.start()
        coder.terminate(ends=(y, x) == blocks[-1])
    return _nal(20, bits.padded())


def _ycc(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """BT.601, full range, chroma at half size."""
    r, g, b = np.moveaxis(rgb.astype(np.float64), -1, 0)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    planes = y, 128 + (b - y) / 1.772, 128 + (r - y) / 1.402
    half = [p.reshape(p.shape[0] // 2, 2, p.shape[1] // 2, 2).mean(axis=(1, 3)) for p in planes[1:]]
    y8, b8, r8 = (np.clip(np.round(p), 0, 255).astype(np.uint8) for p in (planes[0], *half))
    return y8, b8, r8
