"""What a file is, by its first bytes."""

from __future__ import annotations

READS = "JPEG, PNG, WebP, AVIF, HEIC, TIFF or a camera's raw file"
PICTURES = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "RAW")
_RAW = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")  # RAF, ORF, RW2; the others are TIFFs


def sniff(head: bytes) -> str:
    """The type of a file by its first bytes: one of PICTURES, or words for what it is instead."""
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(_RAW) or head[8:11] == b"CR\2":
        return "RAW"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[4:8] == b"ftyp":
        return _by_brand({head[i : i + 4] for i in range(8, min(int.from_bytes(head[:4], "big"), len(head), 64), 4)})
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, word in (
        (b"<svg", "SVG"), (b"<?xml", "SVG or other XML"), (b"<!doctype", "a web page"), (b"<html", "a web page"),
        (b"gif8", "GIF"), (b"bm", "BMP"), (b"%pdf", "PDF"), (b"pk\x03\x04", "ZIP"), (b"8bps", "Photoshop"),
        (b"\x00\x00\x01\x00", "an icon"), (b"\xff\x0a", "JPEG XL"), (b"\x00\x00\x00\x0cjxl", "JPEG XL"),
    ):  # fmt: skip
        if text.startswith(start) or head.startswith(start):
            return word
    return "text" if head and all(b in b"\t\r\n" or 32 <= b < 127 for b in head) else "unknown"


def _by_brand(brands: set[bytes]) -> str:
    if brands & {b"crx "}:
        return "RAW"
    if brands & {b"avif"}:
        return "AVIF"
    if brands & {b"avis", b"hevc", b"msf1"} and not brands & {b"heic", b"heix", b"mif1"}:
        return "an image sequence"
    if brands & {b"heic", b"heix", b"heim", b"heis", b"mif1"}:
        return "HEIF"
    return "a video"
