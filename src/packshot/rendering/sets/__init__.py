"""All sets."""

from packshot.rendering.scene import SceneSet
from packshot.rendering.sets.linen import LINEN
from packshot.rendering.sets.marble import MARBLE
from packshot.rendering.sets.oak import OAK
from packshot.rendering.sets.podium import PODIUM
from packshot.rendering.sets.sweep import SWEEP
from packshot.rendering.sets.white import WHITE

SETS: dict[str, SceneSet] = {one.id: one for one in (SWEEP, MARBLE, OAK, PODIUM, LINEN, WHITE)}
