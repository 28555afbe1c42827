"""Why a person rejects a picture, and what a retry changes because of it: one table.

A reason changes a copy of the latest version's template by its rule, and lists each change: what, before, after, why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from annotated_types import Ge, Le
from pydantic import BaseModel

from packshot.channel import Channel
from packshot.errors import BadInput, BadOption
from packshot.template import Template

SHADOW_STRENGTH, SHADOW_SOFTNESS = 0.6, 1.4  # what one retry does to a shadow
# A product that fills the frame to its border looks cut off, even where a channel allows it.
LARGEST_FILL = 0.97
SIZE_STEP = 1.15  # where no channel sets a limit
# Distance to a channel's limit, the same as the layout's own (pipeline.py).
_ROOM = 0.015


class Changed(BaseModel, frozen=True):
    """One parameter that a retry changed."""

    parameter: str
    before: Any
    after: Any
    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The settings of the next version."""

    style: Template
    channels: Sequence[Channel]
    refined: bool
    changed: tuple[Changed, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """title: what a merchandiser picks.  rule: what a retry does, in words.  apply: the rule as a function."""

    id: str
    title: str
    rule: str
    apply: Callable[[Retry], Retry] | None = None


def _shadow_unnatural(retry: Retry) -> Retry:
    why = "The shadow looked unnatural."

    def gentler(fields: dict[str, Any]) -> dict[str, Any]:
        return {"shadow": fields["shadow"] * SHADOW_STRENGTH, "softness": "more"} if fields["shadow"] else {}

    def softer(fields: dict[str, Any]) -> dict[str, Any]:
        if not fields["strength"]:
            return {}
        return {"strength": fields["strength"] * SHADOW_STRENGTH, "softness": fields["softness"] * SHADOW_SOFTNESS}

    return _steps(_steps(retry, ("shadow",), softer, why), ("rendered",), gentler, why)


def _floats(retry: Retry) -> Retry:
    def other_height(fields: dict[str, Any]) -> dict[str, Any]:
        return {"height": "other"} if fields["height"] is None else {}

    return _steps(retry, ("rendered",), other_height, "The product seemed to float or to sink.")


def _colour_shifted(retry: Retry) -> Retry:
    why = "The colour was shifted."
    if any(step.kind == "light" and step.strength > 0 for step in retry.style.steps):
        retry = _without(retry, "light", why)
    targets = retry.style.options.values()  # pure white has no warmth to set to 0
    return _steps(retry, None, lambda fields: {"warmth": 0.0} if f"{fields['kind']}.warmth" in targets else {}, why)


def _edge_rough(retry: Retry) -> Retry:
    if retry.refined:
        return retry
    change = Changed(parameter="segment.refined", before=False, after=True, why="The edge was rough.")
    return replace(retry, refined=True, changed=(*retry.changed, change))


def _too_small(retry: Retry) -> Retry:
    limits = [channel.rules.fill[1] for channel in retry.channels if channel.rules.fill != (0.0, 1.0)]

    def larger(fields: dict[str, Any]) -> dict[str, Any]:
        goal = max(limits) if limits else fields["fill"] * SIZE_STEP
        return {"fill": max(fields["fill"], min(goal, LARGEST_FILL) - (_ROOM if limits else 0))}

    return _free(_steps(retry, ("layout",), larger, "The product was too small in the frame."))


def _too_large(retry: Retry) -> Retry:
    limits = [channel.rules.fill[0] for channel in retry.channels if channel.rules.fill[0] > 0]

    def smaller(fields: dict[str, Any]) -> dict[str, Any]:
        goal = min(limits) + _ROOM if limits else fields["fill"] / SIZE_STEP
        return {"fill": min(fields["fill"], goal)}

    return _free(_steps(retry, ("layout",), smaller, "The product was too large in the frame."))


REASONS: tuple[Reason, ...] = (
    Reason("shadow_unnatural", "The shadow looks unnatural",
           "The shadow is made at 0.6 of its strength and softer.", _shadow_unnatural),
    Reason("floats", "The product seems to float or to sink",
           "A rendered set is seen from the next best camera height.", _floats),
    Reason("colour_shifted", "The product's colour is off",
           "The light step is taken out and every warmth is set to 0.", _colour_shifted),
    Reason("edge_rough", "The edge is rough or jagged",
           "The photo is cut out again with a second, closer pass.", _edge_rough),
    Reason("too_small_in_frame", "The product is too small in the picture",
           "It is enlarged up to what the channels allow.", _too_small),
    Reason("too_large_in_frame", "The product is too large in the picture",
           "It is made smaller, down to what the channels demand.", _too_large),
    Reason("background_wrong", "The background is wrong", "Nothing by itself: choose another style or options."),
    Reason("cutout_wrong", "Part of the product is missing, or something else was cut out",
           "Nothing by itself: correct the cut-out, and the picture is made again."),
    Reason("other", "Something else", "Nothing by itself: choose another style or options."),
)  # fmt: skip
_BY_ID = {reason.id: reason for reason in REASONS}


def reason(id: str) -> Reason:
    """Raises BadOption listing those there are."""
    if id not in _BY_ID:
        raise BadOption("there is no such reason.", subject=id, remedy=f"There are: {', '.join(_BY_ID)}.")
    return _BY_ID[id]


def apply(reason_id: str, retry: Retry) -> Retry:
    """The settings of the next version, by the reason's rule.

    Raises BadOption for an unknown reason, BadInput where its rule would change nothing: the same picture again.
    """
    chosen = reason(reason_id)
    result = chosen.apply(retry) if chosen.apply else retry
    if result.changed == retry.changed:
        raise BadInput(
            f"“{chosen.title}” would change nothing, and the picture would come out the same.",
            remedy="Choose another style or other options, or correct the cut-out by hand.",
        )
    return result


def _steps(
    retry: Retry, kinds: tuple[str, ...] | None, rule: Callable[[dict[str, Any]], dict[str, Any]], why: str
) -> Retry:
    """Change fields of the template's steps, within each field's bounds."""
    steps, changes = [], []
    for step in retry.style.steps:
        before = step.model_dump()
        values = rule(before) if kinds is None or step.kind in kinds else {}
        after = {name: _bounded(step, name, value) for name, value in values.items()}
        after = {name: value for name, value in after.items() if value != before[name]}
        changes += [Changed(parameter=f"{step.kind}.{name}", before=before[name], after=value, why=why)
                    for name, value in after.items()]  # fmt: skip
        steps.append(step.model_copy(update=after))
    style = retry.style.model_copy(update={"steps": tuple(steps)})
    return replace(retry, style=style, changed=(*retry.changed, *changes))


def _bounded(step: BaseModel, name: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    for bound in type(step).model_fields[name].metadata:
        match bound:
            case Ge(ge=int() | float() as least):
                value = max(value, float(least))
            case Le(le=int() | float() as most):
                value = min(value, float(most))
    return round(value, 4)


def _without(retry: Retry, kind: str, why: str) -> Retry:
    """Remove a kind of step from the template, with the options that reach into it."""
    style = retry.style
    rest = style.model_copy(
        update={
            "steps": tuple(step for step in style.steps if step.kind != kind),
            "options": {name: at for name, at in style.options.items() if not at.startswith(f"{kind}.")},
            "chosen": frozenset(at for at in style.chosen if not at.startswith(f"{kind}.")),
        }
    )
    change = Changed(parameter=kind, before="on", after="off", why=why)
    return replace(retry, style=rest, changed=(*retry.changed, change))


def _free(retry: Retry) -> Retry:
    """Let each channel adjust the size to its own limits, even where the user had set it."""
    chosen = retry.style.chosen - {"layout.fill"}
    return replace(retry, style=retry.style.model_copy(update={"chosen": chosen}))
