"""A template: a list of steps, and options that set fields of them. Templates are data files."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from packshot.errors import BadOption, NotFound, plainly
from packshot.steps import TemplateStep
from packshot.steps.rendered import Rendered


class Template(BaseModel, frozen=True, extra="forbid"):
    """Steps in order. `options` maps the name a user sets to `step.field`."""

    id: str
    name: str
    words: str
    steps: tuple[TemplateStep, ...]
    options: Mapping[str, str] = {}
    chosen: frozenset[str] = Field(frozenset(), description="`step.field`s the user set: no channel overrides these")

    @model_validator(mode="after")
    def _options_reach_a_field(self) -> Template:
        kinds = {step.kind: type(step) for step in self.steps}
        for option, target in self.options.items():
            kind, _, field = target.partition(".")
            if kind not in kinds or field not in kinds[kind].model_fields:
                raise ValueError(f"option {option} of template {self.id} points at {target}, which is not there")
        return self

    def option_value(self, option: str) -> Any:
        """An option's current value."""
        kind, _, field = self.options[option].partition(".")
        return getattr(next(step for step in self.steps if step.kind == kind), field)

    def with_options(self, chosen: Mapping[str, Any]) -> Template:
        """The template with options set.  Raises BadOption naming the option, the value, and what it takes."""
        fields: dict[str, dict[str, Any]] = {}
        for option, value in chosen.items():
            if option not in self.options:
                near = difflib.get_close_matches(option, self.options, 1)
                hint = f"Did you mean “{near[0]}”?" if near else f"It has: {', '.join(self.options)}."
                raise BadOption(f"the template “{self.id}” has no such option.", subject=option, remedy=hint)
            kind, _, field = self.options[option].partition(".")
            fields.setdefault(kind, {})[field] = value
        steps = []
        for step in self.steps:
            changed = fields.get(step.kind)
            try:
                steps.append(type(step).model_validate(step.model_dump() | changed) if changed else step)
            except ValidationError as wrong:
                first = wrong.errors()[0]
                place = f"{step.kind}.{first['loc'][0]}"
                option = next((name for name, target in self.options.items() if target == place), place)
                raise BadOption(f"{plainly(first)}, not “{first['input']}”.", subject=option) from wrong
        reached = self.chosen | {self.options[option] for option in chosen}
        return self.model_copy(update={"steps": tuple(steps), "chosen": reached})

    @property
    def puts_on_white(self) -> bool:
        """Whether the product stands before pure white, whatever the channel."""
        return any(isinstance(step, Rendered) and step.set == "white" for step in self.steps)

    def pictures(self) -> tuple[str, ...]:
        """Paths of the user's own pictures that the steps need."""
        return tuple(path for step in self.steps if (path := getattr(step, "picture", "")))


def parse_options(words: Iterable[str]) -> dict[str, Any]:
    """`name=value` words of a command line.  Raises BadOption for a word without `=`."""
    chosen: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise BadOption("an option is written name=value.", subject=word, remedy="For example --set shadow=0.4.")
        chosen[name.strip()] = value.strip()
    return chosen


def templates() -> dict[str, Template]:
    """All templates that come with Packshot, by id."""
    folder = resources.files("packshot").joinpath("templates")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    shipped = [Template.model_validate(tomllib.loads(f.read_text("utf-8"))) for f in files]
    return {template.id: template for template in shipped}


def template(id: str) -> Template:
    """One template.  Raises NotFound listing those there are."""
    by_id = templates()
    if id not in by_id:
        near = difflib.get_close_matches(id, by_id, 1)
        hint = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(by_id)}."
        raise NotFound("there is no template of this name.", subject=id, remedy=hint)
    return by_id[id]
