"""All steps. One discriminated union on `kind` for those a template may list."""

from typing import Annotated

from pydantic import Field

from packshot.steps.analyse import Analyse
from packshot.steps.background import Color, Gradient, Picture
from packshot.steps.layout import Layout
from packshot.steps.light import Light
from packshot.steps.rendered import Rendered
from packshot.steps.segment import Segment
from packshot.steps.shadow import Shadow
from packshot.steps.upscale import Upscale

TemplateStep = Annotated[Layout | Color | Gradient | Picture | Rendered | Light | Shadow, Field(discriminator="kind")]

__all__ = [
    "Analyse",
    "Color",
    "Gradient",
    "Layout",
    "Light",
    "Picture",
    "Rendered",
    "Segment",
    "Shadow",
    "TemplateStep",
    "Upscale",
]
