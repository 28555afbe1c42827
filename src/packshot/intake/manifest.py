"""The photos that a manifest lists: CSV or TSV, beside its photos or inside their archive."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from packshot.errors import (
    BadInput,
    BadOption,
    DamagedFile,
    PackshotError,
    TooLarge,
    UnsafeInput,
    UnsupportedFormat,
)
from packshot.intake.source import (
    EXPORT,
    PHOTOS,
    Listed,
    Load,
    Source,
    address_source,
    file_source,
    not_a_photo,
    real_path,
    refuse,
)
from packshot.settings import Limits

_COLUMNS = ("sku", "file", "url", "gtin", "asin", "title", "role", "template", "channel", "priority")
_STRAY = ""  # the key of a row's value that has no column
_PRIORITIES = ("urgent", "standard", "overnight")
_MANIFEST_ROW_BYTES = 4096  # far more than a row holds: bounds the file before its rows are counted

Row = dict[str, str]
Locate = Callable[[str], tuple[str, Load]]


def from_manifest(path: Path, name: str, limits: Limits, listed: set[Path | str]) -> Iterator[Listed]:
    root, shown_root = path.parent, Path(name).parent

    def locate(file: str) -> tuple[str, Load]:
        inner = _inside(file)
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
    yield from _from_rows(_rows(path.read_bytes(), limits), name, locate, limits)


def from_zip_manifest(sheet: str, name: str, load: dict[str, Load], limits: Limits) -> Iterator[Listed]:
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
        yield refuse(shown, error)
        return
    for inner in load:
        if inner != sheet and inner not in named:
            words = "it is not named in the manifest."
            yield refuse(f"{name}/{inner}", BadInput(words, remedy=f"Add a row for it to {sheet}, or take it out."))


def rows(content: bytes, limits: Limits, *, names_photos: bool) -> Iterator[tuple[int, Row]]:
    """Each row of a manifest with its number, column → value.

    names_photos: whether there must be a column for files or addresses.  Raises errors of the manifest as a whole.
    """
    return _rows(content, limits, names_photos=names_photos)


def from_rows(listed: Sequence[tuple[int, Row]], name: str, limits: Limits) -> Iterator[Listed]:
    """The photos of a list without files beside it: it can name addresses only."""

    def locate(file: str) -> tuple[str, Load]:
        raise BadInput(
            f"the list came without the file {_inside(file)}.",
            remedy="Pack list and photos into one ZIP, or give addresses in the column url.",
        )

    yield from _from_rows(iter(listed), name, locate, limits)


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


def _from_rows(rows: Iterator[tuple[int, Row]], sheet: str, locate: Locate, limits: Limits) -> Iterator[Listed]:
    listed = list(rows)  # so that an error of the whole manifest is raised before its first row is taken
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
            yield refuse(shown, error)
        else:
            yield source


def _row_source(row: Row, locate: Locate, limits: Limits) -> Source:
    # Located first, so that a row that is refused for another reason still counts as naming its file.
    located = locate(row["file"]) if row["file"] else None
    if row[_STRAY]:
        words = f"it has a value without a column: {row[_STRAY]!r}."
        raise BadOption(words, remedy="Put values that hold the separator in quotation marks.")
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


def _rows(content: bytes, limits: Limits, *, names_photos: bool = True) -> Iterator[tuple[int, Row]]:
    """Each row with its number as a spreadsheet shows it.  Raises errors of the manifest as a whole."""
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
                columns = _columns(cells, names_photos=names_photos)
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


def _columns(cells: list[str], *, names_photos: bool) -> list[str]:
    columns = [cell.lower() for cell in cells]
    for cell, column in zip(cells, columns, strict=True):
        if column and column not in _COLUMNS:
            near = difflib.get_close_matches(column, _COLUMNS, n=1)
            remedy = f"Did you mean {near[0]}? " if near else ""
            raise BadOption(f"there is no column {cell!r}.", remedy=f"{remedy}The columns are {', '.join(_COLUMNS)}.")
    twice = [column for column, count in Counter(columns).items() if column and count > 1]
    if twice:
        raise BadOption(f"the column {twice[0]} is there twice.", remedy="Remove one.")
    if "sku" not in columns or (names_photos and not {"file", "url"} & set(columns)):
        words = "it needs the column sku, and file or url." if names_photos else "it needs the column sku."
        raise BadOption(words, remedy="Name the columns in the first row.")
    return columns


def _text(content: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with one, else Windows-1252, which western Excel writes."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return text
    raise DamagedFile("this is not a text file.", remedy="Save it from the spreadsheet as CSV (UTF-8).")
