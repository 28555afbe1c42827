"""All automatic checks of a finished file, in the order they are shown."""

from packshot.check import Check
from packshot.checks.edges import edges
from packshot.checks.file import disclosure, file_format, file_size, safety
from packshot.checks.frame import cut, fill
from packshot.checks.resolution import resolution, side
from packshot.checks.shadow import grounded, shadow_side
from packshot.checks.unchanged import unchanged
from packshot.checks.white import white

CHECKS: tuple[Check, ...] = (
    unchanged,
    edges,
    grounded,
    shadow_side,
    resolution,
    fill,
    white,
    cut,
    safety,
    side,
    file_format,
    file_size,
    disclosure,
)
