"""A specification: what is made for whom. Outputs say which channel gets which style, for which shots.

A channel holds a platform's limits, a style a look; a specification is our choice inside them. It may make a rule of a
channel hard, never soft. It is a data file, and its version is the hash of its content: changed content under the same
id is the next version.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

import tomli_w
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from packshot.channel import Channel, safe_name
from packshot.errors import BadOption, NotFound, plainly
from packshot.rules import Rule
from packshot.steps.background import Color, Gradient, Picture
from packshot.steps.rendered import Rendered
from packshot.template import Template

Role = Literal[
    "front", "back", "left", "right", "top", "bottom", "three_quarter", "sole", "detail", "scale", "lifestyle",
    "on_model", "in_use", "flat_lay", "packaging", "label", "size_chart", "swatch", "other",
]  # fmt: skip
Slot = Literal["main", "gallery", "swatch"]
ROLES: tuple[Role, ...] = get_args(Role)
EVERYWHERE, MASTER = "everywhere", "master"
_WHITE = "#ffffff"


class Output(BaseModel, frozen=True, extra="forbid"):
    """One channel's files in one style."""

    channel: str = Field(min_length=1, max_length=200, description="A sales channel, by id.")
    style: str = Field("white", min_length=1, max_length=200, description="A template or style, by id.")
    options: Mapping[str, Any] = Field({}, description="Option of the style → value.")
    slot: Slot = Field("main", description="Where the shop shows it.")
    roles: tuple[Role, ...] = Field((), description="Only of these shots; of all where none is named.")
    categories: tuple[str, ...] = Field((), description="Only of products in these categories.")

    def takes(self, role: str, category: str) -> bool:
        """Whether a photo of this role (`role_of`) and category gets this output."""
        return (not self.roles or role in self.roles) and (
            not self.categories or category.casefold() in {name.casefold() for name in self.categories}
        )


class Specification(BaseModel, frozen=True, extra="forbid"):
    """Outputs, and what holds for all of them."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    name: str = Field(min_length=1, max_length=200)
    words: str = Field("", max_length=500)
    outputs: tuple[Output, ...] = Field(min_length=1, max_length=1000)
    roles: tuple[Role, ...] = Field(ROLES, description="The order of a product's shots.")
    name_pattern: str | None = Field(None, description="Of the files, instead of the channels' own.")
    margin: float | None = Field(None, ge=0, le=0.45, description="Least distance to the border, as a share.")
    fill: float | None = Field(None, ge=0.1, le=1, description="The product's size, a share of the frame's side.")
    hard: frozenset[Rule] = Field(frozenset(), description="Rules that reject a file, beside the channels' own.")
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @field_validator("roles")
    @classmethod
    def _each_once(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if len(set(roles)) < len(roles):
            raise ValueError("name each role once")
        return (*roles, *(role for role in ROLES if role not in roles))

    @model_validator(mode="after")
    def _no_output_twice(self) -> Specification:
        seen = set()
        for one in self.outputs:
            mark = json.dumps(one.model_dump(mode="json"), sort_keys=True)
            if mark in seen:
                raise ValueError(f"the output for {one.channel} in {one.style} is there twice")
            seen.add(mark)
        return self

    @property
    def version(self) -> str:
        """12 hexadecimal digits of its content."""
        fields = self.model_dump(mode="json")
        fields["hard"] = sorted(fields["hard"])
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]

    def outputs_for(self, role: str, category: str) -> list[Output]:
        """What a photo gets, in order.  role: as the library has it."""
        return [one for one in self.outputs if one.takes(role_of(role), category)]

    def applied(self, channel: Channel) -> Channel:
        """The channel with what the specification tightens."""
        changes: dict[str, Any] = {}
        if self.hard - channel.rules.hard:
            changes["rules"] = channel.rules.model_copy(update={"hard": channel.rules.hard | self.hard})
        if self.margin is not None and self.margin > (channel.margin or 0):
            changes["margin"] = self.margin
        if self.name_pattern is not None:
            changes["name_pattern"] = self.name_pattern
        return Channel.model_validate(channel.model_dump() | changes) if changes else channel

    def named(self, channel: Channel, output: Output, *, role: str, place: int) -> Channel:
        """The channel with a pattern that no other of its files of this product fills in the same way.

        place: of the photo among its product's, 0 first.  Only the first style of a slot has the plain name.
        """
        styles = list(dict.fromkeys(
            (one.style, repr(sorted(one.options.items()))) for one in self.outputs
            if (one.channel, one.slot) == (output.channel, output.slot)
        ))  # fmt: skip
        turn = styles.index((output.style, repr(sorted(output.options.items())))) if len(styles) > 1 else 0
        words = {"style": output.style, "slot": output.slot, "n": str(place + 1)}
        if "amazon_role" in channel.name_pattern:
            words["amazon_role"] = _amazon_word(output.slot, role_of(role), place)
        pattern = re.sub(r"\{(\w+)\}", lambda found: safe_name(words[found[1]]) if found[1] in words else found[0],
                         channel.name_pattern)  # fmt: skip
        if turn and "{style}" not in channel.name_pattern:
            same = sum(style == output.style for style, _ in styles[:turn])
            pattern += f"-{safe_name(output.style)}" + (f"-{same + 1}" if same else "")
        return channel.model_copy(update={"name_pattern": pattern}) if pattern != channel.name_pattern else channel

    def options_of(self, output: Output) -> dict[str, Any]:
        """Of its style, with the product's size."""
        return ({"size": self.fill} if self.fill is not None else {}) | dict(output.options)


def role_of(role: str) -> Role:
    """A photo's role as a specification names it; what older lists say is read: main is front, angle 2 other."""
    word = re.sub(r"[\s-]+", "_", role.strip().lower())
    if word in ("", "main"):
        return "front"
    return next((known for known in ROLES if known == word or known == re.sub(r"_\d+$", "", word)), "other")


def _amazon_word(slot: Slot, role: Role, place: int) -> str:
    """MAIN, PT01 … PT08, SWCH.  Seller Central, file names of product images."""
    if slot == "swatch" or role == "swatch":
        return "SWCH"
    return "MAIN" if slot == "main" and role == "front" else f"PT{max(1, place):02d}"


def unsuited(template: Template, channel: Channel) -> str:
    """Why a style cannot satisfy a hard rule of a channel, whatever the photo; "" where it can."""
    if channel.transparent or not (channel.rules.white and "white" in channel.rules.hard):
        return ""
    return "" if _gives_white(template, channel) else f"{channel.name} requires a pure white backdrop."


def _gives_white(template: Template, channel: Channel) -> bool:
    if template.puts_on_white:
        return True
    grounds = [
        step.for_channel(channel, template.chosen)
        for step in template.steps
        if isinstance(step, Color | Gradient | Picture | Rendered)
    ]
    if not grounds:  # the product alone: laid on the channel's colour
        return (channel.color or _WHITE).lower() == _WHITE
    ground = grounds[-1]
    return isinstance(ground, Color) and ground.color.lower() == _WHITE and ground.warmth == 0


def short_form(styles: Iterable[tuple[str, Mapping[str, Any]]], channels: Iterable[str]) -> Specification:
    """Styles × channels, the short way to say it: each style for each channel."""
    ids = list(dict.fromkeys(channels)) or [MASTER]
    outputs = [Output(channel=id, style=style, options=options) for style, options in styles for id in ids]
    return Specification(id="styles-for-channels", name="Styles for channels", outputs=_each_once(outputs))


def _each_once(outputs: Iterable[Output]) -> tuple[Output, ...]:
    return tuple({repr(one): one for one in outputs}.values())


def specifications() -> dict[str, Specification]:
    """All that come with Packshot, by id: one for each channel, and one for everywhere."""
    folder = resources.files("packshot").joinpath("specifications")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    shipped = [Specification.model_validate(tomllib.loads(f.read_text("utf-8"))) for f in files]
    return {one.id: one for one in shipped}


def specification(id: str) -> Specification:
    """One specification, by id or by the path of its file.  Raises NotFound listing those there are, BadOption."""
    if id.endswith(".toml"):
        return load(Path(id))
    by_id = specifications()
    if id not in by_id:
        near = difflib.get_close_matches(id, by_id, 1)
        hint = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(by_id)}."
        raise NotFound("there is no specification of this name.", subject=id, remedy=f"{hint} A file ends in .toml.")
    return by_id[id]


def load(path: Path) -> Specification:
    """A specification from a file.  Raises BadOption naming the file and the field."""
    try:
        return Specification.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadOption(f"{place or 'its outputs'}: {plainly(first)}.", subject=str(path)) from wrong
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise BadOption(f"this specification cannot be read ({wrong}).", subject=str(path)) from wrong


def to_toml(one: Specification) -> str:
    """A specification as its data file, styles written out."""
    fields = one.model_dump(mode="json", exclude_defaults=True)
    fields["outputs"] = [
        {"channel": output.channel, "style": output.style} | output.model_dump(mode="json", exclude_defaults=True)
        for output in one.outputs
    ]
    if "hard" in fields:
        fields["hard"] = sorted(fields["hard"])
    return tomli_w.dumps(fields)
