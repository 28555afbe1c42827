"""One photo to develop, or why it cannot be taken; and the rules that folders, archives and manifests share."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from packshot.errors import BadInput, DamagedFile, PackshotError, TooLarge, UnsupportedFormat
from packshot.fetch import check_url, fetch, label
from packshot.settings import Limits

Load = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """One photo to develop, not read yet.

    name: as it is shown to the user: relative path, "shoes.zip/left/a.jpg", an address without its query.
    load: reads the bytes, at most limits.photo_bytes of them; raises PackshotError.
    """

    name: str
    sku: str
    gtin: str = ""
    asin: str = ""
    title: str = ""
    role: str = "main"  # "": the next of its product that is free
    style: str = ""  # "": the command's
    channels: tuple[str, ...] = ()  # (): the command's
    priority: str = ""  # urgent, standard or overnight; "": the command's
    place: int = 0  # among the photos of its product, where its name says it
    load: Load = field(kw_only=True, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    name: str
    error: PackshotError


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was taken, and how: a person may have to look at it.  name: of the input, as it is shown."""

    name: str
    words: str


Listed = Source | Refused | Note


# --- what counts as a photo, the same in folders, archives and manifests ---

PHOTOS = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".avif",
        ".heic",
        ".heif",
        ".hif",
        ".tif",
        ".tiff",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".raf",
        ".orf",
        ".rw2",
        ".pef",
        ".srw",
    }
)
SHEETS = frozenset({".csv", ".tsv"})
_ARCHIVES = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"})
PICTURES_NOT_READ = {
    ".x3f": "this camera's raw file",
    **dict.fromkeys((".psd", ".psb", ".xcf"), "a layered file of a picture editor"),
    **dict.fromkeys((".svg", ".svgz", ".eps", ".ai"), "a drawing"),
    ".gif": "a GIF",
    ".bmp": "a BMP",
    ".jxl": "JPEG XL",
    ".jp2": "JPEG 2000",
}
EXPORT = "Export it as JPEG, PNG, WebP, AVIF, HEIC or TIFF."
_LITTER = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})


def suffix_of(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def is_litter(parts: Sequence[str]) -> bool:
    """Hidden files, and those that Finder and Windows leave in folders."""
    return any(part.startswith(".") or part.lower() in _LITTER for part in parts)


def not_a_photo(name: str) -> PackshotError | None:
    """Why a file with a picture's or an archive's suffix cannot be taken; None for photos and for anything else."""
    suffix = suffix_of(name)
    if suffix in PICTURES_NOT_READ:
        return UnsupportedFormat(f"{PICTURES_NOT_READ[suffix]} is not read here.", remedy=EXPORT)
    if suffix in _ARCHIVES:
        return UnsupportedFormat("archives inside a folder or an archive are not opened.", remedy="Name it by itself.")
    return None


def clean(name: str) -> str:
    """A name fit for a screen and for JSON: file names may hold control characters and bytes that are no text."""
    return "".join(letter if letter.isprintable() else "�" for letter in unicodedata.normalize("NFC", name))


def stem(name: str) -> str:
    return clean(PurePosixPath(name).stem)


class Names:
    """Names of files, to be found as lists write them: composed or not, in the same case or another."""

    def __init__(self, names: Iterable[str]) -> None:
        self._whole: dict[str, str] = {}
        self._folded: dict[str, list[str]] = {}
        for name in names:
            whole = unicodedata.normalize("NFC", name)
            self._whole.setdefault(whole, name)
            self._folded.setdefault(whole.casefold(), []).append(name)

    def find(self, name: str) -> str | None:
        """Raises BadInput where several fit, which differ in capitals."""
        several = self.all(name)
        if len(several) > 1:
            raise BadInput(
                f"{name} may be {' or '.join(map(clean, several[:3]))}.", remedy="Write it with the same capitals."
            )
        return several[0] if several else None

    def all(self, name: str) -> list[str]:
        """All that may be meant."""
        whole = unicodedata.normalize("NFC", name)
        return [self._whole[whole]] if whole in self._whole else self._folded.get(whole.casefold(), [])

    def only(self, name: str) -> str | None:
        """As `find`; None where several fit."""
        several = self.all(name)
        return several[0] if len(several) == 1 else None


# --- errors and names ---


def error_about(name: str, error: PackshotError | OSError) -> PackshotError:
    """The same error about `name`, the name that is shown to the user; the code that raised it does not have it."""
    if isinstance(error, PackshotError):
        return type(error)(error.problem, subject=name, remedy=error.remedy)
    reason = (error.strerror or "unknown error").lower()
    return BadInput(f"it cannot be read ({reason}).", subject=name, remedy="Check that it is there and may be opened.")


def refuse(name: str, error: PackshotError | OSError) -> Refused:
    return Refused(name, error_about(name, error))


# --- a file, an address ---


def address_source(url: str, limits: Limits) -> Source:
    parsed = check_url(url)
    sku = stem(unquote(parsed.path).rstrip("/")) or parsed.host
    return Source(label(url), sku, load=partial(fetch, url, limits=limits))


def real_path(path: Path) -> Path:
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError where links go in a circle


def file_source(real: Path, name: str, limits: Limits) -> Source:
    check_size(real.stat().st_size, limits)
    return Source(name, stem(name), load=partial(_read_file, real, name, limits))


def check_size(size: int, limits: Limits) -> None:
    if size > limits.photo_bytes:
        raise _too_large(size, limits.photo_bytes)
    if size == 0:
        raise DamagedFile("the file is empty.", remedy="Copy or export it again.")


def _too_large(size: int, limit: int) -> TooLarge:
    return TooLarge(
        f"{size / 2**20:.1f} MB is over the limit of {limit / 2**20:g} MB for one photo.",
        remedy="Export it smaller, or as JPEG.",
    )


def _read_file(real: Path, name: str, limits: Limits) -> bytes:
    """The whole file, if it is still within the limit."""
    try:
        with real.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            check_size(size, limits)
            return file.read(size)
    except (PackshotError, OSError) as error:
        raise error_about(name, error) from error
