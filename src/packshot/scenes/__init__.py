"""All sets."""

from packshot.scene import SceneSet
from packshot.scenes.linen import LINEN
from packshot.scenes.marble import MARBLE
from packshot.scenes.oak import OAK
from packshot.scenes.podium import PODIUM
from packshot.scenes.sweep import SWEEP
from packshot.scenes.white import WHITE

SETS: dict[str, SceneSet] = {one.id: one for one in (SWEEP, MARBLE, OAK, PODIUM, LINEN, WHITE)}
