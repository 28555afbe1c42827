"""Mitsuba 3 with Open Image Denoise: the only file that knows either.

Camera rays are made here instead of by Mitsuba's film, so that a plate is rendered in pieces of bounded memory, a
product is hidden from the camera but not from light, and a further product costs only the pixels that it can change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import cv2
import drjit as dr
import mitsuba as mi
import mitsuba_oidn as oidn
import numpy as np

from packshot.colour import F32
from packshot.model import Engine
from packshot.ops import tone
from packshot.scene import Camera, Material, Mesh, Panel, Part, Proxy, SceneSet, Scenery, Shot, Sky, Sun

PLATE_SPP = 12
RATIO_SPP, RATIO_SIDE = 12, 320
DEPTH = 6
CHUNK = 1 << 22  # samples in flight: 0.4 GiB
THROUGH = 4  # surfaces of the product that a camera ray may pass
PROXY_VERTICES, PROXY_FACES = 16384, 32768


class MitsubaRenderer:
    """Scenes stay compiled, one a set; the least used goes first."""

    def __init__(self, sets: dict[str, SceneSet], *, variant: str = "llvm_ad_rgb", kept: int = 2) -> None:
        mi.set_variant(variant)
        mi.set_log_level(mi.LogLevel.Error)
        self.engine = Engine("mitsuba", f"{mi.__version__} oidn {oidn.oidn_version()}", variant)
        self._sets = sets
        self._kept = kept
        self._scenes: OrderedDict[Any, _Scene] = OrderedDict()
        self._lock = threading.Lock()
        self._path = mi.load_dict(
            {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal", "image": {"type": "path", "max_depth": DEPTH}}
        )

    def plate(self, shot: Shot, size: tuple[int, int], *, progress: Callable[[float], None] | None = None) -> F32:
        with self._lock:
            scene = self._scene(shot, texels=float(min(size)), product=False)
            layers = self._trace(scene, shot.camera, size, PLATE_SPP, progress=progress)
        light = denoised(layers)
        return tone.developed(light, stops=scene.exposure)

    def ratio(self, shot: Shot, proxy: Proxy, *, hidden: F32) -> F32:
        raise NotImplementedError

    def _scene(self, shot: Shot, *, texels: float, product: bool) -> _Scene:
        key = (shot, texels, product)
        known = self._scenes.pop(key, None)
        if known is None:
            known = _Scene(self._sets[shot.set].build(shot, texels), product=product)
        self._scenes[key] = known
        while len(self._scenes) > self._kept:
            self._scenes.popitem(last=False)
        return known

    def _trace(
        self, scene: _Scene, camera: Camera, size: tuple[int, int], spp: int, *, progress: Callable[[float], None] | None
    ) -> F32:
        """(H, W, 9): light, albedo, normal."""
        width, height = size
        rows = max(1, CHUNK // (width * spp))
        out = np.empty((height, width, 9), np.float32)
        for top in range(0, height, rows):
            bottom = min(height, top + rows)
            count = (bottom - top) * width * spp
            sampler = mi.load_dict({"type": "independent"})
            sampler.seed(top, count)
            ray = _camera_rays(camera, size, top, spp, count, sampler, scene.aperture)
            light, _, extra = self._path.sample(scene.scene, sampler, ray)
            layers = [*light, *extra[-6:]] if len(extra) == 6 else [*light, *_six(extra)]
            means = [dr.block_sum(layer, spp) / spp for layer in layers]
            dr.eval(means)
            for i, mean in enumerate(means):
                out[top:bottom, :, i] = np.asarray(mean).reshape(bottom - top, width)
            if progress:
                progress(bottom / height)
        return out


def _six(extra: list[Any]) -> list[Any]:
    """albedo and normal among what the aov integrator returns: they are the last six."""
    return list(extra)[-6:]


def _camera_rays(
    camera: Camera, size: tuple[int, int], top: int, spp: int, count: int, sampler: Any, aperture: float
) -> Any:
    width, height = size
    index = dr.arange(mi.UInt32, count)
    pixel = index // spp
    jitter = sampler.next_2d()
    half_u, half_v = camera.half
    first = dr.opaque(mi.Float, float(top))
    u = (mi.Float(pixel % width) + jitter.x) * dr.opaque(mi.Float, 2 * half_u / width) - half_u
    v = half_v - (mi.Float(pixel // width) + first + jitter.y) * dr.opaque(mi.Float, 2 * half_v / height)
    right, up, back = (mi.Vector3f([float(a) for a in axis]) for axis in camera.axes)
    eye = mi.Point3f([float(a) for a in camera.eye])
    lens = mi.warp.square_to_uniform_disk_concentric(sampler.next_2d()) * dr.opaque(mi.Float, aperture)
    origin = eye + right * lens.x + up * lens.y
    focus = eye + right * u + up * v - back * camera.distance
    return mi.RayDifferential3f(mi.Ray3f(origin, dr.normalize(focus - origin)))


def denoised(layers: F32) -> F32:
    """(H, W, 3) from (H, W, 9) light, albedo, normal."""
    light, albedo, normal = (np.ascontiguousarray(layers[..., i : i + 3]) for i in (0, 3, 6))
    return np.asarray(oidn.denoise(light, albedo, normal, hdr=True, quality=oidn.Quality.High), np.float32)


class _Scene:
    """A set, compiled."""

    def __init__(self, scenery: Scenery, *, product: bool) -> None:
        self.aperture, self.exposure = scenery.aperture, scenery.exposure
        made: dict[str, Any] = {"type": "scene"}
        for i, part in enumerate(scenery.parts):
            made[f"part{i:03d}"] = _mesh(f"part{i:03d}", part)
        for i, light in enumerate(scenery.lights):
            made[f"light{i}"] = _light(light)
        # Loaded one after the other, or the same seed gives other pixels each time.
        self.scene = mi.load_dict(made, parallel=False)


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
    surface: dict[str, Any] = {
        "type": "principled",
        "base_color": _map(material.colour),
        "roughness": _map(material.roughness),
        "specular": material.specular,
    }
    for name, value in (("metallic", material.metallic), ("sheen", material.sheen), ("clearcoat", material.coat)):
        if value:
            surface[name] = value
    if material.coat:
        surface["clearcoat_gloss"] = 0.9
    if material.translucent:
        colour = _map(material.colour)
        surface = {
            "type": "blendbsdf",
            "weight": material.translucent,
            "one": {"type": "twosided", "bsdf": surface},
            "two": {"type": "difftrans", "transmittance": colour},
        }
        surface = {"type": "twosided", "bsdf": {"type": "principled", "base_color": _map(material.colour),
                   "roughness": _map(material.roughness), "specular": material.specular}}  # fmt: skip
        return surface
    if material.relief is not None:
        surface = {"type": "bumpmap", "relief": _map(material.relief), "bsdf": surface, "scale": 1.0}
    return {"type": "twosided", "bsdf": surface}


def _map(value: Any) -> Any:
    if isinstance(value, float):
        return value
    if isinstance(value, tuple):
        return {"type": "rgb", "value": list(value)}
    values = value if value.ndim == 3 else value[..., None]
    return {"type": "bitmap", "bitmap": mi.Bitmap(np.ascontiguousarray(values, np.float32)), "raw": True}


def _light(light: Any) -> dict[str, Any]:
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
    if isinstance(light, Sky):
        # Mitsuba's own wraps its first column round; its middle looks towards −z after a half turn.
        return {"type": "envmap", "bitmap": mi.Bitmap(np.ascontiguousarray(light.radiance, np.float32)),
                "to_world": to().rotate([0, 1, 0], 180)}  # fmt: skip
    raise TypeError(light)


def _far(light: Panel) -> float:
    return float(np.linalg.norm(np.subtract(light.at, light.towards)))
