"""Lists: what a CSV says, before anything of it is taken in."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from packshot.api.access import Editor
from packshot.api.bodies import OPEN_BYTES, STREAMED
from packshot.api.described import FILE
from packshot.api.multipart import read_form
from packshot.api.service import Svc
from packshot.api.uploads import COLUMNS, LIST_FILE_BYTES, columns_of
from packshot.catalog.accounts import workspaces
from packshot.errors import BadInput, PackshotError
from packshot.intake.table import FIELDS, ColumnMap, Row, Table, read

router = APIRouter(tags=["lists"])


class ListColumn(BaseModel, frozen=True):
    """One column of a list."""

    name: str
    means: str | None = Field(description="One of `fields`; empty: it is left out; null: that is not known.")
    remembered: bool = Field(description="Whether it means that because a list before said so.")
    values: tuple[str, ...] = Field(description="The first values in it.")


class RowProblem(BaseModel, frozen=True):
    """Why a row cannot be taken."""

    words: str
    remedy: str


class ListRow(BaseModel, frozen=True):
    """One row; what the list does not have is empty."""

    number: int = Field(description="As a spreadsheet shows it.")
    sku: str
    file: str
    url: str
    gtin: str
    asin: str
    title: str
    role: str
    style: str
    channel: str
    priority: str
    problem: RowProblem | None


class ListView(BaseModel, frozen=True):
    """What a list says."""

    columns: tuple[ListColumn, ...]
    fields: tuple[str, ...] = Field(description="What a column may mean.")
    lacks: tuple[str, ...] = Field(
        description="Fields that no column means, and that it needs: `sku`, and `file` or `url`."
    )
    rows: tuple[ListRow, ...]
    notes: tuple[str, ...] = Field(description="How it was read, where a person should look at it.")


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": FILE | {"description": "A CSV list."}, "columns": COLUMNS},
                }
            }
        },
    }
}


@router.post("/lists", openapi_extra=_BODY, max_body_size=STREAMED)
async def read_list(request: Request, svc: Svc, who: Editor) -> ListView:
    """Read a list, and take nothing in: which columns were understood, and its rows.

    What `columns` says is remembered in the workspace, for the next list with columns of these names.
    """
    with tempfile.TemporaryDirectory(prefix="packshot-upload-") as folder:
        form = await read_form(request, Path(folder), limit_of=lambda name: LIST_FILE_BYTES, field_bytes=OPEN_BYTES)
        if len(form.files) != 1:
            raise BadInput("the form needs one list.", subject="file", remedy="Send it as the part “file”.")
        [file] = form.files
        if file.error is not None:
            raise file.error
        given = columns_of(form.fields)
        async with svc.db.read() as tx:
            columns = ColumnMap(given=given, remembered=await workspaces.list_columns(tx, who.workspace_id))
        content = file.path.read_bytes()
    try:
        found = await asyncio.to_thread(read, content, svc.settings.limits, columns=columns)
    except PackshotError as error:
        raise type(error)(error.problem, subject=file.name, remedy=error.remedy) from error
    if given:
        async with svc.db.write() as tx:
            await workspaces.remember_columns(tx, who.workspace_id, given)
    return _view(found)


def _view(found: Table) -> ListView:
    means = {column.means for column in found.columns}
    lacks = [] if "sku" in means else ["sku"]
    lacks += [] if {"file", "url"} & means else ["file"]
    return ListView(
        columns=tuple(
            ListColumn(name=one.name, means=one.means, remembered=one.remembered, values=one.examples)
            for one in found.columns
        ),
        fields=FIELDS,
        lacks=tuple(lacks),
        rows=tuple(_row(number, row, found) for number, row in found.rows),
        notes=found.notes,
    )


def _row(number: int, row: Row, found: Table) -> ListRow:
    wrong = found.wrong.get(number)
    problem = RowProblem(words=wrong.problem, remedy=wrong.remedy) if wrong else None
    return ListRow(number=number, problem=problem, **{name: row[name] for name in FIELDS})
