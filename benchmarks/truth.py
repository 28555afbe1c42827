"""Renders photos as a phone would take them, with exact mattes: `python benchmarks/truth.py [--only NAME …]`.

For each: `photos/<name>.jpg`; `gt/<name>/alpha.png` (16 bit), `fg.png` (the product's own colour wherever alpha > 0),
`bg.png` (the set without the product, but with its shadow) and `meta.json`.  Before noise, sharpening and JPEG the
photo is alpha × fg + (1 − alpha) × bg in linear light, exactly.

The set is seen past the product by starting the camera's rays where they meet the set, so it keeps the product's
shadow.  Coverage is counted over more rays than light is, and nothing smooths it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import truth_fine as fine
import truth_sets as sets
import truth_solid as solid
from glass import outward
from packshot.colour import F32, to_srgb
from packshot.ops.tone import with_shoulder
from packshot.rendering.engines import llvm
from packshot.rendering.scene import Camera, Material, Part
from packshot.settings import Settings

if TYPE_CHECKING:
    from packshot.rendering.scene import Scenery

LONG, SHORT = 1600, 1200
# Samples a pixel of the set's light, of the product's, and of coverage.  Light is denoised afterwards.
SPP, OWN_SPP, COVER_SPP = 4, 10, 32
BRIGHTEST = 0.85  # where the shoulder puts what 97 of 100 pixels of a set stay below


@dataclass(frozen=True)
class Shot:
    name: str
    half: str  # "judge": edges are judged by these; "tune": anything may be chosen on these
    kinds: tuple[str, ...]
    product: Callable[[], list[Part]]
    set: Callable[[int], Scenery]
    pitch_deg: int
    portrait: bool = False
    sharpen: float = 0.0
    noise: float = 1.1
    blur_px: float = 0.6
    glass: bool = False


HARD, FUR, WIRE, LEAVES, HOLES = "hard edge", "fur and bristle", "thin wire", "leaves", "holes"
WHITE, CONTACT = "white on white", "contact shadow"
SHOTS = (
    Shot("basket", "judge", (WIRE, HOLES), fine.basket, sets.painted_table, 22),
    Shot("wheel", "judge", (WIRE, HOLES), fine.wheel, sets.garage, 10, sharpen=0.25),
    Shot("glasses", "judge", (WIRE, HOLES), fine.glasses, sets.oak_table, 28, noise=1.5),
    Shot("monstera", "judge", (LEAVES, HOLES), fine.monstera, sets.kitchen, 14, portrait=True),
    Shot("plumes", "judge", (FUR,), fine.plumes, sets.plaster_room, 8, portrait=True, sharpen=0.25),
    Shot("rabbit", "judge", (FUR,), fine.rabbit, sets.blanket, 18, portrait=True),
    Shot("broom", "judge", (FUR,), fine.broom, sets.kitchen, 16, portrait=True, noise=1.4),
    Shot("chair", "judge", (HARD, HOLES), solid.chair, sets.plaster_room, 16, portrait=True),
    Shot("handbag", "judge", (HARD, HOLES), solid.handbag, sets.painted_table, 14),
    Shot("white_mug", "judge", (HARD, WHITE, HOLES), lambda: solid.mug("#f3f2ef"), sets.white_sweep, 20, sharpen=0.25),
    Shot("vase", "judge", (HARD, WHITE), lambda: solid.vase("#eeebe4"), sets.pale_linen, 24, portrait=True),
    Shot("shoe", "judge", (HARD, CONTACT), solid.shoe, sets.dark_oak, 20, noise=1.6),
    Shot("pump_bottle", "judge", (HARD, CONTACT), solid.pump_bottle, sets.kitchen, 12, portrait=True),
    Shot("cutlery", "judge", (HARD, CONTACT), solid.cutlery, sets.pale_linen, 58, portrait=True),
    Shot("wine_glass", "judge", ("glass",), list, sets.plaster_room, 12, portrait=True, glass=True),
    Shot("chain", "tune", (WIRE,), fine.chain, sets.plaster_top, 62, sharpen=0.25),
    Shot("fern", "tune", (LEAVES,), fine.fern, sets.oak_table, 18),
    Shot("shaving_brush", "tune", (FUR,), fine.shaving_brush, sets.painted_table, 18, portrait=True),
    Shot("wool", "tune", (FUR,), fine.wool, sets.oak_table, 24, noise=1.5),
    Shot("bowls", "tune", (HARD, WHITE), solid.bowls, sets.white_sweep, 26),
    Shot("kettle", "tune", (HARD, HOLES, CONTACT), solid.kettle, sets.dark_oak, 18, sharpen=0.25),
    Shot("carton", "tune", (HARD,), solid.carton, sets.garage, 16, portrait=True),
    Shot("scissors", "tune", (HARD, HOLES, CONTACT), solid.scissors, sets.blanket, 56, portrait=True),
)  # fmt: skip


@dataclass(frozen=True)
class Layers:
    alpha: F32  # (H, W)
    front: F32  # (H, W, 3) linear
    back: F32  # (H, W, 3) linear


def rendered(shot: Shot, seed: int) -> Layers:
    """The exact layers, sharp, exposed and as bright as a screen shows them."""
    import mitsuba as mi

    from packshot.rendering.engines.denoise import denoised
    from packshot.rendering.engines.translate import PATH, compiled

    scenery = shot.set(seed)
    own: dict[str, Any] = {f"product{i:02d}": part for i, part in enumerate(_meshes(shot))}
    gray = Material((0.5, 0.5, 0.5))
    bare = replace(scenery, parts=tuple(Part(part.mesh, gray) for part in scenery.parts))  # for where rays meet it
    full, empty = compiled(scenery, **own), compiled(bare)
    size = (SHORT, LONG) if shot.portrait else (LONG, SHORT)
    camera = Camera(shot.pitch_deg, 0.70 if shot.pitch_deg < 45 else 0.52, size[0] / size[1])
    path = mi.load_dict(PATH)
    alpha, front, back = _traced(full, empty, path, camera, size, scenery.aperture)
    light = [np.zeros((*alpha.shape, 3), np.float32), denoised(back)]
    box = _round(alpha > 0)
    light[0][box] = denoised(np.ascontiguousarray(front[box]))
    gain = BRIGHTEST / float(np.percentile(light[1][alpha < 1].mean(1)[::7], 97)) * 2**scenery.exposure
    front, back = (np.clip(with_shoulder(layer * np.float32(gain)), 0, 1).astype(np.float32) for layer in light)
    return Layers(alpha, front, back)


def _round(there: NDArray[np.bool_], margin: int = 24) -> tuple[slice, slice]:
    """Index of the box round all that is there."""
    along = [np.flatnonzero(there.any(axis)) for axis in (1, 0)]
    rows, columns = (slice(max(0, at[0] - margin), at[-1] + 1 + margin) for at in along)
    return rows, columns


def _meshes(shot: Shot) -> list[Any]:
    import mitsuba as mi

    from packshot.rendering.engines.translate import _mesh

    result = [_mesh(f"product{i:02d}", part) for i, part in enumerate(shot.product())]
    if shot.glass:
        mesh = outward(solid.wine_glass())
        body = mi.Mesh("glass", len(mesh.vertices), len(mesh.faces), has_vertex_normals=True,
                       props=_props({"type": "dielectric", "int_ior": 1.5}))  # fmt: skip
        params = mi.traverse(body)
        params["vertex_positions"], params["faces"] = mesh.vertices.ravel(), mesh.faces.ravel()
        assert mesh.normals is not None
        params["vertex_normals"] = mesh.normals.ravel()
        params.update()
        result.append(body)
    for i, shape in enumerate(result):
        shape.set_id(f"product{i:02d}")
    return result


def _props(bsdf: dict[str, Any]) -> Any:
    import mitsuba as mi

    props = mi.Properties()
    props["bsdf"] = mi.load_dict(bsdf)
    return props


def _traced(full: Any, empty: Any, path: Any, camera: Camera, size: tuple[int, int], aperture: float) -> list[F32]:
    """Coverage (H, W), and nine channels each of the product alone and of the set behind it: light, albedo, normal."""
    import drjit as dr
    import mitsuba as mi

    from packshot.rendering.engines.mitsuba import _camera_rays

    ids = [dr.reinterpret_array(mi.UInt32, mi.ShapePtr(s)) for s in full.shapes() if s.id().startswith("product")]

    def rays(top: int, rows: int, spp: int, seed: int) -> tuple[Any, Any]:
        count = rows * size[0] * spp
        sampler = mi.load_dict({"type": "independent"})
        sampler.seed(top + (seed << 16), count)
        return _camera_rays(camera, size, top, spp, count, sampler, aperture), sampler

    def on_product(ray: Any, active: Any = True) -> Any:
        met = full.ray_intersect_preliminary(mi.Ray3f(ray), True, active)
        own = mi.Bool(False)
        for one in ids:
            own |= dr.reinterpret_array(mi.UInt32, met.shape) == one
        return own & met.is_valid()

    width, height = size
    alpha = np.empty((height, width), np.float32)
    front, back = (np.zeros((height, width, 9), np.float32) for _ in range(2))
    weight = np.zeros((height, width), np.float32)
    rows = max(1, (1 << 22) // (width * COVER_SPP))
    for top in range(0, height, rows):
        n = min(height, top + rows) - top
        cover = dr.block_sum(mi.Float(dr.select(on_product(rays(top, n, COVER_SPP, 2)[0]), 1.0, 0.0)), COVER_SPP)
        alpha[top : top + n] = np.asarray(cover).reshape(n, width) / COVER_SPP
    rows = max(1, (1 << 21) // (width * OWN_SPP))
    for top in range(0, height, rows):
        n = min(height, top + rows) - top

        def spread(layers: list[Any], into: F32, spp: int, top: int = top, n: int = n) -> None:
            dr.eval(layers)
            sums = [dr.block_sum(layer, spp) for layer in layers]
            dr.eval(sums)
            for i, total in enumerate(sums):
                into[top : top + n, :, i] = np.asarray(total).reshape(n, width)

        if alpha[top : top + n].any():
            ray, sampler = rays(top, n, OWN_SPP, 3)
            hit = on_product(ray)
            light, _, guides = path.sample(full, sampler, ray, None, hit)
            spread([dr.select(hit, layer, 0.0) for layer in [*light, *guides[-6:]]], front, OWN_SPP)
            hits = dr.block_sum(mi.Float(dr.select(hit, 1.0, 0.0)), OWN_SPP)
            weight[top : top + n] = np.asarray(hits).reshape(n, width)
        ray, sampler = rays(top, n, SPP, 4)
        # Behind the product: from just before the first thing that the set alone would show.
        met = empty.ray_intersect_preliminary(mi.Ray3f(ray), True)
        near = on_product(ray)
        ray.o = dr.select(near & met.is_valid(), ray.o + ray.d * (met.t - 2e-4), ray.o)
        # Where nothing of it is seen too: holes in the noise would be edges to the denoiser.
        light, _, guides = path.sample(full, sampler, ray)
        spread([*light, *guides[-6:]], back, SPP)
    return [alpha, _filled(front, weight, OWN_SPP), back / SPP]


def _filled(total: F32, weight: F32, most: int) -> F32:
    """Sums over their weights; what a pixel lacks in weight is made up by its neighbours, near ones before far."""
    box = _round(weight > 0)
    out = total.copy()
    have = weight[box].copy()
    part = total[box].copy()
    for side in (3, 7, 15, 31, 63, 127):
        lack = np.maximum(most - have, 0)
        if not lack.any():
            break
        near = cv2.blur(weight[box], (side, side))
        share = np.where(near > 0.02, lack / np.maximum(near, 1e-6), 0)
        for i in range(part.shape[2]):
            part[..., i] += share * cv2.blur(np.ascontiguousarray(total[box][..., i]), (side, side))
        have += share * near
    out[box] = part / np.maximum(have, 1e-6)[..., None]
    return np.ascontiguousarray(out, np.float32)


# --- from layers to files --------------------------------------------------------------------------------------------


def through_lens(layers: Layers, sigma_px: float) -> Layers:
    """What the lens makes of the three: coverage and light spread alike, so the equation still holds."""

    def soft(plane: F32) -> F32:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), np.float32)

    alpha = np.round(soft(layers.alpha) * 65535).astype(np.float32) / 65535
    part = layers.alpha[..., None]
    shares = (soft(part[..., 0])[..., None], soft(1 - part[..., 0])[..., None])
    front, back = (
        soft(layers.front * part) / np.maximum(shares[0], 1e-6),
        soft(layers.back * (1 - part)) / np.maximum(shares[1], 1e-6),
    )
    front = np.where(alpha[..., None] > 0, front, layers.front)
    back = np.where(alpha[..., None] < 1, back, layers.back)
    return Layers(np.asarray(alpha, np.float32), *(np.asarray(np.clip(p, 0, 1), np.float32) for p in (front, back)))


def exposed(layers: Layers, shot: Shot, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """(H, W, 3) sRGB bytes: noise of the sensor, coarser than a pixel, and the sharpening phones do."""
    part = layers.alpha[..., None]
    seen = to_srgb(np.ascontiguousarray(part * layers.front + (1 - part) * layers.back, np.float32)).astype(np.float32)
    noise = cv2.GaussianBlur(rng.standard_normal(seen.shape, dtype=np.float32), (0, 0), 0.5) * np.float32(1.7)
    seen += noise * np.float32(shot.noise) * np.sqrt(0.35 + seen / 255)
    if shot.sharpen:
        seen += np.float32(shot.sharpen) * (seen - cv2.GaussianBlur(seen, (0, 0), 1.2))
    return np.clip(np.round(seen), 0, 255).astype(np.uint8)


def write(folder: Path, shot: Shot, layers: Layers, rng: np.random.Generator) -> None:
    gt = folder / "gt" / shot.name
    gt.mkdir(parents=True, exist_ok=True)
    (folder / "photos").mkdir(exist_ok=True)
    front = np.where(layers.alpha[..., None] > 0, layers.front, 0).astype(np.float32)
    cv2.imwrite(str(gt / "alpha.png"), np.round(layers.alpha * 65535).astype(np.uint16))
    for name, layer in (("fg", front), ("bg", layers.back)):
        cv2.imwrite(str(gt / f"{name}.png"), cv2.cvtColor(to_srgb(np.ascontiguousarray(layer)), cv2.COLOR_RGB2BGR))
    content = io.BytesIO()
    Image.fromarray(exposed(layers, shot, rng)).save(content, "JPEG", quality=85)
    (folder / "photos" / f"{shot.name}.jpg").write_bytes(content.getvalue())
    facts = {"id": shot.name, "half": shot.half, "kinds": shot.kinds, "set": shot.set.__name__,
            "alpha_defined": not shot.glass, "pitch_deg": shot.pitch_deg}  # fmt: skip
    (gt / "meta.json").write_text(json.dumps(facts, indent=1))


def main() -> None:
    settings = Settings()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=settings.cache_dir / "benchmarks" / "truth")
    parser.add_argument("--only", nargs="+", default=[], help="names of some")
    options = parser.parse_args()
    library = llvm.find(settings.cache_dir)
    if library is None:
        raise SystemExit(f"There is no LLVM that works here. {llvm.REMEDY}")
    os.environ["DRJIT_LIBLLVM_PATH"] = str(library)
    import mitsuba as mi

    mi.set_variant("llvm_ad_rgb")
    mi.set_log_level(mi.LogLevel.Error)
    # Both halves grow side by side.
    for seed, shot in sorted(enumerate(SHOTS), key=lambda at: at[0] % 15 + at[0] // 15):
        if options.only and shot.name not in options.only:
            continue
        began = time.process_time()
        layers = through_lens(rendered(shot, seed), shot.blur_px)
        write(options.folder, shot, layers, np.random.default_rng(seed))
        print(f"{shot.name}: {time.process_time() - began:.0f} CPU-s", flush=True)


if __name__ == "__main__":
    main()
