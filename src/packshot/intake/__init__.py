"""From the user's inputs (photos, folders, ZIPs, CSV manifests, addresses) to the list of photos to develop.

Nothing is decoded here and nothing is unpacked to disk; `Source.load` reads the bytes of one photo at a time. What
cannot be taken becomes a `Refused` with its name, so that no photo is lost silently. Only hidden files, system files
and files that are clearly no pictures are skipped without a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from packshot.errors import BadInput, PackshotError, UnsafeInput, UnsupportedFormat
from packshot.fetch import label
from packshot.intake.archive import from_zip
from packshot.intake.manifest import from_manifest
from packshot.intake.naming import by_name, with_roles
from packshot.intake.source import (
    EXPORT,
    PHOTOS,
    PICTURES_NOT_READ,
    SHEETS,
    Listed,
    Note,
    Refused,
    Source,
    address_source,
    clean,
    file_source,
    is_litter,
    not_a_photo,
    real_path,
    refuse,
    suffix_of,
)
from packshot.intake.table import NO_MAP, ColumnMap
from packshot.settings import Limits

__all__ = ["Collected", "ColumnMap", "Note", "Refused", "Source", "collect"]


class Collected(NamedTuple):
    sources: list[Source]
    refused: list[Refused]
    notes: list[Note]


def collect(
    inputs: Sequence[str], *, limits: Limits, recursive: bool = False, columns: ColumnMap = NO_MAP
) -> Collected:
    """List the photos that the inputs name, those that cannot be taken, and what is to be said of what was taken.

    inputs: files, folders, ZIPs, CSV manifests, http(s) addresses.  recursive: subfolders too (of folders; a ZIP is
    always taken whole).  columns: what the columns of manifests mean.
    A file that is named twice is taken once; manifests go first, since they say more about it.  A bad input is never
    raised, it becomes a Refused.
    """
    entries: list[Listed] = []
    listed: set[Path | str] = set()
    for text in sorted(inputs, key=lambda text: Path(text).suffix.lower() not in SHEETS):
        try:
            entries += list(_from_input(text, limits, recursive, listed, columns))
        except (PackshotError, OSError) as error:
            entries.append(refuse(_shown(text), error))
    return Collected(
        with_roles([entry for entry in entries if isinstance(entry, Source)]),
        [entry for entry in entries if isinstance(entry, Refused)],
        [entry for entry in entries if isinstance(entry, Note)],
    )


# --- one input ---


def _from_input(
    text: str, limits: Limits, recursive: bool, listed: set[Path | str], columns: ColumnMap
) -> Iterator[Listed]:
    if _is_address(text):
        source = by_name(address_source(text, limits))
        if text not in listed:
            listed.add(text)
            yield source
        return
    if "\0" in text or not text:
        raise BadInput("this is not a file name.")
    path, name = Path(text), _shown(text)
    if not path.exists():
        raise BadInput("there is no such file or folder.", remedy="Check the name, and the folder you are in.")
    if path.is_dir():
        yield from _from_folder(path, name, limits, recursive, listed)
        return
    real = real_path(path)
    if real in listed:
        return
    listed.add(real)
    if not path.is_file():
        raise BadInput("this is neither a file nor a folder.")
    suffix = suffix_of(path.name)
    if suffix in SHEETS:
        yield from from_manifest(real, name, limits, listed, columns)
    elif suffix == ".zip":
        yield from from_zip(real, name, limits, columns)
    elif suffix in PHOTOS or not suffix:  # without a suffix the decoder judges by the first bytes
        yield by_name(file_source(real, name, limits))
    else:
        problem = f"{PICTURES_NOT_READ.get(suffix) or f'a {suffix} file'} is not read here."
        raise UnsupportedFormat(problem, remedy="Save it as CSV." if suffix.startswith(".xls") else EXPORT)


def _shown(text: str) -> str:
    """As typed; of an absolute path only the last part, of an address host and path."""
    if _is_address(text):
        return label(text)
    path = Path(text)
    return clean(path.name if path.is_absolute() and path.name else str(path))


def _is_address(text: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text.strip()) is not None


# --- folder ---


def _from_folder(folder: Path, name: str, limits: Limits, recursive: bool, listed: set[Path | str]) -> Iterator[Listed]:
    """The folder's photos, sorted by name.  Links that lead out of it are refused, not followed."""
    root, empty = real_path(folder), True
    entries: list[Path] = []
    blocked: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=blocked.append):
        links = [entry for entry in folders if recursive and (Path(parent) / entry).is_symlink()]
        entries += [Path(parent) / entry for entry in files + links]
        folders[:] = [entry for entry in folders if recursive and not is_litter([entry])]
    for error in blocked:
        empty = False
        yield refuse(clean(str(Path(name) / Path(error.filename).relative_to(folder))), error)
    for entry in sorted(entries, key=lambda entry: entry.relative_to(folder).as_posix()):
        inner, real = entry.relative_to(folder), real_path(entry)
        within = real.is_relative_to(root)
        is_picture = entry.suffix.lower() in PHOTOS or not_a_photo(entry.name) is not None
        if is_litter(inner.parts) or not (is_picture or (entry.is_symlink() and real.is_dir())):
            continue
        empty = False
        if real in listed or (within and real.is_dir()):  # a link to a folder inside: its photos are listed anyway
            continue
        if within:
            listed.add(real)
        yield _from_entry(real, within, clean(str(Path(name) / inner)), limits)
    if empty:
        remedy = "" if recursive else "To look into its subfolders too, add --recursive."
        raise BadInput("there are no photos in this folder.", remedy=remedy)


def _from_entry(real: Path, within: bool, name: str, limits: Limits) -> Listed:
    try:
        if not within:
            words = "this is a link that leads out of the folder; it is not followed."
            raise UnsafeInput(words, remedy="Put the file itself into the folder.")
        if not real.is_file():
            raise BadInput("this is not a file, or a link to nothing.", remedy="Take it out of the folder.")
        if (error := not_a_photo(name)) is not None:
            raise error
        return by_name(file_source(real, name, limits))
    except (PackshotError, OSError) as error:
        return refuse(name, error)
