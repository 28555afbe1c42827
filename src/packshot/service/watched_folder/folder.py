"""What lies in a watched folder: which files can be taken, moved aside, packed, and told about.

It reads and moves files, so the caller runs it on a thread.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from packshot import atomic
from packshot.decoding.kinds import sniff
from packshot.errors import BadInput, DamagedFile, PackshotError, UnsupportedFormat
from packshot.intake.source import EXPORT, PHOTOS, SHEETS, Names, check_size, is_litter, not_a_photo, suffix_of
from packshot.intake.table import ColumnMap, table
from packshot.settings import Limits
from packshot.store import Store

TAKEN, REJECTED, MARKER, MOVING = ".taken", "rejected", "batch.json", ".moving-"
_UNFINISHED = frozenset({".part", ".partial", ".tmp", ".crdownload", ".download"})


@dataclass(frozen=True, slots=True)
class Parcel:
    """Files of one taken folder that become one upload, and so one batch."""

    name: str
    kind: str  # zip | csv
    files: tuple[Path, ...]
    packed: bool = False  # they are to be packed into a ZIP
    top: Path = Path()  # names in the ZIP count from here


def make(folders: Sequence[Path]) -> None:
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)


def listed(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Files that somebody put there, with their bytes and moment of change.  No links, nothing hidden or unfinished."""
    for parent, inner, names in os.walk(folder):
        above = Path(parent)
        inner[:] = [name for name in inner if not is_litter([name]) and not (above == folder and name == REJECTED)]
        for name in sorted(names):
            if is_litter([name]) or suffix_of(name) in _UNFINISHED:
                continue
            with suppress(OSError):  # it was taken away meanwhile
                state = (above / name).lstat()
                if stat.S_ISREG(state.st_mode):
                    yield above / name, (state.st_size, state.st_mtime_ns)


def unreadable(path: Path, limits: Limits, columns: ColumnMap) -> PackshotError | None:
    """Why a file cannot be taken, by its name, size and first bytes: it is decoded elsewhere."""
    suffix = suffix_of(path.name)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            kind = sniff(file.read(256))
        if size == 0:
            raise DamagedFile("the file is empty.", remedy="Copy or export it again.")
        if suffix in SHEETS:
            table(path.read_bytes(), limits, names_photos=False, columns=columns)
        elif suffix == ".zip":
            if kind != "ZIP":
                raise DamagedFile("this is not a ZIP archive.", remedy="Pack it again.")
        elif suffix in PHOTOS:
            check_size(size, limits)
            if not kind or not kind[0].isupper() or kind in ("ZIP", "PDF"):
                raise DamagedFile("this is not a photo, whatever its name says.", remedy=EXPORT)
        else:
            raise not_a_photo(path.name) or UnsupportedFormat(
                "this is neither a photo, a ZIP nor a CSV list.", remedy=EXPORT
            )
    except PackshotError as error:
        return error
    except OSError as error:
        return BadInput(f"it cannot be read ({(error.strerror or 'unknown error').lower()}).")
    return None


def take(folder: Path, ready: Sequence[Path]) -> None:
    """Move them to a folder of their own, which gets its name once it is whole."""
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    moving = folder / TAKEN / f"{MOVING}{name}"
    moving.mkdir(parents=True)
    for path in ready:
        target = moving / path.relative_to(folder)
        with suppress(FileNotFoundError, PermissionError):  # taken away meanwhile, or still open on Windows
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    _finish_move(moving)
    for above in {path.parent for path in ready} - {folder}:
        while above != folder:
            with suppress(OSError):  # other files are still in it
                above.rmdir()
            above = above.parent


def _finish_move(moving: Path) -> None:
    if any(path.is_file() for path in moving.rglob("*")):
        moving.rename(moving.with_name(moving.name.removeprefix(MOVING)))
    else:
        for path in sorted(moving.rglob("*"), reverse=True):
            path.rmdir()
        moving.rmdir()


def recovered(folder: Path) -> set[str]:
    """After a start: moves that were cut short are ended.  Taken folders whose batches are to be followed."""
    if not (folder / TAKEN).is_dir():
        return set()
    for path in (folder / TAKEN).iterdir():
        if path.name.startswith(MOVING):
            _finish_move(path)
    names = [path.name for path in (folder / TAKEN).iterdir() if path.is_dir()]
    return {name for name in names if (marker := read_marker(folder / TAKEN / name)) and not marker["told"]}


def unmarked(folder: Path) -> list[str]:
    if not (folder / TAKEN).is_dir():
        return []
    return sorted(
        path.name for path in (folder / TAKEN).iterdir()
        if path.is_dir() and not path.name.startswith(".") and not (path / MARKER).exists()
    )  # fmt: skip


def read_marker(taken: Path) -> dict[str, Any] | None:
    try:
        marker: dict[str, Any] = json.loads((taken / MARKER).read_text())
    except (OSError, ValueError):
        return None
    return marker


def parcels(taken: Path, limits: Limits, columns: ColumnMap) -> tuple[list[Parcel], list[tuple[Path, PackshotError]]]:
    """What becomes which upload, the same each time: ZIPs and lists by themselves, photos with the list that names
    them, all other photos together."""
    files = [path for path, _ in listed(taken) if path.name != MARKER]
    bad = [(path, error) for path in files if (error := unreadable(path, limits, columns)) is not None]
    wrong = {path for path, _ in bad}
    left = {path: None for path in files if suffix_of(path.name) in PHOTOS and path not in wrong}
    parcels = [
        Parcel(path.name, "zip", (path,)) for path in files if suffix_of(path.name) == ".zip" and path not in wrong
    ]
    for sheet in files:
        if suffix_of(sheet.name) not in SHEETS or sheet in wrong:
            continue
        own = [path for path in _named_by(sheet, limits, columns) if path in left]
        for path in own:
            del left[path]
        if own:
            parcels.append(Parcel(sheet.stem, "zip", (sheet, *own), packed=True, top=sheet.parent))
        else:
            parcels.append(Parcel(sheet.name, "csv", (sheet,)))
    held: list[Path] = []
    size = 0
    for path in left:
        bytes_ = path.stat().st_size
        if held and (len(held) >= limits.zip_members or size + bytes_ > limits.zip_bytes):
            parcels.append(Parcel("Photos", "zip", tuple(held), packed=True, top=taken))
            held, size = [], 0
        held.append(path)
        size += bytes_
    if held:
        parcels.append(Parcel("Photos", "zip", tuple(held), packed=True, top=taken))
    return parcels, bad


def _named_by(sheet: Path, limits: Limits, columns: ColumnMap) -> list[Path]:
    """Photos beside a list that its rows name."""
    beside = {path.relative_to(sheet.parent).as_posix(): path for path, _ in listed(sheet.parent)}
    names = Names(beside)
    found = table(sheet.read_bytes(), limits, names_photos=False, columns=columns)
    written = [str(PurePosixPath(row["file"].replace("\\", "/"))) for _, row in found.rows if row["file"]]
    named = dict.fromkeys(fitting for name in written for fitting in names.all(name))
    return [beside[name] for name in named]


def stored(store: Store, key: str, parcel: Parcel, parts: Path) -> int:
    """Put an upload into the store, whole and on the disk.  Gives its bytes.  Raises DiskFull."""
    if not parcel.packed:
        store.put_file(key, parcel.files[0])
        return parcel.files[0].stat().st_size
    parts.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parts) as inner:
        packed = Path(inner) / "photos.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for path in parcel.files:
                archive.write(path, path.relative_to(parcel.top).as_posix())
        store.put_file(key, packed)
        return packed.stat().st_size


def reject(folder: Path, path: Path, name: Path, words: str) -> None:
    """Put a file aside, with a text beside it that says why."""
    target = folder / REJECTED / name
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while target.exists():
        number += 1
        target = (folder / REJECTED / name).with_stem(f"{name.stem}-{number}")
    with suppress(FileNotFoundError):
        path.rename(target)
        note(target.with_name(f"{target.name}.txt"), f"{name.as_posix()}: {words}\n")


def returned(folder: Path, taken: Path, refused: Sequence[tuple[str, str]], notes: Sequence[str]) -> None:
    """What a batch did not take: its file, where it came as one, and the reason; the rest and notes in one text."""
    files = {path.relative_to(taken).as_posix(): path for path, _ in listed(taken) if path.name != MARKER}
    others = list(notes)
    for name, reason in refused:
        archive, _, inner = name.partition("/")  # the archive is one that Packshot made, or came as it is
        path = files.pop(inner, None) if archive not in files else None
        if path is None:
            others.append(f"{name}: {reason}" if name else reason)
        else:
            reject(folder, path, Path(inner), reason)
    if others:
        note(folder / REJECTED / f"{taken.name}.txt", "\n".join(others) + "\n")


def waiting_words(name: str, words: str) -> str:
    return f"The files in {TAKEN}/{name} wait, and are tried again every minute: {words}\n"


def note(path: Path, words: str) -> None:
    """Write a small file at once and whole."""
    atomic.write(path, words.encode(), durable=True)
