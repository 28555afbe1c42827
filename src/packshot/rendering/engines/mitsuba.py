"""Mitsuba 3, compiled for this processor by LLVM.

Camera rays are generated here instead of by Mitsuba's film, so that a plate is rendered in pieces of bounded memory, a
product is hidden from the camera but not from light, and each further product costs only the pixels that it can change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import cv2
import drjit as dr
import mitsuba as mi
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.cpu_lease import CpuLease
from packshot.ops import tone
from packshot.rendering.engines.denoise import denoised, smoothed
from packshot.rendering.engines.focus import Focus
from packshot.rendering.engines.translate import COARSE_SPP, PATH, PLATE_SPP, SHORT, SMALL_SPP, compiled, textured
from packshot.rendering.product_mesh import TEXTURE_SIDE
from packshot.rendering.scene import Camera, ProductMesh, Scenery, SceneSet, Shot

RATIO_SPP = (2, 7)  # samples a pixel where the product may change the set, and more where it does
BUSY, BUSY_PX = 0.05, 15  # it does where it changes this share of the light, averaged over so many pixels
RIM = 12  # pixels around the changed part that the denoiser gets
CACHED_SCENES = 8  # compiled scenes for ratios: a set from several heights
RATIO_TEXELS = 512.0
SMALL = 1024  # up to this side a plate gets more samples: its noise shows more, and it costs little
CHUNK = 1 << 19  # samples in flight, a slice of work: half a second on two cores
THROUGH = 3  # surfaces of the product that a camera ray can pass
MOST_VERTICES, MOST_FACES = 16384, 32768


class MitsubaRenderer:
    """Compiled scenes are cached; the one used longest ago is dropped first."""

    def __init__(self, sets: Mapping[str, SceneSet], *, threads: int = 0, lease: CpuLease | None = None) -> None:
        """lease: held by whoever calls; after each slice of work it is offered to whoever is more urgent."""
        mi.set_variant("llvm_ad_rgb")
        mi.set_log_level(mi.LogLevel.Error)
        if threads:
            dr.set_thread_count(threads)
        self._sets, self._lease = sets, lease
        self._scenes: OrderedDict[Shot, _Scene] = OrderedDict()
        self._lock = threading.Lock()
        self._path, self._short = mi.load_dict(PATH), mi.load_dict(SHORT)

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        with self._lease.aside() if self._lease else nullcontext():
            scene = _Scene(self._sets[shot.set].build(shot, float(min(size))))
            with self._lock:  # compiles the kernel, on one core
                self._trace(scene, shot.camera, (16, 16), 1, where=np.ones((16, 16), np.bool_))
                focus = self._focus(scene, shot.camera, size)
        stops, unfocused = scene.exposure, scene.aperture > 0.02
        with self._lock:
            if focus is None:
                spp = PLATE_SPP if max(size) > SMALL else SMALL_SPP
                fine = self._trace(scene, shot.camera, size, spp, where=np.ones(size[::-1], np.bool_))
            else:
                coarse = self._trace(scene, shot.camera, focus.half, COARSE_SPP, where=focus.coarse)
                fine = self._trace(scene, shot.camera, size, PLATE_SPP, where=focus.fine)
            del scene  # its textures make room for the denoiser
            dr.flush_malloc_cache()
        if focus is None:
            light = denoised(fine, unfocused=unfocused, pause=self._pause)
        else:
            focus.complete_coarse(coarse, fine)
            blurred = denoised(coarse, unfocused=True, pause=self._pause)
            focus.complete_fine(fine, coarse, blurred)
            sharp = denoised(np.ascontiguousarray(fine[focus.rows]), pause=self._pause)
            light = focus.joined(sharp, blurred)
        return tone.tone_mapped(light, stops=stops)

    def _focus(self, scene: _Scene, camera: Camera, size: tuple[int, int]) -> Focus | None:
        """Where a plate is out of focus.  None for one that is small, or sharp almost everywhere."""
        if max(size) <= SMALL or not scene.aperture:
            return None
        width, height = size[0] // 4, size[1] // 4
        sampler = mi.load_dict({"type": "independent"})
        sampler.seed(0, width * height)
        ray = _camera_rays(camera, (width, height), 0, 1, width * height, sampler, 0.0)
        met = scene.scene.ray_intersect_preliminary(mi.Ray3f(ray), True)
        along = dr.dot(ray.d, mi.Vector3f([float(-a) for a in camera.axes[2]]))
        depth = dr.select(met.is_valid(), met.t * along, 1e6)
        circle = 2 * scene.aperture * dr.abs(1 - camera.distance / depth) * min(size)
        return Focus.of(np.asarray(circle).reshape(height, width), size)

    def _pause(self) -> None:
        if self._lease:
            self._lease.pause()

    def ratio(self, shot: Shot, body: ProductMesh, *, where: NDArray[np.bool_]) -> F32:
        with self._lock:
            scene = self._scene(shot)
            size = (where.shape[1], where.shape[0])
            if scene.empty is None or scene.empty.light.shape[:2] != where.shape:
                scene.empty = self._empty(scene, shot.camera, size)
            empty = scene.empty
            scene.stand(body)
            change = self._change(scene, shot.camera, empty, 0, where)
            busy = where & (cv2.blur(np.abs(change).max(2), (BUSY_PX, BUSY_PX)) > BUSY)
            if busy.any():
                more = self._change(scene, shot.camera, empty, 1, busy)
                few, many = RATIO_SPP
                change[busy] = (few * change[busy] + many * more[busy]) / (few + many)
        return np.asarray(np.where(where[..., None], np.maximum(1 + _denoised_change(change), 0), 1), np.float32)

    def _change(self, scene: _Scene, camera: Camera, empty: _Empty, turn: int, where: NDArray[np.bool_]) -> F32:
        """(h, w, 3): light gained and lost by the product as a share of the light there; 0 outside of `where`."""
        size = (where.shape[1], where.shape[0])
        light = self._trace(scene, camera, size, RATIO_SPP[turn], short=True, seed=turn, where=where)
        cap = 2.5 * empty.light + 1e-3
        change = (np.minimum(light, cap) - np.minimum(empty.noisy[turn], cap)) / (empty.light + 1e-3)
        return np.asarray(np.where(where[..., None], change, 0), np.float32)

    def _empty(self, scene: _Scene, camera: Camera, size: tuple[int, int]) -> _Empty:
        """The set alone at the ratio's size: by the same noisy passes as with a product, and denoised."""
        scene.stand(None)
        passes = [
            (spp, self._trace(scene, camera, size, spp, short=True, seed=turn))
            for turn, spp in enumerate((*RATIO_SPP, max(RATIO_SPP)))
        ]
        light = sum(spp * light for spp, light in passes) / sum(spp for spp, _ in passes)
        guides = self._trace(scene, camera, size, min(RATIO_SPP))[..., 3:]
        clean = denoised(np.concatenate([np.asarray(light, np.float32), guides], 2))
        return _Empty(tuple(light for _, light in passes[:2]), clean)

    def _scene(self, shot: Shot) -> _Scene:
        scene = self._scenes.pop(shot, None)
        if scene is None:
            scene = _Scene(self._sets[shot.set].build(shot, RATIO_TEXELS))
        self._scenes[shot] = scene
        while len(self._scenes) > CACHED_SCENES:
            self._scenes.popitem(last=False)
        return scene

    def _trace(
        self,
        scene: _Scene,
        camera: Camera,
        size: tuple[int, int],
        spp: int,
        *,
        short: bool = False,
        seed: int = 0,
        where: NDArray[np.bool_] | None = None,
    ) -> F32:
        """(H, W, 9): light, albedo, normal; short: (H, W, 3), light of few bounces, enough for what a product changes.

        The same seed takes the same paths, whatever `where` is.
        """
        width, height = size
        rows = max(1, CHUNK // (width * spp))
        integrator = self._short if short else self._path
        out = np.empty((height, width, 3 if short else 9), np.float32)
        for top in range(0, height, rows):
            bottom = min(height, top + rows)
            if where is not None and not where[top:bottom].any():
                out[top:bottom] = 0
                continue
            count = (bottom - top) * width * spp
            sampler = mi.load_dict({"type": "independent"})
            sampler.seed(top + (seed << 16), count)
            ray = _camera_rays(camera, size, top, spp, count, sampler, scene.aperture)
            active: Any = True
            if where is not None:
                # `dr.repeat` would compile a kernel for each number of samples.
                pixel = dr.arange(mi.UInt32, count) // dr.opaque(mi.UInt32, spp)
                active = dr.gather(mi.Bool, mi.Bool(np.ascontiguousarray(where[top:bottom].ravel())), pixel)
            if scene.standing:
                ray = _past_product(scene, ray, active)
            light, _, guides = integrator.sample(scene.scene, sampler, ray, None, active)
            layers = [*light, *guides[-6:]]
            # All in one kernel: `block_sum` evaluates each alone, and would trace the paths again for each.
            dr.eval(layers)
            means = [dr.block_sum(layer, spp) / spp for layer in layers]
            dr.eval(means)
            for i, mean in enumerate(means):
                out[top:bottom, :, i] = np.asarray(mean).reshape(bottom - top, width)
            self._pause()
        return out


def _past_product(scene: _Scene, ray: Any, active: Any) -> Any:
    """The same rays, starting behind the product where they hit it."""
    here = mi.Bool(active)
    for _ in range(THROUGH):
        met = scene.scene.ray_intersect_preliminary(mi.Ray3f(ray), True, here)
        here &= met.is_valid() & (dr.reinterpret_array(mi.UInt32, met.shape) == scene.product_id)
        ray.o = dr.select(here, ray.o + ray.d * (met.t * 1.0001 + 1e-5), ray.o)
    return ray


def _camera_rays(
    camera: Camera, size: tuple[int, int], top: int, spp: int, count: int, sampler: Any, aperture: float
) -> Any:
    width, height = size
    index = dr.arange(mi.UInt32, count)
    # Opaque: numbers that are not compiled in, so that every size shares one kernel.
    pixel, wide = index // dr.opaque(mi.UInt32, spp), dr.opaque(mi.UInt32, width)
    # Within a pixel the positions on film and lens follow the R4 sequence, shifted by pixel: less noise than random
    # ones, above all out of focus.  Roberts 2018, "The unreasonable effectiveness of quasirandom sequences".
    turn = mi.Float(index % dr.opaque(mi.UInt32, spp))
    first_pixel = dr.opaque(mi.UInt32, top * width)
    spots = [
        dr.fma(turn, ratio, mi.sample_tea_float32(pixel + first_pixel, mi.UInt32(axis)))
        for axis, ratio in enumerate((0.8566748838545029, 0.733891856627126, 0.6287067210378087, 0.5385972572236101))
    ]
    across, down, lens_a, lens_b = (spot - dr.floor(spot) for spot in spots)
    half_u, half_v = camera.half
    first = dr.opaque(mi.Float, float(top))
    u = (mi.Float(pixel % wide) + across) * dr.opaque(mi.Float, 2 * half_u / width) - half_u
    v = half_v - (mi.Float(pixel // wide) + first + down) * dr.opaque(mi.Float, 2 * half_v / height)
    right, up, back = (mi.Vector3f([dr.opaque(mi.Float, float(a)) for a in axis]) for axis in camera.axes)
    eye = mi.Point3f([dr.opaque(mi.Float, float(a)) for a in camera.eye])
    lens = mi.warp.square_to_uniform_disk_concentric(mi.Point2f(lens_a, lens_b)) * dr.opaque(mi.Float, aperture)
    origin = eye + right * lens.x + up * lens.y
    focus = eye + right * u + up * v - back * dr.opaque(mi.Float, camera.distance)
    return mi.RayDifferential3f(mi.Ray3f(origin, dr.normalize(focus - origin)))


def _denoised_change(change: F32) -> F32:
    """The change without its noise: denoised where it is strong, elsewhere so faint that a blur is enough.

    Gain and loss separately: the network was trained on bright noise on dark, and takes dark dots for texture.
    """
    won, lost = (_denoised_part(np.maximum(part, 0)) for part in (change, -change))
    return np.asarray(won - lost, np.float32)


def _denoised_part(part: F32) -> F32:
    calm = np.asarray(cv2.blur(part, (BUSY_PX, BUSY_PX)), np.float32)
    busy = calm.max(2) > BUSY
    if busy.any():
        rows, columns = (slice(max(0, at.min() - RIM), at.max() + 1 + RIM) for at in np.nonzero(busy))
        share = cv2.blur(busy[rows, columns].astype(np.float32), (RIM, RIM))
        calm[rows, columns] += (smoothed(part[rows, columns]) - calm[rows, columns]) * share[..., None]
    return calm


@dataclass(frozen=True, slots=True, eq=False)
class _Empty:
    """The set without a product at the ratio's size."""

    noisy: tuple[F32, ...]  # (h, w, 3) each, by the same paths that products are rendered with
    light: F32  # (h, w, 3), clean


class _Scene:
    """A compiled set with one product, which is exchanged in place."""

    def __init__(self, scenery: Scenery) -> None:
        self.aperture, self.exposure = scenery.aperture, scenery.exposure
        self.scene = compiled(scenery, product=_product())
        self._params = mi.traverse(self.scene)
        product = next(shape for shape in self.scene.shapes() if shape.id() == "product")
        # Opaque, or every scene would compile kernels of its own, with its product's number in them.
        number = np.asarray(dr.reinterpret_array(mi.UInt32, mi.ShapePtr(product)))[0]
        self.product_id = dr.opaque(mi.UInt32, int(number))
        self.standing = False
        self.empty: _Empty | None = None

    def stand(self, body: ProductMesh | None) -> None:
        """Put a product into the set, or remove it."""
        vertices = np.zeros((MOST_VERTICES, 3), np.float32)
        uv = np.zeros((MOST_VERTICES, 2), np.float32)
        faces = np.zeros((MOST_FACES, 3), np.uint32)
        vertices[:] = (0, -9, 0)
        if body is not None:
            mesh = body.mesh
            vertices[: len(mesh.vertices)], uv[: len(mesh.uv)] = mesh.vertices, mesh.uv
            faces[: len(mesh.faces)] = mesh.faces
            self._params["product.bsdf.brdf_0.reflectance.data"] = mi.TensorXf(body.texture)
        self._params["product.vertex_positions"] = vertices.ravel()
        self._params["product.vertex_texcoords"] = uv.ravel()
        self._params["product.faces"] = faces.ravel()
        self._params.update()
        self.standing = body is not None


def _product() -> Any:
    """A mesh of fixed size, so that kernels stay compiled from product to product."""
    props = mi.Properties()
    colours = np.full((TEXTURE_SIDE, TEXTURE_SIDE, 3), 0.5, np.float32)
    props["bsdf"] = mi.load_dict({"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": textured(colours)}})
    props["face_normals"] = True
    shape = mi.Mesh("product", MOST_VERTICES, MOST_FACES, props=props, has_vertex_texcoords=True)
    shape.set_id("product")
    return shape
