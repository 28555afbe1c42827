"""All sets."""

from packshot.scene import SceneSet
from packshot.scenes.marble import MARBLE
from packshot.scenes.sweep import SWEEP

SETS: dict[str, SceneSet] = {one.id: one for one in (SWEEP, MARBLE)}
