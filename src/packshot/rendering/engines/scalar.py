"""Mitsuba without LLVM: plates at a tenth of the speed, and no shadows of products.

It traces one path after the other in C++, with Mitsuba's own film and camera, since arrays of rays need the compiler.
"""

from __future__ import annotations

from collections.abc import Mapping

import mitsuba as mi
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.ops import tone
from packshot.rendering.engines.denoise import denoised
from packshot.rendering.engines.translate import PATH, PLATE_SPP, compiled
from packshot.rendering.scene import FOV_DEG, ProductMesh, SceneSet, Shot


class ScalarRenderer:
    """Plates only."""

    def __init__(self, sets: Mapping[str, SceneSet]) -> None:
        mi.set_variant("scalar_rgb")
        mi.set_log_level(mi.LogLevel.Error)
        self._sets = sets

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        scenery = self._sets[shot.set].build(shot, float(min(size)))
        camera = shot.camera
        to = mi.ScalarTransform4f
        eye, ahead = camera.eye, -camera.axes[2]
        sensor = mi.load_dict(
            {
                "type": "thinlens" if scenery.aperture else "perspective",
                **(
                    {"aperture_radius": scenery.aperture, "focus_distance": camera.distance} if scenery.aperture else {}
                ),
                "fov": FOV_DEG,
                "fov_axis": "smaller",
                "to_world": to().look_at(
                    origin=eye.tolist(), target=(eye + ahead).tolist(), up=camera.axes[1].tolist()
                ),
                "film": {"type": "hdrfilm", "width": size[0], "height": size[1], "rfilter": {"type": "box"}},
                "sampler": {"type": "independent", "sample_count": PLATE_SPP},
            }
        )
        picture = mi.render(compiled(scenery), sensor=sensor, integrator=mi.load_dict(PATH), seed=0)
        layers = np.array(picture, np.float32)
        return tone.tone_mapped(
            denoised(np.concatenate([layers[..., :3], layers[..., -6:]], 2)), stops=scenery.exposure
        )

    def ratio(self, shot: Shot, body: ProductMesh, *, where: NDArray[np.bool_]) -> None:
        return None
