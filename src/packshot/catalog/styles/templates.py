"""Styles: the templates that come with Packshot, and a workspace's own styles, which are templates with options set."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo
from sqlalchemy import ColumnElement, func, insert, select, update

from packshot import template as shipped
from packshot.catalog.library import photos
from packshot.catalog.status import Line, line
from packshot.db import Tx, typed
from packshot.db.tables import new_id, now, styles
from packshot.errors import BadOption, Conflict, NotFound
from packshot.template import Template

MOST_STYLES = 500
PICTURE = "picture"  # the field of a step that names a photo of the workspace


class OptionKind(StrEnum):
    """What an option takes."""

    NUMBER = "number"
    WHOLE = "whole number"
    SWITCH = "switch"
    COLOR = "colour"
    CHOICE = "choice"
    PICTURE = "picture"
    TEXT = "text"


class OptionView(BaseModel, frozen=True):
    """One option of a template: its name, the values it takes, the one it has."""

    name: str = Field(description="What it is set by.")
    title: str
    words: str = ""
    kind: OptionKind
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = Field(False, description="It may be unset: null, or of a colour the empty text.")
    value: float | bool | str | None = Field(description="The value it has.")


class StyleView(BaseModel, frozen=True):
    """A template that comes with Packshot, or a style of the workspace's own."""

    id: str
    name: str
    words: str
    shipped: bool
    base: str = Field(description="The template that it is based on; of a shipped one itself.")
    chosen: dict[str, Any] = Field(description="The options that the style sets on its base.")
    options: tuple[OptionView, ...]
    revision: int = Field(description="0 for what comes with Packshot.")
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StyleRecord:
    """A row of `styles`."""

    id: str
    workspace_id: str
    name: str
    words: str
    base: str
    options: dict[str, Any]
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None


Name = Annotated[Line, Field(min_length=1, max_length=200)]
Words = Annotated[Line, Field(max_length=1_000)]
Options = Annotated[dict[str, Any], Field(max_length=40)]
_EXAMPLE: dict[str, Any] = {
    "examples": [{"name": "Our gray", "base": "color", "options": {"color": "#e4e4e2", "shadow": 0.4}}]
}


class StyleRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra=_EXAMPLE):
    """A new style: a shipped template with some of its options set."""

    name: Name
    words: Words = ""
    base: str = Field(max_length=40, description="The id of a template that comes with Packshot.")
    options: Options = {}


class StyleChange(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"name": "Our grey"}]}):
    """What to change; options are replaced as a whole."""

    name: Name | None = None
    words: Words | None = None
    options: Options | None = None


async def resolve(
    tx: Tx, workspace_id: str, style_id: str, options: Mapping[str, Any] | None = None, *, whole: bool = True
) -> Template:
    """The template to work with: shipped or the workspace's own, with options set on top.

    A step's `picture` is a photo's id.  whole: a picture that a step needs must be set.
    Raises NotFound for the style, BadOption for an option or a picture.
    """
    shipped_templates = _shipped()
    if style_id in shipped_templates:
        base = shipped_templates[style_id]
    else:
        style = await _record(tx, workspace_id, style_id)
        if style is None:
            near = difflib.get_close_matches(style_id, shipped_templates, 1)
            all_ids = f"There are {', '.join(shipped_templates)}, and your own styles."
            raise NotFound(
                "there is no style of this id.", subject=style_id,
                remedy=f"Did you mean “{near[0]}”?" if near else all_ids,
            )  # fmt: skip
        base = _template(style)
    resolved = base.with_options(_plain(options or {}))
    await _check_pictures(tx, workspace_id, resolved, whole=whole)
    return resolved


async def page(tx: Tx, workspace_id: str) -> list[StyleView]:
    """All styles: what comes with Packshot first, then the workspace's own by name."""
    own = await tx.execute(select(styles).where(_live(workspace_id)).order_by(styles.c.name, styles.c.id))
    return [
        *(_shipped_view(template) for template in _shipped().values()),
        *(_view(typed(StyleRecord, row)) for row in own),
    ]


async def get(tx: Tx, workspace_id: str, style_id: str) -> StyleView:
    """One style.  Raises NotFound."""
    if style_id in _shipped():
        return _shipped_view(_shipped()[style_id])
    style = await _record(tx, workspace_id, style_id)
    if style is None:
        raise NotFound("there is no style of this id.", subject=style_id)
    return _view(style)


async def create(tx: Tx, workspace_id: str, request: StyleRequest) -> StyleView:
    """Raises NotFound for the base, BadOption for an option or a picture, Conflict where there are too many."""
    count = await tx.scalar(select(func.count()).select_from(styles).where(_live(workspace_id)))
    if (count or 0) >= MOST_STYLES:
        raise Conflict(f"there are {MOST_STYLES} styles already.", remedy="Delete some that are not used.")
    await _check(tx, workspace_id, request.base, request.options)
    id, at = new_id("tpl"), now()
    await tx.execute(
        insert(styles).values(
            id=id, workspace_id=workspace_id, revision=1, created_at=at, updated_at=at, **request.model_dump()
        )
    )
    return await get(tx, workspace_id, id)


async def change(tx: Tx, workspace_id: str, style_id: str, changes: StyleChange) -> StyleView:
    """Change it; items have a snapshot of before.  Raises NotFound, Conflict for a shipped one, BadOption."""
    style = await own(tx, workspace_id, style_id, lock=True)
    fields = {name: value for name, value in changes.model_dump(exclude_unset=True).items() if value is not None}
    await _check(tx, workspace_id, style.base, fields.get("options", style.options))
    await tx.execute(
        update(styles)
        .where(_live(workspace_id), styles.c.id == style_id)
        .values(**fields, revision=styles.c.revision + 1, updated_at=now())
    )
    return await get(tx, workspace_id, style_id)


async def delete(tx: Tx, workspace_id: str, style_id: str) -> None:
    """Delete it; items have a snapshot of it.  Raises NotFound, Conflict for a shipped one."""
    await own(tx, workspace_id, style_id, lock=True)
    await tx.execute(
        update(styles).where(_live(workspace_id), styles.c.id == style_id).values(deleted_at=now())
    )  # fmt: skip


async def own(tx: Tx, workspace_id: str, style_id: str, *, lock: bool = False) -> StyleRecord:
    """A style of the workspace's own.  Raises NotFound, Conflict for a shipped template."""
    if style_id in _shipped():
        raise Conflict(
            "this template comes with Packshot and cannot be changed.",
            subject=style_id,
            remedy="Make a style of your own from it: POST /api/v1/styles with it as base.",
        )
    style = await _record(tx, workspace_id, style_id, lock=lock)
    if style is None:
        raise NotFound("there is no style of this id.", subject=style_id)
    return style


# --- options, from the fields of the steps ---


def options_of(template: Template) -> tuple[OptionView, ...]:
    """What can be set on a template, and the values it has."""
    views = []
    for name, target in template.options.items():
        kind, _, field = target.partition(".")
        step = next(step for step in template.steps if step.kind == kind)
        views.append(_option(name, field, type(step).model_fields[field], getattr(step, field)))
    return tuple(views)


def _option(name: str, field_name: str, field: FieldInfo, value: object) -> OptionView:
    members = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else (field.annotation,)
    types = [member for member in members if member is not type(None)]
    type_ = types[0]
    choices = tuple(str(choice) for choice in get_args(type_)) if get_origin(type_) is Literal else ()
    least = [limit.ge if isinstance(limit, Ge) else limit.gt for limit in field.metadata if isinstance(limit, Ge | Gt)]
    most = [limit.le if isinstance(limit, Le) else limit.lt for limit in field.metadata if isinstance(limit, Le | Lt)]
    pattern = next((limit.pattern for limit in field.metadata if getattr(limit, "pattern", None)), "")
    kind = _kind(field_name, type_, pattern, choices)
    return OptionView(
        name=name,
        title=field.title or name.replace("_", " ").capitalize(),
        words=field.description or "",
        kind=kind,
        least=_number(least),
        most=_number(most),
        choices=choices,
        optional=len(types) < len(members) or (kind is OptionKind.COLOR and re.search(pattern, "") is not None),
        value=value,
    )


def _kind(field_name: str, annotation: object, pattern: str, choices: tuple[str, ...]) -> OptionKind:
    if choices:
        return OptionKind.CHOICE
    if annotation is bool:
        return OptionKind.SWITCH
    if annotation is int:
        return OptionKind.WHOLE
    if annotation is float:
        return OptionKind.NUMBER
    if field_name == PICTURE:
        return OptionKind.PICTURE
    return OptionKind.COLOR if "fA-F" in pattern else OptionKind.TEXT


def _number(limits: list[Any]) -> float | None:
    return float(limits[0]) if limits else None


# --- parts ---


@functools.cache
def _shipped() -> dict[str, Template]:
    return shipped.templates()


def _live(workspace_id: str) -> ColumnElement[bool]:
    return (styles.c.workspace_id == workspace_id) & styles.c.deleted_at.is_(None)


async def _record(tx: Tx, workspace_id: str, style_id: str, *, lock: bool = False) -> StyleRecord | None:
    query = select(styles).where(_live(workspace_id), styles.c.id == style_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else typed(StyleRecord, row)


def _template(style: StyleRecord) -> Template:
    base = _shipped()[style.base]
    template = base.with_options(style.options)
    return template.model_copy(update={"id": style.id, "name": style.name, "words": style.words or base.words})


def _plain(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises BadOption for a value that no option takes: they come from outside and go into JSON."""
    for name, value in options.items():
        try:
            line(f"{name} {value}" if isinstance(value, str) else name)
        except ValueError as wrong:
            raise BadOption(f"{wrong}.", subject="options") from None  # its name may be what no answer can hold
        if not isinstance(value, str | int | float | bool | None) or (isinstance(value, str) and len(value) > 200):
            raise BadOption("it takes a number, a word, true, false or null.", subject=name[:60])
        if isinstance(value, int | float) and not -1e9 < value < 1e9:
            raise BadOption("it takes a number of ordinary size.", subject=name[:60])
    return options


async def _check(tx: Tx, workspace_id: str, base: str, options: Mapping[str, Any]) -> None:
    if base not in _shipped():
        raise NotFound(
            "there is no style of this id to start from.",
            subject=base,
            remedy=f"Take one that comes with Packshot: {', '.join(_shipped())}.",
        )
    await _check_pictures(tx, workspace_id, _shipped()[base].with_options(_plain(options)), whole=False)


async def _check_pictures(tx: Tx, workspace_id: str, style: Template, *, whole: bool) -> None:
    pictures: list[str] = [getattr(step, PICTURE) for step in style.steps if hasattr(step, PICTURE)]
    if whole and not all(pictures):
        raise BadOption(
            f"the template “{style.id}” needs a picture to put behind the product.",
            subject=PICTURE,
            remedy="Upload it as an image and set the option picture to its id.",
        )
    named = {id for id in pictures if id}
    missing = named - await photos.existing(tx, workspace_id, named) if named else set()
    if missing:
        raise BadOption(
            f"there is no image “{min(missing)}”.", subject=PICTURE, remedy="Set it to the id of an uploaded image."
        )


def _shipped_view(style: Template) -> StyleView:
    return StyleView(
        id=style.id, name=style.name, words=style.words, shipped=True, base=style.id, chosen={},
        options=options_of(style), revision=0,
    )  # fmt: skip


def _view(style: StyleRecord) -> StyleView:
    template = _template(style)
    own = {"words": template.words, "shipped": False, "chosen": style.options, "options": options_of(template)}
    return StyleView.model_validate(asdict(style) | own)
