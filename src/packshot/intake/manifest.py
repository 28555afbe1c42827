"""The photos that a manifest lists: CSV or TSV, beside its photos or inside their archive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from packshot.errors import BadInput, BadOption, PackshotError, TooLarge, UnsafeInput, UnsupportedFormat
from packshot.intake.source import (
    EXPORT,
    PHOTOS,
    Listed,
    Load,
    Names,
    Note,
    Source,
    address_source,
    file_source,
    not_a_photo,
    real_path,
    refuse,
)
from packshot.intake.table import NO_MAP, ColumnMap, Row, Table, table
from packshot.settings import Limits

_PRIORITIES = ("urgent", "standard", "overnight")
_MANIFEST_ROW_BYTES = 4096  # far more than a row holds: bounds the file before its rows are counted

Locate = Callable[[str], tuple[str, Load]]


def from_manifest(
    path: Path, name: str, limits: Limits, listed: set[Path | str], columns: ColumnMap = NO_MAP
) -> Iterator[Listed]:
    root, shown_root = path.parent, Path(name).parent
    folders: dict[Path, Names] = {}

    def locate(file: str) -> tuple[str, Load]:
        inner = _as_on_disk(root, _inside(file), folders)
        real = real_path(root / inner)
        if not real.is_relative_to(root):
            raise UnsafeInput("the file lies outside the manifest's folder.", remedy="Put it beside the manifest.")
        # Listed even if the row is refused below: a folder among the inputs must not add it under another SKU.
        listed.add(real)
        if not real.is_file():
            raise BadInput(f"there is no file {file}.", remedy="Check the name; it counts from the manifest's folder.")
        source = file_source(real, str(shown_root / inner), limits)
        return source.name, source.load

    if path.stat().st_size > limits.manifest_rows * _MANIFEST_ROW_BYTES:
        raise TooLarge("this is too large for a manifest.", remedy=f"Split it: {limits.manifest_rows} rows at most.")
    yield from _from_table(table(path.read_bytes(), limits, columns=columns), name, locate, limits)


def _as_on_disk(root: Path, inner: PurePosixPath, folders: dict[Path, Names]) -> PurePosixPath:
    """The path with its parts as they are written on the disk; as it is, where nothing fits."""
    found = PurePosixPath()
    for part in inner.parts:
        folder = root / found
        if folder not in folders:
            folders[folder] = Names(path.name for path in folder.iterdir()) if folder.is_dir() else Names(())
        found /= folders[folder].find(part) or part
    return found


def from_zip_manifest(
    sheet: str, name: str, load: dict[str, Load], limits: Limits, columns: ColumnMap = NO_MAP
) -> Iterator[Listed]:
    named: set[str] = set()
    names = Names(load)

    def locate(file: str) -> tuple[str, Load]:
        inner = names.find(str(PurePosixPath(sheet).parent / _inside(file)))
        if inner is None:
            raise BadInput(f"there is no usable file {file} in the archive.", remedy="Check the name.")
        named.add(inner)
        return f"{name}/{inner}", load[inner]

    shown = f"{name}/{sheet}"
    try:
        yield from _from_table(table(load[sheet](), limits, columns=columns), shown, locate, limits)
    except PackshotError as error:
        yield refuse(shown, error)
        return
    for inner in load:
        if inner != sheet and inner not in named:
            words = "it is not named in the manifest."
            yield refuse(f"{name}/{inner}", BadInput(words, remedy=f"Add a row for it to {sheet}, or take it out."))


def from_table(found: Table, name: str, limits: Limits) -> Iterator[Listed]:
    """The photos of a list without files beside it: it can name addresses only."""
    yield from _from_table(found, name, _nowhere, limits)


def from_rows(listed: Sequence[tuple[int, Row]], name: str, limits: Limits) -> Iterator[Listed]:
    """As `from_table`, of some of its rows: a Source or a Refused for each, in order."""
    yield from _from_rows(listed, {}, name, _nowhere, limits)


def _nowhere(file: str) -> tuple[str, Load]:
    raise BadInput(
        f"the list came without the file {_inside(file)}.",
        remedy="Pack list and photos into one ZIP, or give addresses in the column url.",
    )


def _inside(file: str) -> PurePosixPath:
    """A manifest's path, which must be a photo's and lead downwards; Windows writes it with backslashes."""
    inner = PurePosixPath(file.replace("\\", "/"))
    if inner.is_absolute() or ".." in inner.parts or re.match(r"[A-Za-z]:", file) or not file.isprintable():
        words = f"the file {file!r} lies outside the manifest's folder."
        raise UnsafeInput(words, remedy="Name it relative to the manifest, such as left/shoe.jpg.")
    error = not_a_photo(inner.name)
    if error is not None or inner.suffix.lower() not in PHOTOS:
        raise error or UnsupportedFormat(f"{file} is not a photo.", remedy=EXPORT)
    return inner


def _from_table(found: Table, sheet: str, locate: Locate, limits: Limits) -> Iterator[Listed]:
    yield from (Note(sheet, words) for words in found.notes)
    yield from _from_rows(found.rows, found.wrong, sheet, locate, limits)


def _from_rows(
    listed: Sequence[tuple[int, Row]], wrong: Mapping[int, BadOption], sheet: str, locate: Locate, limits: Limits
) -> Iterator[Listed]:
    first_row: dict[tuple[str, str], int] = {}
    for number, row in listed:
        shown = f"{sheet} row {number}"
        try:
            source = _row_source(row, wrong.get(number), locate, limits)
            first = first_row.setdefault((source.sku, source.role), number)
            if first != number:
                words = f"SKU {source.sku} with the role {source.role} is already in row {first}."
                raise BadOption(words, remedy="Give each photo of a product its own role, such as angle 2.")
        except (PackshotError, OSError) as error:
            yield refuse(shown, error)
        else:
            yield source


def _row_source(row: Row, wrong: BadOption | None, locate: Locate, limits: Limits) -> Source:
    # Located first, so that a row that is refused for another reason still counts as naming its file.
    located = locate(row["file"]) if row["file"] else None
    if wrong is not None:
        raise wrong
    if (located is None) == (not row["url"]):
        raise BadOption("it needs a file or a url, one of them.", remedy="Fill in exactly one.")
    source = Source(located[0], "", load=located[1]) if located else address_source(row["url"], limits)
    if not row["sku"] or not row["sku"].isprintable():
        raise BadOption("it has no SKU.", remedy="Fill in the column sku.")
    asin, priority = row["asin"].upper(), row["priority"].lower()
    _check_gtin(row["gtin"])
    if asin and not re.fullmatch(r"[A-Z0-9]{10}", asin):
        raise BadOption(f"{row['asin']!r} is not an ASIN.", remedy="An ASIN has 10 letters and digits.")
    if priority and priority not in _PRIORITIES:
        raise BadOption(f"there is no priority {row['priority']!r}.", remedy=f"Use {', '.join(_PRIORITIES)}.")
    return replace(
        source,
        sku=row["sku"],
        gtin=row["gtin"],
        asin=asin,
        title=row["title"],
        role=" ".join(row["role"].lower().split()) or "main",
        style=row["style"],
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
