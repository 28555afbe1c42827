"""Renders glass before even backdrops with its exact transmission: `python benchmarks/truth_glass.py [--only NAME …]`.

Each camera ray is followed through the glass to the first thing that is no glass.  What reaches the backdrop is seen
through, and the light the backdrop sends along it is T × B; all else is the product's own, S.  So the photo is
S + T × B, and the product over any other plate P of one colour is S + T × P: triangulation matting (Smith & Blinn 1996)
with both unknowns known.  The backdrop is lit and shaded by the scene, with the product's shadow and caustics on it.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import mitsuba_oidn as oidn
import numpy as np
from PIL import Image

from glass import area, diffuse, mesh, outward, sky
from packshot.colour import F32, U8, hex_to_linear, to_srgb
from packshot.rendering.engines import llvm
from packshot.rendering.parts import shapes
from packshot.settings import Settings

SIDE, SAMPLES, DEPTH = 640, 16, 9

Line = list[tuple[float, float]]
# Outlines from the axis, out and up and back down inside: (radius, height), rounded.
BODIES: dict[str, tuple[Line, float]] = {
    "tumbler": ([(0, 0), (0.30, 0), (0.38, 1.0), (0.355, 1.0), (0.28, 0.09), (0, 0.09)], 0.02),
    "wine glass": ([(0, 0), (0.27, 0), (0.27, 0.015), (0.035, 0.03), (0.03, 0.42), (0.26, 0.6), (0.27, 0.85),
                    (0.21, 1.1), (0.20, 1.1), (0.258, 0.85), (0.248, 0.61), (0, 0.45)], 0.05),
    "bottle": ([(0, 0), (0.25, 0), (0.25, 0.7), (0.09, 0.95), (0.09, 1.2), (0.07, 1.2), (0.07, 0.95), (0.23, 0.69),
                (0.23, 0.05), (0, 0.05)], 0.05),
    "jar": ([(0, 0), (0.33, 0), (0.34, 0.6), (0.28, 0.7), (0.28, 0.8), (0.26, 0.8), (0.26, 0.7), (0.315, 0.58),
             (0.305, 0.06), (0, 0.06)], 0.05),
    "vase": ([(0, 0), (0.26, 0), (0.34, 0.45), (0.16, 0.95), (0.21, 1.15), (0.185, 1.15), (0.135, 0.95), (0.31, 0.45),
              (0.24, 0.06), (0, 0.06)], 0.12),
    "flacon": ([(0, 0), (0.34, 0), (0.36, 0.5), (0.12, 0.66), (0.12, 0.8), (0.09, 0.8), (0.09, 0.66), (0.29, 0.47),
                (0.28, 0.12), (0, 0.12)], 0.03),
}  # fmt: skip
WATER, TEA, OIL, WINE, CREAM = (0.97, 0.99, 1.0), (0.9, 0.5, 0.12), (0.95, 0.85, 0.3), (0.5, 0.02, 0.04), None


@dataclass(frozen=True)
class Shot:
    name: str
    half: str  # "judge": nothing is chosen by these; "tune": anything may be
    body: str
    place: str  # paper: white, gray, colour, warm; graded ones fall off; "wall" glows
    level: float = 0.0  # how high the filling stands
    filling: tuple[float, ...] | None = WATER  # None: opaque
    tint: tuple[float, ...] = ()  # of the glass
    cap: float = 0.0  # height at which an opaque lid begins
    pitch_deg: float = 8.0
    glaze: str = ""  # an opaque twin: its colour, or "metal"


SHOTS = (
    Shot("tumbler_white", "tune", "tumbler", "white"),
    Shot("wine_gray", "tune", "wine glass", "gray", 0.75, WINE),
    Shot("bottle_water", "tune", "bottle", "graded", 0.62, WATER, cap=1.12),
    Shot("jar_oil", "judge", "jar", "white", 0.5, OIL, cap=0.72, pitch_deg=14),
    Shot("vase_wall", "judge", "vase", "wall"),
    Shot("green_bottle", "judge", "bottle", "gray", tint=(0.45, 0.75, 0.5)),
    Shot("jar_cream", "judge", "jar", "gray", 0.45, CREAM, cap=0.72),
    Shot("wine_white", "tune", "wine glass", "white"),
    Shot("tumbler_tea", "tune", "tumbler", "graded", 0.7, TEA, pitch_deg=15),
    Shot("flacon_oil", "tune", "flacon", "white", 0.4, OIL, cap=0.72),
    Shot("vase_water", "judge", "vase", "gray", 0.6, WATER),
    Shot("bottle_wall", "judge", "bottle", "wall", 0.6, TEA, cap=1.12),
    Shot("jar_colour", "judge", "jar", "colour", cap=0.72),
    Shot("tumbler_warm", "judge", "tumbler", "warm", 0.5, WATER, pitch_deg=20),
    Shot("jar_wide", "tune", "jar", "graded", pitch_deg=24),
    Shot("white_mug", "tune", "tumbler", "white", glaze="#f0f0ec", pitch_deg=16),
    Shot("white_jar", "judge", "jar", "white", glaze="#eeeeea", cap=0.72),
    Shot("gray_vase", "tune", "vase", "gray", glaze="#b8b8b8"),
    Shot("steel_bottle", "judge", "bottle", "white", glaze="metal", cap=1.12),
    Shot("blue_flacon", "judge", "flacon", "colour", glaze="#98b8c8", cap=0.72),
    Shot("white_tumbler", "judge", "tumbler", "graded", glaze="#f6f6f4"),
)  # fmt: skip
PAPERS = {"white": (0.86, 0.86, 0.85), "gray": (0.5, 0.5, 0.5), "colour": (0.3, 0.5, 0.62), "warm": (0.75, 0.6, 0.48)}


@dataclass(frozen=True, eq=False)
class Truth:
    """One photo and what it is made of."""

    shot: Shot
    photo: U8  # (H, W, 3) sRGB, through a lens, with noise and JPEG
    through: F32  # (H, W, 3) T, 1 outside of the product
    own: F32  # (H, W, 3) S, linear; light that is neither through nor outside
    body: F32  # (H, W) how much of each pixel the product meets at all
    empty: F32  # (H, W, 3) linear: the backdrop without the product

    def over(self, plate: F32) -> F32:
        return np.clip(self.own + self.through * plate, 0, 1).astype(np.float32)


def truths(folder: Path, only: list[str]) -> Iterator[Truth]:
    """Each shot, rendered or as it was kept in the folder."""
    for seed, shot in sorted(enumerate(SHOTS), key=lambda at: at[0] % 7):  # both halves grow side by side
        if only and shot.name not in only:
            continue
        file = folder / f"{shot.name}.npz"
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(file, **{n: p.astype(np.float16) for n, p in _layers(shot, seed).items()})
        with np.load(file) as found:
            layers = {name: found[name].astype(np.float32) for name in found.files}
        seen = layers.pop("own_seen") + layers.pop("through_seen")
        yield Truth(shot, _photographed(seen, np.random.default_rng(seed)), **layers)


def _photographed(light: F32, random: np.random.Generator) -> U8:
    """Noise of the sensor, coarser than a pixel, and JPEG 92."""
    seen = to_srgb(np.clip(light, 0, 1)).astype(np.float32)
    noise = cv2.GaussianBlur(random.standard_normal(seen.shape, dtype=np.float32), (0, 0), 0.5) * np.float32(1.7)
    content = io.BytesIO()
    grainy = np.clip(np.round(seen + noise * np.sqrt(0.35 + seen / 255)), 0, 255).astype(np.uint8)
    Image.fromarray(grainy).save(content, "JPEG", quality=92)
    return np.asarray(Image.open(content))


def ready() -> Any:
    """Mitsuba.  Ends the program where there is no LLVM."""
    found = llvm.find(Settings().cache_dir)
    if found is None:
        raise SystemExit(llvm.REMEDY)
    os.environ["DRJIT_LIBLLVM_PATH"] = str(found)
    import mitsuba as mi

    mi.set_variant("llvm_ad_rgb")
    mi.set_log_level(mi.LogLevel.Error)
    return mi


def _layers(shot: Shot, seed: int) -> dict[str, F32]:
    mi = ready()
    stage = _stage(mi, shot, seed)
    parts = _product(mi, shot)
    own, behind, weight, body = _traced(mi, mi.load_dict(stage | parts), SAMPLES, seed)
    _, empty, _, _ = _traced(mi, mi.load_dict(stage), SAMPLES // 4, seed)
    own, behind, weight, empty = (_denoised(layer) for layer in (own, behind, weight, empty))
    gain = 0.88 / float(np.percentile(empty.max(2), 97))
    layers = {
        "own": own * gain, "through": np.clip(weight, 0, 1), "body": body, "empty": empty * gain,
        "own_seen": own * gain, "through_seen": behind * gain,
    }  # fmt: skip
    return {name: cv2.GaussianBlur(np.ascontiguousarray(p), (0, 0), 0.6) for name, p in layers.items()}


def _denoised(light: F32) -> F32:
    return np.asarray(oidn.denoise(np.ascontiguousarray(np.minimum(light, 8), np.float32), hdr=True), np.float32)


def _traced(mi: Any, scene: Any, samples: int, seed: int) -> tuple[F32, F32, F32, F32]:
    """Own light, light of the backdrop, the backdrop's weight (H, W, 3 each), and where the product is met (H, W)."""
    import drjit as dr

    path = mi.load_dict({"type": "path", "max_depth": 10})
    kinds: dict[str, list[Any]] = {"glass": [], "solid": [], "paper": []}
    for shape in scene.shapes():
        for kind, found in kinds.items():
            if shape.id().startswith(kind):
                found.append(dr.reinterpret_array(mi.UInt32, mi.ShapePtr(shape)))

    def among(met: Any, kind: str) -> Any:
        hit = mi.Bool(False)
        for one in kinds[kind]:
            hit |= dr.reinterpret_array(mi.UInt32, met.shape) == one
        return hit & met.is_valid()

    sensor = scene.sensors()[0]
    planes = [np.zeros((SIDE, SIDE, 3), np.float32) for _ in range(3)]
    body = np.zeros((SIDE, SIDE), np.float32)
    rows = max(1, (1 << 21) // (SIDE * samples))
    for top in range(0, SIDE, rows):
        n = min(SIDE, top + rows) - top
        count = n * SIDE * samples
        sampler = mi.load_dict({"type": "independent"})
        sampler.seed(top + (seed << 12), count)
        index = dr.arange(mi.UInt32, count) // samples
        at = mi.Point2f(mi.Float(index % SIDE), mi.Float(index // SIDE + top)) + sampler.next_2d()
        ray, weight = sensor.sample_ray(0.0, sampler.next_1d(), at / SIDE, sampler.next_2d())
        ray, through, within = mi.Ray3f(ray), mi.Color3f(weight), mi.Bool(True)
        context = mi.BSDFContext()
        first = mi.Bool(False)
        for depth in range(DEPTH):
            met = scene.ray_intersect(ray, within)
            glass = within & among(met, "glass")
            if depth == 0:
                first = glass | among(met, "solid")
            sample, value = met.bsdf(ray).sample(context, met, sampler.next_1d(), sampler.next_2d(), glass)
            ray = dr.select(glass, met.spawn_ray(met.to_world(sample.wo)), ray)
            through = dr.select(glass, through * value, through)
            within = glass
            dr.eval(ray, through, within)
        met = scene.ray_intersect_preliminary(ray, False, True)
        behind = among(met, "paper")
        light, _, _ = path.sample(scene, sampler, mi.RayDifferential3f(ray))
        light = through * dr.minimum(light, 12.0)
        parts = dr.select(behind, 0, light), dr.select(behind, light, 0), dr.select(behind, through, 0)
        for plane, layer in zip(planes, parts, strict=True):
            for channel in range(3):
                total = dr.block_sum(layer[channel], samples)
                plane[top : top + n, :, channel] = np.asarray(total).reshape(n, SIDE) / samples
        hits = dr.block_sum(mi.Float(dr.select(first, 1.0, 0.0)), samples)
        body[top : top + n] = np.asarray(hits).reshape(n, SIDE) / samples
    return planes[0], planes[1], planes[2], body


def _stage(mi: Any, shot: Shot, seed: int) -> dict[str, Any]:
    """Camera, two soft boxes, and a backdrop that is even but for how light falls on it."""
    at = mi.ScalarTransform4f
    distance, height = 4.6, 0.55
    pitch = np.radians(shot.pitch_deg)
    origin = [0, height + distance * float(np.sin(pitch)), distance * float(np.cos(pitch))]
    camera = at().look_at(origin=origin, target=[0, height, 0], up=[0, 1, 0])
    side = -1 if seed % 2 else 1
    lamp = at().look_at(origin=[-3.2 * side, 3, 2.4], target=[0, 0.5, 0], up=[0, 1, 0]).scale([0.8, 1.2, 1])
    strip = at().look_at(origin=[3.4 * side, 2, 0.6], target=[0, 0.5, 0], up=[0, 1, 0]).scale([0.4, 1.5, 1])
    scene = {
        "type": "scene",
        "sensor": {"type": "perspective", "fov": 22 + 3 * (seed % 3), "to_world": camera,
                   "film": {"type": "hdrfilm", "width": SIDE, "height": SIDE}},
        "lamp": {"type": "rectangle", "to_world": lamp, "emitter": area(7.0)},
        "strip": {"type": "rectangle", "to_world": strip, "emitter": area(4.0)},
    }  # fmt: skip
    if shot.place == "wall":
        wall = at().translate([0, 1.2, -2.2]).scale([3.4, 3.6, 1])
        floor = at().rotate([1, 0, 0], -90).scale([3.4, 2.2, 1])
        return scene | {
            "sky": sky(0.06),
            "paper wall": {"type": "rectangle", "id": "paper wall", "to_world": wall, "emitter": area(0.8, 0.82, 0.85)},
            "paper floor": {"type": "rectangle", "id": "paper floor", "to_world": floor, "bsdf": diffuse((0.8,) * 3)},
        }
    bend = [(-1.5 - float(np.sin(t)), 1 - float(np.cos(t))) for t in np.linspace(0, np.pi / 2, 20)]
    paper = shapes.swept([(3, 0), (-1.5, 0), *bend[1:], (-2.5, 6)], width=14)
    if shot.place == "graded":  # a spot on the paper behind
        spot = at().look_at(origin=[1.5, 3.5, 0.5], target=[0.3, 0.9, -2.4], up=[0, 1, 0])
        strength = {"type": "rgb", "value": 5.0}
        scene["spot"] = {"type": "spot", "to_world": spot, "cutoff_angle": 50, "intensity": strength}
    made_of = {"type": "twosided", "bsdf": diffuse(PAPERS["white" if shot.place == "graded" else shot.place])}
    roll = mesh(mi, paper, made_of)
    roll.set_id("paper roll")
    return scene | {"sky": sky(0.35), "paper roll": roll}


def _product(mi: Any, shot: Shot) -> dict[str, Any]:
    line, radius = BODIES[shot.body]
    full = np.array(shapes.dense(shapes.rounded(line, radius), 0.02), np.float64)
    full[:, 1] += 0.003  # off the paper
    tint = {"specular_transmittance": {"type": "rgb", "value": list(shot.tint)}} if shot.tint else {}
    clear = {"type": "dielectric", "int_ior": 1.5, "ext_ior": 1.0} | tint
    if shot.glaze:
        clear = {"type": "twosided", "bsdf": _glazed(shot.glaze)}
    parts = {}
    if shot.level:
        inner = int(np.argmax(full[:, 1])) + 1
        below = inner + int(np.argmax(full[inner:, 1] <= shot.level))
        rim = (float(full[below, 0]), float(full[below, 1]))
        upper, lower = full[: below + 1], full[below:]
        if shot.filling is None:
            wet = top = {"type": "twosided", "bsdf": diffuse((0.82, 0.72, 0.6))}
        else:
            colour = {"specular_transmittance": {"type": "rgb", "value": list(shot.filling)}}
            wet = {"type": "dielectric", "int_ior": 1.5, "ext_ior": 1.33} | colour
            top = {"type": "dielectric", "int_ior": 1.33, "ext_ior": 1.0}
        parts["wet"] = ([(float(r), float(h)) for r, h in lower], wet)
        parts["top"] = ([rim, (rim[0] / 2, rim[1]), (0.0, rim[1])], top)
        full = upper
    parts["wall"] = ([(float(r), float(h)) for r, h in full], clear)
    if shot.cap:
        outer = np.array(line)[: int(np.argmax(np.array(line)[:, 1])) + 1]
        wide = float(np.interp(shot.cap, outer[:, 1], outer[:, 0])) + 0.015
        high = float(outer[:, 1].max()) + 0.04
        lid = [(wide - 0.02, shot.cap), (wide, shot.cap), (wide, high), (0, high)]
        glaze = {"type": "plastic", "diffuse_reflectance": {"type": "rgb", "value": [0.12, 0.12, 0.13]}}
        parts["cap"] = (shapes.rounded(lid, 0.02), {"type": "twosided", "bsdf": glaze})
    found = {}
    for name, (profile, bsdf) in parts.items():
        kind = "glass" if bsdf["type"] == "dielectric" else "solid"
        found[f"{kind} {name}"] = mesh(mi, outward(shapes.turned(profile, around=160)), bsdf)
        found[f"{kind} {name}"].set_id(f"{kind} {name}")
    return found


def _glazed(colour: str) -> dict[str, Any]:
    if colour == "metal":
        return {"type": "roughconductor", "alpha": 0.12}
    tone = {"type": "rgb", "value": hex_to_linear(colour).tolist()}
    return {"type": "plastic", "diffuse_reflectance": tone}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Settings().cache_dir / "benchmarks" / "truth_glass")
    parser.add_argument("--only", nargs="+", default=[], help="names of some")
    options = parser.parse_args()
    for truth in truths(options.folder, options.only):
        alpha = 1 - truth.through.mean(2)
        cv2.imwrite(str(options.folder / f"{truth.shot.name}.png"), truth.photo[..., ::-1])
        cv2.imwrite(str(options.folder / f"{truth.shot.name} alpha.png"), np.round(alpha * 255).astype(np.uint8))
        print(truth.shot.name, flush=True)


if __name__ == "__main__":
    main()
