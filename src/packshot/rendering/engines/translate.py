"""From a `Scenery` to Mitsuba's own scene."""

from __future__ import annotations

from typing import Any

import mitsuba as mi
import numpy as np

from packshot.rendering.scene import Light, Material, Panel, Part, Scenery, Sky, Sun

PLATE_SPP, SMALL_SPP = 8, 10  # samples a pixel of a plate, and of a small one
COARSE_SPP = 16  # of what is out of focus, at half the size
PATH = {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal", "image": {"type": "path", "max_depth": 6}}
SHORT = {"type": "path", "max_depth": 5}


def compiled(scenery: Scenery, **extra: Any) -> Any:
    """The scene; `extra` are further objects, by name."""
    objects: dict[str, Any] = {"type": "scene", **extra}
    for i, part in enumerate(scenery.parts):
        objects[f"part{i:03d}"] = _mesh(f"part{i:03d}", part)
    for i, light in enumerate(scenery.lights):
        objects[f"light{i}"] = _light(light)
    # Not in parallel, or the same seed gives other pixels each time.
    return mi.load_dict(objects, parallel=False)


def _mesh(name: str, part: Part) -> Any:
    props = mi.Properties()
    props["bsdf"] = mi.load_dict(_bsdf(part.material))
    mesh = part.mesh
    if mesh.normals is None:
        props["face_normals"] = True
    shape = mi.Mesh(name, len(mesh.vertices), len(mesh.faces), props=props,
                    has_vertex_normals=mesh.normals is not None, has_vertex_texcoords=True)  # fmt: skip
    params = mi.traverse(shape)
    params["vertex_positions"] = mesh.vertices.ravel()
    params["faces"] = mesh.faces.ravel()
    params["vertex_texcoords"] = mesh.uv.ravel()
    if mesh.normals is not None:
        params["vertex_normals"] = np.ascontiguousarray(mesh.normals, np.float32).ravel()
    params.update()
    return shape


def _bsdf(material: Material) -> dict[str, Any]:
    if material.translucent:
        return {
            "type": "principledthin",
            "base_color": textured(material.colour),
            "roughness": textured(material.roughness),
            "diff_trans": 2 * material.translucent,
        }
    surface: dict[str, Any] = {
        "type": "principled",
        "base_color": textured(material.colour),
        "roughness": textured(material.roughness),
        "specular": material.specular,
    }
    for name, value in (("metallic", material.metallic), ("sheen", material.sheen), ("clearcoat", material.coat)):
        if value:
            surface[name] = value
    if material.coat:
        surface["clearcoat_gloss"] = 0.9
    if material.relief is not None:
        surface = {"type": "bumpmap", "relief": textured(material.relief), "bsdf": surface, "scale": 1.0}
    return {"type": "twosided", "bsdf": surface}


def textured(value: Any) -> Any:
    if isinstance(value, float):
        return value
    if isinstance(value, tuple):
        return {"type": "rgb", "value": list(value)}
    values = value if value.ndim == 3 else value[..., None]
    return {"type": "bitmap", "bitmap": mi.Bitmap(np.ascontiguousarray(values, np.float32)), "raw": True}


def _light(light: Light) -> dict[str, Any]:
    to = mi.ScalarTransform4f
    if isinstance(light, Panel):
        up = [0, 1, 0] if abs(light.towards[1] - light.at[1]) < 0.98 * _far(light) else [0, 0, -1]
        place = to().look_at(origin=list(light.at), target=list(light.towards), up=up)
        return {
            "type": "rectangle",
            "to_world": place @ to().scale([light.size[0] / 2, light.size[1] / 2, 1]),
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": list(light.radiance)}},
        }
    if isinstance(light, Sun):
        far = 60.0
        ahead = np.asarray(light.direction) / np.linalg.norm(light.direction)
        radius = far * float(np.tan(np.radians(light.diameter_deg / 2)))
        gain = far**2 / (np.pi * radius**2)
        return {
            "type": "disk",
            "to_world": to().look_at(origin=list(ahead * far), target=[0, 0, 0], up=[0.1, 1, 0.2]) @ to().scale(radius),
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": [c * gain for c in light.irradiance]}},
        }
    assert isinstance(light, Sky)
    # Its middle looks towards −z after a half turn.
    return {"type": "envmap", "bitmap": mi.Bitmap(np.ascontiguousarray(light.radiance, np.float32)),
            "to_world": to().rotate([0, 1, 0], 180)}  # fmt: skip


def _far(light: Panel) -> float:
    return float(np.linalg.norm(np.subtract(light.at, light.towards)))
