"""The photos of a ZIP archive.  It is never unpacked to disk, and everything in its headers is checked."""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from packshot.errors import BadInput, DamagedFile, PackshotError, TooLarge, UnsafeInput, UnsupportedFormat
from packshot.intake.encoding import Decoded, told
from packshot.intake.manifest import from_zip_manifest
from packshot.intake.naming import by_name
from packshot.intake.source import (
    PHOTOS,
    SHEETS,
    Listed,
    Load,
    Note,
    Refused,
    Source,
    check_size,
    clean,
    error_about,
    is_litter,
    not_a_photo,
    refuse,
    stem,
    suffix_of,
)
from packshot.intake.table import NO_MAP, ColumnMap
from packshot.settings import Limits

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")  # APPNOTE.TXT 6.3.10, 4.3.7
_LOCAL_MAGIC = b"PK\x03\x04"
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # APPNOTE.TXT 4.4.4: member, strong encryption, masked headers
_UTF8_NAME = 0x800
_UNICODE_PATH = 0x7075
_AGAIN = "Pack it with names in UTF-8, as 7-Zip and macOS do, or add a list."
_DIRECTORY_BYTES = 1024  # of the table of contents, a member: 46 and its name, with room for extras and comment
_CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class _Member:
    """inner: its path, with slashes, composed.  start: where its bytes are; None where its own header is broken."""

    info: zipfile.ZipInfo
    start: int | None
    inner: str
    is_folder: bool
    problem: str = ""  # of its name

    @property
    def parts(self) -> list[str]:
        return [part for part in PurePosixPath(self.inner).parts if not part.startswith("..")]


def from_zip(path: Path, name: str, limits: Limits, columns: ColumnMap = NO_MAP) -> Iterator[Listed]:
    """The archive's photos, each product's together, or as its own manifest lists them.

    Raises errors of the archive as a whole before anything is yielded.
    """
    load: dict[str, Load] = {}
    refused: dict[str, Refused] = {}
    members, notes = _members(_directory(path, limits))
    sheet = _manifest_among([member.inner for member in members if not member.is_folder])
    unsure: dict[str, str] = {}
    for member in sorted(members, key=lambda member: member.inner):
        info, inner = member.info, member.inner
        if is_litter(member.parts):
            continue
        error: PackshotError | None = _unsafe(member)
        if error is None:
            is_input = suffix_of(inner) in PHOTOS or inner == sheet or not_a_photo(inner) is not None
            if member.is_folder or not is_input:
                continue
            error = not_a_photo(inner) or _bad_member(info, member.start, limits)
        shown_name = f"{name}/{clean(inner)}"
        if inner in load or inner in refused:
            error = BadInput("the archive holds this name twice; only the first is taken.", remedy="Rename one.")
            refused[f"{inner} {info.header_offset}"] = refuse(shown_name, error)
        elif error is not None or member.start is None:
            refused[inner] = refuse(shown_name, error or DamagedFile("its entry in the archive is damaged."))
        else:
            load[inner] = partial(_unpack, path, shown_name, info, member.start)
            unsure[inner] = member.problem
    yield from (Note(name, words) for words in notes)
    if sheet in load:
        yield from from_zip_manifest(sheet, name, load, limits, columns)
    elif sheet in refused:  # without the manifest a photo's product is unknown
        refused = {sheet: refused[sheet]}
    elif load or refused:
        # A list says which product a photo is of; here its name does, so that its letters must be certain.
        for inner in load:
            if unsure[inner]:
                refused[inner] = refuse(f"{name}/{clean(inner)}", BadInput(unsure[inner], remedy=_AGAIN))
        named = [by_name(Source(f"{name}/{clean(inner)}", stem(inner), load=load[inner])) for inner in load
                 if not unsure[inner]]  # fmt: skip
        yield from sorted(named, key=lambda source: (source.sku, source.place, source.name))
    else:
        raise BadInput("there are no photos in this archive.", remedy="Pack JPEG, PNG, WebP, AVIF, HEIC or TIFF files.")
    yield from refused.values()


def _manifest_among(inners: list[str]) -> str:
    """The archive's own manifest: the only CSV at its top; "" where there is none, or more than one.

    An archive of a whole folder (as macOS makes them) has only that folder at its top: then the top is inside it.
    """
    inputs = [PurePosixPath(inner) for inner in inners if not is_litter(PurePosixPath(inner).parts)]
    tops = {path.parts[0] if len(path.parts) > 1 else "." for path in inputs}
    top = PurePosixPath(tops.pop() if len(tops) == 1 else ".")
    sheets = [str(path) for path in inputs if path.parent == top and path.suffix.lower() in SHEETS]
    return sheets[0] if len(sheets) == 1 else ""


def _directory(path: Path, limits: Limits) -> list[tuple[zipfile.ZipInfo, int | None]]:
    """Each member with where its bytes start (None where its own header is broken), in the archive's order.

    Raises DamagedFile, TooLarge or UnsafeInput for the archive as a whole, by its headers alone.
    """
    cap = _CHUNK * 2 + limits.zip_members * _DIRECTORY_BYTES
    try:
        with _CappedReads(path.open("rb", buffering=0), cap) as file, zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            if len(infos) > limits.zip_members:
                raise TooLarge(f"it holds more than {limits.zip_members} files.", remedy="Split it.")
            end_of_members = archive.start_dir
            if not all(0 <= info.header_offset < end_of_members for info in infos):
                raise zipfile.BadZipFile
            if sum(info.file_size for info in infos) > limits.zip_bytes:
                words = f"unpacked it would be larger than {limits.zip_bytes / 2**30:g} GB."
                raise TooLarge(words, remedy="Split it.")
            starts = [_data_start(file, info) for info in infos]
    except (zipfile.BadZipFile, NotImplementedError, UnicodeError, ValueError, struct.error, EOFError) as error:
        raise DamagedFile("this is not a ZIP archive, or it is damaged.", remedy="Pack it again.") from error
    reached = 0
    for first, last in sorted(
        (info.header_offset, (start or info.header_offset + _LOCAL_HEADER.size) + info.compress_size)
        for info, start in zip(infos, starts, strict=True)
    ):
        # A few shared bytes that many members claim unpack to petabytes (Fifield, "A better zip bomb", 2019).
        if first < reached or last > end_of_members:
            raise UnsafeInput(
                "its files lie over each other, as in a ZIP bomb or a damaged archive.", remedy="Pack it again."
            )
        reached = last
    return list(zip(infos, starts, strict=True))


class _CappedReads(io.BufferedReader):
    """A limit for zipfile, which reads the table of contents in one go, as long as the archive says it is."""

    def __init__(self, raw: io.FileIO, cap: int) -> None:
        super().__init__(raw)
        self._cap = cap

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._cap:
            raise TooLarge("its table of contents is far too long.", remedy="Split it into smaller archives.")
        return super().read(self._cap if size is None or size < 0 else size)


def _data_start(file: io.BufferedReader, info: zipfile.ZipInfo) -> int | None:
    """Where the member's bytes begin; None where its local header is not one, or is another file's."""
    file.seek(info.header_offset)
    head = file.read(_LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size:
        return None
    magic, _, flags, _, _, _, _, _, _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(head)
    name = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_NAME else "cp437")
    if magic != _LOCAL_MAGIC or file.read(name_bytes) != name or flags & _ENCRYPTED != info.flag_bits & _ENCRYPTED:
        return None
    return info.header_offset + _LOCAL_HEADER.size + int(name_bytes) + int(extra_bytes)


# --- names ---


def _members(directory: list[tuple[zipfile.ZipInfo, int | None]]) -> tuple[list[_Member], list[str]]:
    """The members with their names, and how those were read where a person should look at it."""
    unsaid = [_raw_name(info) for info, _ in directory if _unicode_name(info) is None]
    notes, told_names = [], None
    problem = "the letters of its name cannot be told for certain."
    try:
        told_names = told(b"\n".join(dict.fromkeys(unsaid))) if unsaid else None
    except DamagedFile as error:
        problem = error.problem.replace("its letters", "the letters of its name")
    if told_names is not None:
        notes.append(
            f"The archive does not say in which letters names are written; by its words it is {told_names.page}. "
            f"Where one looks wrong: {_AGAIN[0].lower()}{_AGAIN[1:]}"
        )
    return [_member(info, start, told_names, problem) for info, start in directory], notes


def _member(info: zipfile.ZipInfo, start: int | None, names: Decoded | None, problem: str) -> _Member:
    inner = _unicode_name(info)
    if inner is None:
        inner = _raw_name(info).decode(names.codec if names else "ascii", "replace")
        problem = problem if names is None or set(inner) & names.unsure else ""
    else:
        problem = ""
    if "/" not in inner:
        inner = inner.replace("\\", "/")  # as Windows PowerShell 5.1 packs
    is_folder = inner.endswith("/")
    inner = str(PurePosixPath(unicodedata.normalize("NFC", inner)))  # ./a.jpg and a.jpg are one name
    return _Member(info, start, inner, is_folder, problem)


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_NAME else "cp437")


def _unicode_name(info: zipfile.ZipInfo) -> str | None:
    """The name, where the archive says its letters: by the flag, by the field for it, or in UTF-8 as macOS does."""
    raw = _raw_name(info)
    if info.flag_bits & _UTF8_NAME:
        return info.orig_filename
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        content, extra = extra[4 : 4 + length], extra[4 + length :]
        # APPNOTE.TXT 4.6.9: version 1, the checksum of the name it stands for, the name.
        if kind == _UNICODE_PATH and len(content) > 5 and content[:5] == struct.pack("<BL", 1, zlib.crc32(raw)):
            try:
                return content[5:].decode("utf-8")
            except UnicodeError:
                break
    try:
        return raw.decode("utf-8")
    except UnicodeError:
        return None


def _unsafe(member: _Member) -> UnsafeInput | None:
    inner, mode = member.inner, stat.S_IFMT(member.info.external_attr >> 16)
    if inner == "." or not inner.isprintable() or "\\" in inner or ".." in inner.split("/"):
        trick = "its name is unsafe (.. or \\ or an unprintable character)."
    elif inner.startswith("/") or re.match(r"[A-Za-z]:", inner):
        trick = "its name is an absolute path."
    elif mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        trick = "it is a link or a device, not a file."
    else:
        return None
    return UnsafeInput(trick, remedy="Pack the photos again with the system's own ZIP tool.")


def _bad_member(info: zipfile.ZipInfo, start: int | None, limits: Limits) -> PackshotError | None:
    if info.flag_bits & _ENCRYPTED:
        return BadInput("it is locked with a password.", remedy="Pack it again without one.")
    if start is None or (info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size):
        return DamagedFile("its entry in the archive is damaged.", remedy="Pack it again.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return UnsupportedFormat("it is packed in a way that is not read here.", remedy="Pack it as an ordinary ZIP.")
    try:
        check_size(info.file_size, limits)
    except PackshotError as error:
        return error
    # A render of one colour shrinks a thousandfold, but is not endless.
    if info.file_size > max(limits.zip_ratio * info.compress_size, limits.zip_ratio_bytes):
        size = f"{info.file_size / 2**20:.0f} MB"
        words = f"it would unpack to {size}, over {limits.zip_ratio} times its size in the archive."
        remedy = f"Save it as PNG or JPEG: over {limits.zip_ratio_bytes / 2**20:g} MB no photo shrinks so far."
        return TooLarge(words, remedy=remedy)
    return None


def _unpack(archive: Path, name: str, info: zipfile.ZipInfo, start: int) -> bytes:
    """A member's bytes, never more than its header says (which was checked).  Raises DamagedFile."""
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    content, left = bytearray(), info.compress_size
    try:
        with archive.open("rb") as file:
            file.seek(start)
            while left and len(content) <= info.file_size and (chunk := file.read(min(left, _CHUNK))):
                left -= len(chunk)
                # One byte more than the header says proves it wrong, whatever would follow.
                content += engine.decompress(chunk, info.file_size + 1 - len(content)) if deflated else chunk
    except OSError as error:
        raise error_about(name, error) from error
    except zlib.error:
        content.clear()
    whole = left == 0 and (engine.eof or not deflated)
    if not whole or len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise DamagedFile("it is damaged inside the archive.", subject=name, remedy="Pack or copy it again.")
    return bytes(content)
