"""Turn what the user names (photos, folders, ZIPs, CSV manifests, addresses) into the list of photos to develop.

Nothing is decoded here and nothing is ever unpacked to disk; bytes are read one photo at a time, by `Source.load`.
What cannot be taken is a `Refused` that names it, so that nothing a user meant as a photo vanishes silently; passed
over without a word are only hidden files, what operating systems litter, and files that are plainly no pictures.

One file although it is long: folder, ZIP and manifest share the rules for names and for what counts as a photo.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from packshot.errors import BadInput, BadOption, DamagedFile, PackshotError, TooLarge, UnsafeInput, UnsupportedFormat
from packshot.fetch import check_url, fetch, label
from packshot.settings import Limits

Load = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """One photo to develop, not read yet.

    name: what the user sees: relative path, "shoes.zip/left/a.jpg", an address without its query.
    load: reads the bytes, at most limits.photo_bytes of them; raises PackshotError.
    """

    name: str
    sku: str
    gtin: str = ""
    asin: str = ""
    title: str = ""
    role: str = "main"
    template: str = ""  # "": the command's
    channels: tuple[str, ...] = ()  # (): the command's
    priority: str = "standard"  # urgent, standard or overnight
    load: Load = field(kw_only=True, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    name: str
    error: PackshotError


Found = Source | Refused


def collect(inputs: Sequence[str], *, limits: Limits, recursive: bool = False) -> tuple[list[Source], list[Refused]]:
    """List the photos that the inputs name, and what of them cannot be taken.

    inputs: files, folders, ZIPs, CSV manifests, http(s) addresses.  recursive: subfolders too (of folders; a ZIP is
    always taken whole).  A file that is named twice is taken once; manifests go first, for they say more about it.
    Never raises for a bad input: that is a Refused.
    """
    found: list[Found] = []
    seen: set[Path | str] = set()
    for text in sorted(inputs, key=lambda text: Path(text).suffix.lower() not in _SHEETS):
        try:
            found += list(_from_input(text, limits, recursive, seen))
        except (PackshotError, OSError) as error:
            found.append(_refuse(_shown(text), error))
    return [f for f in found if isinstance(f, Source)], [f for f in found if isinstance(f, Refused)]


# --- what counts as a photo, the same in folders, archives and manifests ---

_PHOTOS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif", ".hif", ".tif", ".tiff"}
)
_SHEETS = frozenset({".csv", ".tsv"})
_ARCHIVES = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"})
_RAW = (".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw", ".x3f")
_PICTURES_NOT_READ = {
    **dict.fromkeys(_RAW, "a camera's raw file"),
    **dict.fromkeys((".psd", ".psb", ".xcf"), "a layered file of a picture editor"),
    **dict.fromkeys((".svg", ".svgz", ".eps", ".ai"), "a drawing"),
    ".gif": "a GIF",
    ".bmp": "a BMP",
    ".jxl": "JPEG XL",
    ".jp2": "JPEG 2000",
}
_EXPORT = "Export it as JPEG, PNG, WebP, AVIF, HEIC or TIFF."
_LITTER = frozenset({"__macosx", "thumbs.db", "desktop.ini", ".ds_store"})


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_litter(parts: Sequence[str]) -> bool:
    return any(part.startswith(".") or part.lower() in _LITTER for part in parts)


def _not_a_photo(name: str) -> PackshotError | None:
    """Why a file that looks like a picture or an archive cannot be taken; None for photos and for anything else."""
    suffix = _suffix(name)
    if suffix in _PICTURES_NOT_READ:
        return UnsupportedFormat(f"{_PICTURES_NOT_READ[suffix]} is not read here.", remedy=_EXPORT)
    if suffix in _ARCHIVES:
        return UnsupportedFormat("archives inside a folder or an archive are not opened.", remedy="Name it by itself.")
    return None


def _clean(name: str) -> str:
    """Fit for a screen and for JSON: file names may hold control characters and bytes that are no text."""
    return "".join(letter if letter.isprintable() else "�" for letter in unicodedata.normalize("NFC", name))


def _stem(name: str) -> str:
    return _clean(PurePosixPath(name).stem)


# --- errors and names ---


def _named(name: str, error: PackshotError | OSError) -> PackshotError:
    """The same error about `name`: what raises further down does not know the name that the user sees."""
    if isinstance(error, PackshotError):
        return type(error)(error.problem, subject=name, remedy=error.remedy)
    reason = (error.strerror or "unknown error").lower()
    return BadInput(f"it cannot be read ({reason}).", subject=name, remedy="Check that it is there and may be opened.")


def _refuse(name: str, error: PackshotError | OSError) -> Refused:
    return Refused(name, _named(name, error))


def _too_large(size: int, limit: int) -> TooLarge:
    return TooLarge(
        f"{size / 2**20:.1f} MB is over the limit of {limit / 2**20:g} MB for one photo.",
        remedy="Export it smaller, or as JPEG.",
    )


def _shown(text: str) -> str:
    """As typed; of an absolute path only the last part, of an address host and path."""
    if _is_address(text):
        return label(text)
    path = Path(text)
    return _clean(path.name if path.is_absolute() and path.name else str(path))


def _is_address(text: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text.strip()) is not None


# --- one input ---


def _from_input(text: str, limits: Limits, recursive: bool, seen: set[Path | str]) -> Iterator[Found]:
    if _is_address(text):
        source = _address_source(text, limits)
        if text not in seen:
            seen.add(text)
            yield source
        return
    if "\0" in text or not text:
        raise BadInput("this is not a file name.")
    path, name = Path(text), _shown(text)
    if not path.exists():
        raise BadInput("there is no such file or folder.", remedy="Check the name, and the folder you are in.")
    if path.is_dir():
        yield from _from_folder(path, name, limits, recursive, seen)
        return
    real = _real(path)
    if real in seen:
        return
    seen.add(real)
    if not path.is_file():
        raise BadInput("this is neither a file nor a folder.")
    suffix = _suffix(path.name)
    if suffix in _SHEETS:
        yield from _from_manifest(real, name, limits, seen)
    elif suffix == ".zip":
        yield from _from_zip(real, name, limits)
    elif suffix in _PHOTOS or not suffix:  # without a suffix the decoder judges by the first bytes
        yield _file_source(real, name, limits)
    else:
        problem = f"{_PICTURES_NOT_READ.get(suffix) or f'a {suffix} file'} is not read here."
        raise UnsupportedFormat(problem, remedy="Save it as CSV." if suffix.startswith(".xls") else _EXPORT)


def _address_source(url: str, limits: Limits) -> Source:
    parsed = check_url(url)
    sku = _stem(unquote(parsed.path).rstrip("/")) or parsed.host
    return Source(label(url), sku, load=partial(fetch, url, limits=limits))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError where links go in a circle


def _file_source(real: Path, name: str, limits: Limits) -> Source:
    _check_size(real.stat().st_size, limits)
    return Source(name, _stem(name), load=partial(_read_file, real, name, limits))


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.photo_bytes:
        raise _too_large(size, limits.photo_bytes)
    if size == 0:
        raise DamagedFile("the file is empty.", remedy="Copy or export it again.")


def _read_file(real: Path, name: str, limits: Limits) -> bytes:
    """The whole file, if it still is as small as when it was listed."""
    try:
        with real.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            _check_size(size, limits)
            return file.read(size)
    except (PackshotError, OSError) as error:
        raise _named(name, error) from error


def _from_folder(folder: Path, name: str, limits: Limits, recursive: bool, seen: set[Path | str]) -> Iterator[Found]:
    """The folder's photos, sorted by name.  Links that lead out of it are refused, not followed."""
    root, empty = _real(folder), True
    entries: list[Path] = []
    blocked: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=blocked.append):
        links = [entry for entry in folders if recursive and (Path(parent) / entry).is_symlink()]
        entries += [Path(parent) / entry for entry in files + links]
        folders[:] = [entry for entry in folders if recursive and not _is_litter([entry])]
    for error in blocked:
        empty = False
        yield _refuse(_clean(str(Path(name) / Path(error.filename).relative_to(folder))), error)
    for entry in sorted(entries, key=lambda entry: entry.relative_to(folder).as_posix()):
        inner, real = entry.relative_to(folder), _real(entry)
        within = real.is_relative_to(root)
        is_picture = entry.suffix.lower() in _PHOTOS or _not_a_photo(entry.name) is not None
        if _is_litter(inner.parts) or not (is_picture or (entry.is_symlink() and real.is_dir())):
            continue
        empty = False
        if real in seen or (within and real.is_dir()):  # a link to a folder in here: its photos come by themselves
            continue
        if within:
            seen.add(real)
        yield _from_entry(real, within, _clean(str(Path(name) / inner)), limits)
    if empty:
        remedy = "" if recursive else "To look into its subfolders too, add --recursive."
        raise BadInput("there are no photos in this folder.", remedy=remedy)


def _from_entry(real: Path, within: bool, name: str, limits: Limits) -> Found:
    try:
        if not within:
            words = "this is a link that leads out of the folder; it is not followed."
            raise UnsafeInput(words, remedy="Put the file itself into the folder.")
        if not real.is_file():
            raise BadInput("this is not a file, or a link to nothing.", remedy="Take it out of the folder.")
        if (error := _not_a_photo(name)) is not None:
            raise error
        return _file_source(real, name, limits)
    except (PackshotError, OSError) as error:
        return _refuse(name, error)


# --- ZIP ---

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")  # APPNOTE.TXT 6.3.10, 4.3.7
_LOCAL_MAGIC = b"PK\x03\x04"
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # APPNOTE.TXT 4.4.4: member, strong encryption, masked headers
_UTF8_NAME = 0x800
_DIRECTORY_BYTES = 1024  # of the table of contents, a member: 46 and its name, with room for extras and comment
_CHUNK = 2**16


def _from_zip(path: Path, name: str, limits: Limits) -> Iterator[Found]:
    """The archive's photos, sorted by name, or what its own manifest makes of them.

    Raises, before anything is yielded, what condemns the archive as a whole.
    """
    load: dict[str, Load] = {}
    refused: dict[str, Refused] = {}
    listed = sorted((_inner_path(info), at, info, start) for at, (info, start) in enumerate(_directory(path, limits)))
    sheet = _manifest_among([inner for inner, _, info, _ in listed if not info.is_dir()])
    for inner, _, info, start in listed:
        error: PackshotError | None = _unsafe(info, inner)
        if error is None:
            looks_wanted = _suffix(inner) in _PHOTOS or inner == sheet or _not_a_photo(inner) is not None
            if info.is_dir() or _is_litter(PurePosixPath(inner).parts) or not looks_wanted:
                continue
            error = _not_a_photo(inner) or _bad_member(info, start, limits)
        shown = f"{name}/{_clean(inner)}"
        if inner in load or inner in refused:
            error = BadInput("the archive holds this name twice; only the first is taken.", remedy="Rename one.")
            refused[f"{inner} {info.header_offset}"] = _refuse(shown, error)
        elif error is not None or start is None:
            refused[inner] = _refuse(shown, error or DamagedFile("its entry in the archive is damaged."))
        else:
            load[inner] = partial(_unpack, path, shown, info, start)
    if sheet in load:
        yield from _from_zip_manifest(sheet, name, load, limits)
    elif sheet in refused:  # without its manifest, nobody knows which product a photo is of
        refused = {sheet: refused[sheet]}
    elif load or refused:
        yield from (Source(f"{name}/{_clean(inner)}", _stem(inner), load=load[inner]) for inner in load)
    else:
        raise BadInput("there are no photos in this archive.", remedy="Pack JPEG, PNG, WebP, AVIF, HEIC or TIFF files.")
    yield from refused.values()


def _manifest_among(inners: list[str]) -> str:
    """The archive's own manifest: the only CSV at its top; "" where there is none, or more than one.

    Archives of a whole folder (as macOS packs them) have that folder as their only top, so the top is inside it.
    """
    kept = [PurePosixPath(inner) for inner in inners if not _is_litter(PurePosixPath(inner).parts)]
    tops = {path.parts[0] if len(path.parts) > 1 else "." for path in kept}
    top = PurePosixPath(tops.pop() if len(tops) == 1 else ".")
    sheets = [str(path) for path in kept if path.parent == top and path.suffix.lower() in _SHEETS]
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
    """zipfile reads the table of contents in one go, as long as the archive says it is: here that has an end."""

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


def _inner_path(info: zipfile.ZipInfo) -> str:
    """The member's name as its maker meant it.  macOS writes UTF-8 and does not say so."""
    inner = info.orig_filename
    if not info.flag_bits & _UTF8_NAME:
        with contextlib.suppress(UnicodeError):
            inner = inner.encode("cp437").decode("utf-8")
    return str(PurePosixPath(unicodedata.normalize("NFC", inner)))  # ./a.jpg and a.jpg are one name


def _unsafe(info: zipfile.ZipInfo, inner: str) -> UnsafeInput | None:
    mode = stat.S_IFMT(info.external_attr >> 16)
    if inner == "." or not inner.isprintable() or "\\" in inner or ".." in inner.split("/"):
        trick = "its name holds a trick (.. or \\ or an unprintable character)."
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
        _check_size(info.file_size, limits)
    except PackshotError as error:
        return error
    if info.file_size > limits.zip_ratio * info.compress_size:
        words = f"it would unpack to more than {limits.zip_ratio} times its size, as no photo does."
        return TooLarge(words, remedy="Pack the original photo.")
    return None


def _unpack(archive: Path, name: str, info: zipfile.ZipInfo, start: int) -> bytes:
    """A member's bytes, never more than its header claims (which was checked).  Raises DamagedFile."""
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    content, left = bytearray(), info.compress_size
    try:
        with archive.open("rb") as file:
            file.seek(start)
            while left and len(content) <= info.file_size and (chunk := file.read(min(left, _CHUNK))):
                left -= len(chunk)
                # One byte more than is claimed shows that the header lies, whatever would still follow.
                content += engine.decompress(chunk, info.file_size + 1 - len(content)) if deflated else chunk
    except OSError as error:
        raise _named(name, error) from error
    except zlib.error:
        content.clear()
    whole = left == 0 and (engine.eof or not deflated)
    if not whole or len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise DamagedFile("it is damaged inside the archive.", subject=name, remedy="Pack or copy it again.")
    return bytes(content)


# --- manifest ---

_COLUMNS = ("sku", "file", "url", "gtin", "asin", "title", "role", "template", "channel", "priority")
_STRAY = ""  # where a row keeps a value that stands under no column
_PRIORITIES = ("urgent", "standard", "overnight")
_MANIFEST_ROW_BYTES = 4096  # far more than a row holds: bounds the file before its rows are counted

Row = dict[str, str]
Locate = Callable[[str], tuple[str, Load]]


def _from_manifest(path: Path, name: str, limits: Limits, seen: set[Path | str]) -> Iterator[Found]:
    root, shown_root = path.parent, Path(name).parent

    def locate(file: str) -> tuple[str, Load]:
        inner = _inside(file)
        real = _real(root / inner)
        if not real.is_relative_to(root):
            raise UnsafeInput("the file lies outside the manifest's folder.", remedy="Put it beside the manifest.")
        # Seen even if the row is refused below: a folder given as well must not bring it back under another SKU.
        seen.add(real)
        if not real.is_file():
            raise BadInput(f"there is no file {file}.", remedy="Check the name; it counts from the manifest's folder.")
        source = _file_source(real, str(shown_root / inner), limits)
        return source.name, source.load

    if path.stat().st_size > limits.manifest_rows * _MANIFEST_ROW_BYTES:
        raise TooLarge("this is too large for a manifest.", remedy=f"Split it: {limits.manifest_rows} rows at most.")
    yield from _from_rows(_rows(path.read_bytes(), limits), name, locate, limits)


def _from_zip_manifest(sheet: str, name: str, load: dict[str, Load], limits: Limits) -> Iterator[Found]:
    named: set[str] = set()

    def locate(file: str) -> tuple[str, Load]:
        inner = unicodedata.normalize("NFC", str(PurePosixPath(sheet).parent / _inside(file)))
        if inner not in load:
            raise BadInput(f"there is no usable file {file} in the archive.", remedy="Check the name.")
        named.add(inner)
        return f"{name}/{inner}", load[inner]

    shown = f"{name}/{sheet}"
    try:
        yield from _from_rows(_rows(load[sheet](), limits), shown, locate, limits)
    except PackshotError as error:
        yield _refuse(shown, error)
        return
    for inner in load:
        if inner != sheet and inner not in named:
            words = "it is not named in the manifest."
            yield _refuse(f"{name}/{inner}", BadInput(words, remedy=f"Add a row for it to {sheet}, or take it out."))


def _inside(file: str) -> PurePosixPath:
    """A manifest's path, which must be a photo's and lead downwards; Windows writes it with backslashes."""
    inner = PurePosixPath(file.replace("\\", "/"))
    if inner.is_absolute() or ".." in inner.parts or re.match(r"[A-Za-z]:", file) or not file.isprintable():
        words = f"the file {file!r} lies outside the manifest's folder."
        raise UnsafeInput(words, remedy="Name it relative to the manifest, such as left/shoe.jpg.")
    error = _not_a_photo(inner.name)
    if error is not None or inner.suffix.lower() not in _PHOTOS:
        raise error or UnsupportedFormat(f"{file} is not a photo.", remedy=_EXPORT)
    return inner


def _from_rows(rows: Iterator[tuple[int, Row]], sheet: str, locate: Locate, limits: Limits) -> Iterator[Found]:
    listed = list(rows)  # a fault of the whole manifest shows before its first row is taken
    first_row: dict[tuple[str, str], int] = {}
    for number, row in listed:
        shown = f"{sheet} row {number}"
        try:
            source = _row_source(row, locate, limits)
            first = first_row.setdefault((source.sku, source.role), number)
            if first != number:
                words = f"SKU {source.sku} with the role {source.role} is already in row {first}."
                raise BadOption(words, remedy="Give each photo of a product its own role, such as angle 2.")
        except (PackshotError, OSError) as error:
            yield _refuse(shown, error)
        else:
            yield source


def _row_source(row: Row, locate: Locate, limits: Limits) -> Source:
    # Looked up first, so that a row refused for something else still counts as naming its file.
    located = locate(row["file"]) if row["file"] else None
    if row[_STRAY]:
        words = f"it has a value without a column: {row[_STRAY]!r}."
        raise BadOption(words, remedy="Put values that hold the separator in quotation marks.")
    if (located is None) == (not row["url"]):
        raise BadOption("it needs a file or a url, one of them.", remedy="Fill in exactly one.")
    source = Source(located[0], "", load=located[1]) if located else _address_source(row["url"], limits)
    if not row["sku"] or not row["sku"].isprintable():
        raise BadOption("it has no SKU.", remedy="Fill in the column sku.")
    asin, priority = row["asin"].upper(), row["priority"].lower() or "standard"
    _check_gtin(row["gtin"])
    if asin and not re.fullmatch(r"[A-Z0-9]{10}", asin):
        raise BadOption(f"{row['asin']!r} is not an ASIN.", remedy="An ASIN has 10 letters and digits.")
    if priority not in _PRIORITIES:
        raise BadOption(f"there is no priority {row['priority']!r}.", remedy=f"Use {', '.join(_PRIORITIES)}.")
    return replace(
        source,
        sku=row["sku"],
        gtin=row["gtin"],
        asin=asin,
        title=row["title"],
        role=" ".join(row["role"].lower().split()) or "main",
        template=row["template"],
        channels=tuple(dict.fromkeys(re.findall(r"[^;|,\s]+", row["channel"]))),
        priority=priority,
    )


def _check_gtin(gtin: str) -> None:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right, the sum with the check digit divides by 10."""
    if not gtin:
        return
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", gtin):
        remedy = "It has 8, 12, 13 or 14 digits; format the column as text, so that zeros in front stay."
        raise BadOption(f"{gtin!r} is not a GTIN.", remedy=remedy)
    if sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(gtin))) % 10:
        raise BadOption(f"the check digit of the GTIN {gtin} is wrong.", remedy="Check it for a typing mistake.")


def _rows(content: bytes, limits: Limits) -> Iterator[tuple[int, Row]]:
    """Each row with its number as a spreadsheet shows it.  Raises what condemns the manifest as a whole."""
    text = _text(content)
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    columns: list[str] = []
    count = 0
    try:
        for number, cells in enumerate(reader, start=1):
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not columns:
                columns = _columns(cells)
                continue
            count += 1
            if count > limits.manifest_rows:
                raise TooLarge(f"it has more than {limits.manifest_rows} rows.", remedy="Split it.")
            row = dict.fromkeys((*_COLUMNS, _STRAY), "")
            row.update((column, cell) for column, cell in zip(columns, cells, strict=False) if column)
            stray = (cell for place, cell in enumerate(cells) if place >= len(columns) or not columns[place])
            row[_STRAY] = next(filter(None, stray), "")
            yield number, row
    except csv.Error as error:
        words = f"line {reader.line_num} is not CSV ({error})."
        raise BadInput(words, remedy="Save it from the spreadsheet again.") from None
    if not count:
        raise BadInput("there are no rows in this manifest.", remedy="Add one row for each photo.")


def _columns(cells: list[str]) -> list[str]:
    columns = [cell.lower() for cell in cells]
    for cell, column in zip(cells, columns, strict=True):
        if column and column not in _COLUMNS:
            near = difflib.get_close_matches(column, _COLUMNS, n=1)
            remedy = f"Did you mean {near[0]}? " if near else ""
            raise BadOption(f"there is no column {cell!r}.", remedy=f"{remedy}The columns are {', '.join(_COLUMNS)}.")
    twice = [column for column, count in Counter(columns).items() if column and count > 1]
    if twice:
        raise BadOption(f"the column {twice[0]} is there twice.", remedy="Remove one.")
    if "sku" not in columns or not {"file", "url"} & set(columns):
        raise BadOption("it needs the column sku, and file or url.", remedy="Name them in the first row.")
    return columns


def _text(content: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with one, else what Excel writes in western Windows."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return text
    raise DamagedFile("this is not a text file.", remedy="Save it from the spreadsheet as CSV (UTF-8).")
