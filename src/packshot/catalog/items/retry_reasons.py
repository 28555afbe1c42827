"""Why a picture is not taken, and what a retry changes because of it. One table; nothing is changed in secret.

A reason changes a copy of the latest version's template by its rule; each change is told: what, before, after, why.
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
# Room to a channel's limit, as the layout itself keeps (pipeline.py).
_ROOM = 0.015


class Changed(BaseModel, frozen=True):
    """One parameter that a retry changed."""

    parameter: str
    before: Any
    after: Any
    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """What the next version is made with."""

    style: Template
    channels: Sequence[Channel]
    refined: bool
    changed: tuple[Changed, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """title: what a merchandiser picks.  rule: what a retry does, in words.  apply: the same as a function."""

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
    def seen_otherwise(fields: dict[str, Any]) -> dict[str, Any]:
        return {"height": "other"} if fields["height"] is None else {}

    return _steps(retry, ("rendered",), seen_otherwise, "The product seemed to float or to sink.")


def _colour_shifted(retry: Retry) -> Retry:
    why = "The colour was shifted."
    gone = [step for step in retry.style.steps if step.kind == "light" and step.strength > 0]
    if gone:
        retry = _without(retry, "light", why)
    reached = retry.style.options.values()  # pure white has no warmth to take out
    return _steps(retry, None, lambda fields: {"warmth": 0.0} if f"{fields['kind']}.warmth" in reached else {}, why)


def _edge_rough(retry: Retry) -> Retry:
    if retry.refined:
        return retry
    told = Changed(parameter="segment.refined", before=False, after=True, why="The edge was rough.")
    return replace(retry, refined=True, changed=(*retry.changed, told))


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
           "The cut-out is made anew with a second, closer pass.", _edge_rough),
    Reason("too_small_in_frame", "The product is too small in the picture",
           "It is enlarged up to what the channels allow.", _too_small),
    Reason("too_large_in_frame", "The product is too large in the picture",
           "It is made smaller, down to what the channels demand.", _too_large),
    Reason("background_wrong", "The background is wrong", "Nothing by itself: choose another template or options."),
    Reason("cutout_wrong", "Part of the product is missing, or something else was cut out",
           "Nothing by itself: correct the cut-out, and the picture is made anew."),
    Reason("other", "Something else", "Nothing by itself: choose another template or options."),
)  # fmt: skip
_BY_ID = {reason.id: reason for reason in REASONS}


def reason(id: str) -> Reason:
    """Raises BadOption listing those there are."""
    if id not in _BY_ID:
        raise BadOption("there is no such reason.", subject=id, remedy=f"There are: {', '.join(_BY_ID)}.")
    return _BY_ID[id]


def apply(reason_id: str, retry: Retry) -> Retry:
    """The next version as the reason's rule wants it.

    Raises BadOption for an unknown reason, BadInput where its rule would change nothing: the same picture again.
    """
    known = reason(reason_id)
    changed = known.apply(retry) if known.apply else retry
    if changed.changed == retry.changed:
        raise BadInput(
            f"“{known.title}” would change nothing, and the picture would come out the same.",
            remedy="Choose another template or other options, or correct the cut-out by hand.",
        )
    return changed


def _steps(
    retry: Retry, kinds: tuple[str, ...] | None, rule: Callable[[dict[str, Any]], dict[str, Any]], why: str
) -> Retry:
    """Change fields of the template's steps, within each field's bounds."""
    steps, told = [], []
    for step in retry.style.steps:
        before = step.model_dump()
        wanted = rule(before) if kinds is None or step.kind in kinds else {}
        after = {name: _bounded(step, name, value) for name, value in wanted.items()}
        after = {name: value for name, value in after.items() if value != before[name]}
        told += [Changed(parameter=f"{step.kind}.{name}", before=before[name], after=value, why=why)
                 for name, value in after.items()]  # fmt: skip
        steps.append(step.model_copy(update=after))
    style = retry.style.model_copy(update={"steps": tuple(steps)})
    return replace(retry, style=style, changed=(*retry.changed, *told))


def _bounded(step: BaseModel, name: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    for bound in type(step).model_fields[name].metadata:
        if isinstance(bound, Ge):
            value = max(value, float(bound.ge))  # type: ignore[arg-type]
        elif isinstance(bound, Le):
            value = min(value, float(bound.le))  # type: ignore[arg-type]
    return round(value, 4)


def _without(retry: Retry, kind: str, why: str) -> Retry:
    """Take a kind of step out of the template, with the options that reach into it."""
    style = retry.style
    kept = style.model_copy(
        update={
            "steps": tuple(step for step in style.steps if step.kind != kind),
            "options": {name: at for name, at in style.options.items() if not at.startswith(f"{kind}.")},
            "chosen": frozenset(at for at in style.chosen if not at.startswith(f"{kind}.")),
        }
    )
    told = Changed(parameter=kind, before="on", after="off", why=why)
    return replace(retry, style=kept, changed=(*retry.changed, told))


def _free(retry: Retry) -> Retry:
    """Let each channel keep the size within its own limits, even where the user had set it by hand."""
    chosen = retry.style.chosen - {"layout.fill"}
    return replace(retry, style=retry.style.model_copy(update={"chosen": chosen}))
