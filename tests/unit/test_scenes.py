"""What every rendered set keeps to; a new one joins by being in the table."""

from __future__ import annotations

import numpy as np
import pytest

from packshot.rendering.scene import OVERHEAD, PITCHES, Scenery, SetRenderer, Shot, Stop
from packshot.rendering.sets import SETS
from packshot.template import templates

STOPS: tuple[Stop, Stop] = ("less", "more")


def built(id: str, *, softness: Stop = "normal", blur: Stop = "normal") -> Scenery:
    return SETS[id].build(Shot(id, SETS[id].pitches[0], 0.78, 1.0, softness, blur), 128.0)


@pytest.mark.parametrize("id", SETS)
def test_a_set_has_its_template_and_known_heights(id: str) -> None:
    steps = [step for look in templates().values() for step in look.steps if step.kind == "rendered"]
    assert id in [step.set for step in steps]
    assert set(SETS[id].pitches) <= set(PITCHES)


@pytest.mark.parametrize("id", SETS)
def test_its_meshes_are_sound(id: str) -> None:
    for part in built(id).parts:
        mesh = part.mesh
        assert mesh.faces.max() < len(mesh.vertices) == len(mesh.uv)
        assert np.isfinite(mesh.vertices).all()
        assert mesh.normals is None or np.allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("id", SETS)
def test_the_place_where_the_product_stands_is_free(id: str) -> None:
    """Between the camera and the product, and where its body is, there is nothing but ground."""
    for part in built(id).parts:
        x, y, z = part.mesh.vertices.T
        body = (np.abs(x) < 0.12) & (y > 0.02) & (y < 0.5) & (z > -0.25) & (z < 0.5)
        if SETS[id].pitches != (OVERHEAD,):
            assert not body.any()


@pytest.mark.parametrize("id", SETS)
def test_softness_changes_the_light_and_blur_the_lens(id: str) -> None:
    less, more = (built(id, softness=stop) for stop in STOPS)
    assert repr(less.lights[0]) != repr(more.lights[0]) or any(
        repr(a) != repr(b) for a, b in zip(less.lights, more.lights, strict=True)
    )
    sharp, blurred = (built(id, blur=stop).aperture for stop in STOPS)
    assert sharp <= blurred


@pytest.mark.parametrize("id", [id for id, one in SETS.items() if one.color])
def test_the_brand_s_colour_reaches_the_picture(id: str, small_stage: SetRenderer) -> None:
    shots = [Shot(id, SETS[id].pitches[0], 0.78, 1.0, color=colour) for colour in ("", "#3366cc")]
    plain, blue = (small_stage.plate(shot, (96, 96)).mean((0, 1)) for shot in shots)
    assert blue[2] / blue[0] > 1.3 * plain[2] / plain[0]


@pytest.mark.long
@pytest.mark.parametrize("id", [id for id, one in SETS.items() if not one.pure_white])
def test_its_plate_is_well_exposed_from_every_height(id: str, small_stage: SetRenderer) -> None:
    for pitch in SETS[id].pitches:
        plate = small_stage.plate(Shot(id, pitch, 0.78, 1.0), (64, 64))
        assert 0.12 < plate.mean() < 0.85
        assert (plate > 0.995).all(axis=2).mean() < 0.1
