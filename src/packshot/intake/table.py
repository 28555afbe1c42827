"""The columns and rows of a list: CSV as Excel, Numbers and LibreOffice write it, with any of their separators."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packshot.errors import BadInput, BadOption, TooLarge
from packshot.intake.encoding import Decoded, decoded
from packshot.settings import Limits

FIELDS = ("sku", "file", "url", "gtin", "asin", "title", "role", "style", "channel", "priority")
LEFT_OUT = ""  # what a column means that is not read
MOST_COLUMNS = 200
_OLD_NAMES = {"template": "style"}
_STRAY = ""  # the key of a row's value that has no column
_EXAMPLES = 3
_SEPARATORS = ",;\t|"
_SHORTENED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?E\+[0-9]{2,3}", re.IGNORECASE)
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What is known of columns beside the names that are read anyway: name → field, or LEFT_OUT.

    given: for this list; it goes before all else.  remembered: of lists before; it never goes against the list itself.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    remembered: Mapping[str, str] = field(default_factory=dict)


NO_MAP = ColumnMap()


@dataclass(frozen=True, slots=True)
class Column:
    """name: as the list has it.  means: a field, LEFT_OUT, or None where that is not known."""

    name: str
    means: str | None
    remembered: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """rows: number as a spreadsheet shows it, field → value.  wrong: what is wrong with a row, by its number.

    notes: how the list was read, where a person should look at it.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[int, Row], ...]
    wrong: Mapping[int, BadOption]
    notes: tuple[str, ...] = ()

    def good(self) -> list[tuple[int, Row]]:
        return [(number, row) for number, row in self.rows if number not in self.wrong]


def column_key(name: str) -> str:
    """A column's name as it is compared."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def is_known(name: str) -> bool:
    """Whether a column of this name is read anyway."""
    return column_key(name) in (*FIELDS, *_OLD_NAMES)


def checked_map(columns: Mapping[str, str]) -> dict[str, str]:
    """Column → field, as they are compared.  Raises BadOption."""
    found = {column_key(name): column_key(means) for name, means in columns.items()}
    if len(found) > MOST_COLUMNS or any(not name or len(name) > 200 for name in found):
        raise BadOption(f"these are more than {MOST_COLUMNS} columns, or their names are too long.", subject="columns")
    found = {name: _OLD_NAMES.get(means, means) for name, means in found.items()}
    for name, means in found.items():
        if means != LEFT_OUT and means not in FIELDS:
            words = f"{name!r} cannot mean {means!r}."
            raise BadOption(words, subject="columns", remedy=f"It can mean {', '.join(FIELDS)}, or nothing.")
    return found


def table(content: bytes, limits: Limits, *, names_photos: bool = True, columns: ColumnMap = NO_MAP) -> Table:
    """A list that is to be worked through.

    names_photos: whether there must be a column for files or addresses.  Raises errors of the list as a whole, also
    where it is not known what a column means.
    """
    found = read(content, limits, columns=columns)
    for column in found.columns:
        if column.means is None:
            near = difflib.get_close_matches(column_key(column.name), FIELDS, n=1, cutoff=0.75)
            remedy = (
                f"{f'Did you mean {near[0]}? ' if near else ''}The columns are {', '.join(FIELDS)}. Rename it, or say "
                f"what it means: in the studio, where the list is dropped, or with --map {_quoted(column.name)}=sku; "
                f"--map {_quoted(column.name)}= leaves it out."
            )
            raise BadOption(f"there is no column {column.name!r}.", remedy=remedy)
    means = {column.means for column in found.columns}
    if "sku" not in means or (names_photos and not {"file", "url"} & means):
        words = "it needs the column sku, and file or url." if names_photos else "it needs the column sku."
        raise BadOption(words, remedy="Name the columns in the first row.")
    if not found.rows:
        raise BadInput("there are no rows in this list.", remedy="Add one row for each photo.")
    return found


def read(content: bytes, limits: Limits, *, columns: ColumnMap = NO_MAP) -> Table:
    """A list that is looked at: columns that mean nothing here are told.  Raises errors of the list as a whole."""
    written = decoded(content)
    header: list[Column] = []
    rows: list[tuple[int, Row]] = []
    wrong: dict[int, BadOption] = {}
    examples: dict[int, list[str]] = {}
    for number, raw in _records(written.text):
        cells = [_cell(cell) for cell in raw]
        if not any(cells):
            continue
        if not header:
            header = _header(cells, columns)
            continue
        if len(rows) == limits.manifest_rows:
            raise TooLarge(f"it has more than {limits.manifest_rows} rows.", remedy="Split it.")
        row = dict.fromkeys((*FIELDS, _STRAY), "")
        row.update((column.means, cell) for column, cell in zip(header, cells, strict=False) if column.means)
        stray = (cell for at, cell in enumerate(cells) if at >= len(header) or not header[at].name)
        row[_STRAY] = next(filter(None, stray), "")
        unsure = (
            cell for column, cell in zip(header, raw, strict=False) if column.means and set(cell) & written.unsure
        )
        if error := _wrong_with(row, next(unsure, ""), written):
            wrong[number] = error
        rows.append((number, row))
        for at, cell in enumerate(cells[: len(header)]):
            seen = examples.setdefault(at, [])
            if cell and cell not in seen and len(seen) < _EXAMPLES:
                seen.append(cell[:80])
    shown = [
        Column(column.name, column.means, column.remembered, tuple(examples.get(at, ())))
        for at, column in enumerate(header)
        if column.name
    ]
    return Table(tuple(shown), tuple(rows), wrong, tuple(_notes(written, shown)))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line and its number."""
    text, separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as error:
        words = f"line {reader.line_num} is not CSV ({error})."
        raise BadInput(words, remedy="Save it from the spreadsheet again.") from None


def _separator(text: str) -> tuple[str, str]:
    """The list without the line in which Excel names the separator; else that is the most frequent of the header."""
    if told := re.match(r'"?sep=(.)"?[ ,;\t]*(?:\r\n|\r|\n|$)', text, re.IGNORECASE):
        return text[told.end() :], told[1]
    head = re.split(r"[\r\n]", re.sub(r'"[^"]*"', "", text).lstrip("\r\n "), maxsplit=1)[0]
    return text, max(_SEPARATORS, key=head.count)


def _cell(cell: str) -> str:
    """A value; ="00123" is how a text of digits is kept from Excel."""
    cell = cell.strip()
    formula = _FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"').strip() if formula else cell


def _header(cells: Sequence[str], columns: ColumnMap) -> list[Column]:
    keys = [column_key(cell) for cell in cells]
    known = {field: field for field in FIELDS} | _OLD_NAMES
    means: list[str | None] = [columns.given.get(key, known.get(key)) if key else LEFT_OUT for key in keys]
    taken = set(means)
    header = []
    for cell, key, meaning in zip(cells, keys, means, strict=True):
        before = columns.remembered.get(key) if meaning is None else None
        if before is not None and (before == LEFT_OUT or before not in taken):
            taken.add(before)
            header.append(Column(cell, before, remembered=True))
        else:
            header.append(Column(cell, meaning))
    twice = [field for field, count in Counter(column.means for column in header).items() if field and count > 1]
    if twice:
        names = [column.name for column in header if column.means == twice[0]]
        words = f"the columns {' and '.join(map(repr, names))} both mean {twice[0]}."
        raise BadOption(words, remedy="Leave one of them out.")
    return header


def _wrong_with(row: Row, unsure: str, written: Decoded) -> BadOption | None:
    """unsure: a value of it with letters that cannot be told."""
    for column in ("sku", "gtin"):
        if _SHORTENED.fullmatch(row[column]):
            return BadOption(
                f"the spreadsheet shortened this number: {row[column]}.",
                remedy=f"Format the column {column} as text there, enter the number again in full, and save the list.",
            )
    if unsure:
        letter = min(set(unsure) & written.unsure)
        return BadOption(f"the letter {letter} in {unsure!r} cannot be told.", remedy="Save the list as CSV UTF-8.")
    if row[_STRAY]:
        words = f"it has a value without a column: {row[_STRAY]!r}."
        return BadOption(words, remedy="Put values that hold the separator in quotation marks.")
    return None


def _notes(written: Decoded, columns: Sequence[Column]) -> Iterator[str]:
    if written.page:
        yield (
            f"The list does not say in which letters it is written; by its words it is {written.page}. "
            "Where a name looks wrong, save it as CSV UTF-8."
        )
    for column in columns:
        if column.remembered:
            read_as = f"read as {column.means}" if column.means else "left out"
            yield f"The column {column.name} was {read_as}, as before."


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else f'"{name}"'
