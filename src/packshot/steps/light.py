"""Light: exposure and white balance of the product towards its set. Off by default, and reported as a change."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from packshot.channel import Channel
from packshot.colour import to_srgb
from packshot.ops import light
from packshot.step import ComposeStep, Composition, StepContext

SAMPLES = 8_000


class Light(ComposeStep, frozen=True):
    """The one step that changes the product's own pixels."""

    version: ClassVar[int] = 1
    kind: Literal["light"] = "light"
    strength: float = Field(
        0.0, ge=0.0, le=1.0, title="Match the set's light", description="0 leaves the product as it was photographed"
    )

    def run(self, composition: Composition, context: StepContext) -> Composition:
        if self.strength == 0 or composition.plate is None:
            return composition
        _, product, matte = composition.laid_out()
        inside = product[matte == 1]
        pixels = inside[:: max(1, len(inside) // SAMPLES)]
        gains, stops, cost = light.gains_towards(
            to_srgb(np.ascontiguousarray(pixels[None]))[0], composition.plate[::8, ::8], strength=self.strength
        )
        if cost < 0.1:
            return composition
        change = f"exposure {stops:+.2f} stops and white balance towards the set, ΔE {cost:.1f} on average"
        lit = np.minimum(product * gains, matte[..., None]).astype(np.float32)
        return replace(composition, product=lit, changes=(*composition.changes, change))

    def for_channel(self, channel: Channel, chosen: frozenset[str]) -> Self:
        """Off where the channel wants the product as it is, whatever the user set."""
        return self.model_copy(update={"strength": 0.0}) if channel.as_is else self
