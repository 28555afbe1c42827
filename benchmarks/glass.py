"""Which products are recognised as see-through?  Real and rendered photos, rendered glass and its opaque twins.

python benchmarks/glass.py [--photos FOLDER] [--synth FOLDER] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import mitsuba_oidn as oidn
import numpy as np

from doubtful import generated, real, rendered
from packshot.cli.common import ready_context
from packshot.colour import to_srgb
from packshot.image import Photo, read
from packshot.ops.uncertainty import UNSURE
from packshot.pipeline import cut_out
from packshot.rendering.engines import llvm
from packshot.rendering.parts import shapes
from packshot.settings import Limits, Settings
from packshot.step_timer import StepTimer

HERE = Path(__file__).resolve().parent
SIDE, SAMPLES = 512, 24
# Outlines from the axis, out and up and back down inside: (radius, height), rounded.
BODIES = {
    "tumbler": ([(0, 0), (0.30, 0), (0.38, 1.0), (0.355, 1.0), (0.28, 0.09), (0, 0.09)], 0.02),
    "vase": ([(0, 0), (0.26, 0), (0.34, 0.45), (0.16, 0.95), (0.21, 1.15), (0.185, 1.15), (0.135, 0.95), (0.31, 0.45),
              (0.24, 0.06), (0, 0.06)], 0.12),
    "wine glass": ([(0, 0), (0.27, 0), (0.27, 0.015), (0.035, 0.03), (0.03, 0.42), (0.26, 0.6), (0.27, 0.85),
                    (0.21, 1.1), (0.20, 1.1), (0.258, 0.85), (0.248, 0.61), (0, 0.45)], 0.05),
    "bottle": ([(0, 0), (0.25, 0), (0.25, 0.7), (0.09, 0.95), (0.09, 1.2), (0.07, 1.2), (0.07, 0.95), (0.23, 0.69),
                (0.23, 0.05), (0, 0.05)], 0.05),
}  # fmt: skip
FILLINGS = {
    "vase": ([(0, 0.065), (0.237, 0.065), (0.305, 0.45), (0.24, 0.7), (0, 0.7)], 0.1),
    "bottle": ([(0, 0.055), (0.225, 0.055), (0.225, 0.6), (0, 0.6)], 0.03),
}
WATER, TEA, GREEN = (0.95, 0.98, 1.0), (0.9, 0.45, 0.08), (0.25, 0.6, 0.3)
# Body, material, its colour, place.
SHOTS: tuple[tuple[str, str, tuple[float, ...], str], ...] = (
    ("tumbler", "glass", (), "plain"), ("tumbler", "glass", (), "busy"), ("tumbler", "glass", (), "lit"),
    ("wine glass", "glass", (), "plain"), ("wine glass", "glass", (), "busy"), ("wine glass", "glass", (), "lit"),
    ("vase", "glass", WATER, "plain"), ("vase", "glass", WATER, "busy"), ("vase", "glass", WATER, "lit"),
    ("bottle", "glass", TEA, "plain"), ("bottle", "glass", TEA, "busy"), ("bottle", "glass", TEA, "lit"),
    ("bottle", "tinted", GREEN, "plain"), ("bottle", "tinted", GREEN, "busy"),
    ("tumbler", "ceramic", (0.85, 0.85, 0.83), "plain"), ("tumbler", "ceramic", (0.85, 0.85, 0.83), "busy"),
    ("vase", "ceramic", (0.8, 0.82, 0.84), "busy"), ("vase", "ceramic", (0.15, 0.3, 0.5), "lit"),
    ("bottle", "metal", (), "plain"), ("bottle", "metal", (), "busy"), ("bottle", "metal", (), "lit"),
)  # fmt: skip


def shots(keep: Path | None) -> Iterator[tuple[str, bool, np.ndarray]]:
    """Name, see-through or not, sRGB pixels."""
    found = llvm.find(Settings().cache_dir)
    if found is None:
        raise SystemExit(llvm.REMEDY)
    os.environ["DRJIT_LIBLLVM_PATH"] = str(found)
    import mitsuba as mi

    mi.set_variant("llvm_ad_rgb")
    for number, (body, material, colour, place) in enumerate(SHOTS):
        scene = stage(mi, number) | PLACES[place](mi, number) | product(mi, body, material, colour)
        light = np.array(mi.render(mi.load_dict(scene), seed=number))[..., :3]
        clean = oidn.denoise(np.ascontiguousarray(np.minimum(light, 4), np.float32), hdr=True)
        pixels = to_srgb(np.clip(clean, 0, 1))
        name = f"{body}, {material}, {place}"
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(keep / f"{number:02d} {name}.png"), pixels[..., ::-1])
        yield name, material in ("glass", "tinted"), pixels


def stage(mi: Any, seed: int) -> dict[str, Any]:
    """Camera and two soft boxes."""
    at = mi.ScalarTransform4f
    lamp = at().look_at(origin=[-3.5, 3, 2.5], target=[0, 0.5, 0], up=[0, 1, 0]).scale([0.8, 1.2, 1])
    strip = at().look_at(origin=[3.5, 2, 0.5], target=[0, 0.5, 0], up=[0, 1, 0]).scale([0.4, 1.5, 1])
    camera = at().look_at(origin=[0, 1.25, 4.5], target=[0, 0.55, 0], up=[0, 1, 0])
    return {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": 9},
        "sensor": {
            "type": "thinlens", "aperture_radius": 0.02, "focus_distance": 4.6, "fov": 22, "to_world": camera,
            "film": {"type": "hdrfilm", "width": SIDE, "height": SIDE, "rfilter": {"type": "box"}},
            "sampler": {"type": "independent", "sample_count": SAMPLES, "seed": seed},
        },
        "lamp": {"type": "rectangle", "to_world": lamp, "emitter": area(7.0)},
        "strip": {"type": "rectangle", "to_world": strip, "emitter": area(4.0)},
    }  # fmt: skip


def area(*radiance: float) -> dict[str, Any]:
    return {"type": "area", "radiance": {"type": "rgb", "value": list(radiance) if len(radiance) > 1 else radiance[0]}}


def diffuse(colour: Any) -> dict[str, Any]:
    return {"type": "diffuse", "reflectance": {"type": "rgb", "value": [float(c) for c in colour]}}


def plain(mi: Any, seed: int) -> dict[str, Any]:
    """A paper sweep in a light room."""
    bend = [(-1.5 - float(np.sin(t)), 1 - float(np.cos(t))) for t in np.linspace(0, np.pi / 2, 20)]
    paper = shapes.swept([(3, 0), (-1.5, 0), *bend[1:], (-2.5, 5)], width=14)
    colour = ((0.75, 0.75, 0.75), (0.9, 0.9, 0.9), (0.35, 0.5, 0.6), (0.8, 0.6, 0.5))[seed % 4]
    return {"sky": sky(0.35), "paper": mesh(mi, paper, {"type": "twosided", "bsdf": diffuse(colour)})}


def lit(mi: Any, seed: int) -> dict[str, Any]:
    """Before a glowing wall in a dark room, as glass is photographed."""
    colour = np.array(((0.85, 0.85, 0.85), (0.55, 0.6, 0.65), (0.7, 0.3, 0.15))[seed // 3 % 3])
    at = mi.ScalarTransform4f
    return {
        "sky": sky(0.06),
        "wall": {"type": "rectangle", "to_world": at().translate([0, 1.2, -2.2]).scale([2.2, 3.4, 1]),
                 "emitter": area(*colour.tolist())},
        "floor": {"type": "rectangle", "to_world": at().rotate([1, 0, 0], -90).scale([2.2, 2.2, 1]),
                  "bsdf": diffuse(np.minimum(0.9, 1.2 * colour))},
    }  # fmt: skip


def busy(mi: Any, seed: int) -> dict[str, Any]:
    """A wall of patches, a wooden floor, boxes."""
    random, at = np.random.default_rng(seed), mi.ScalarTransform4f
    way = cv2.INTER_NEAREST if seed % 2 else cv2.INTER_CUBIC
    patches = cv2.resize((random.random((24, 24, 3)) * 0.8 + 0.1).astype(np.float32), (512, 512), interpolation=way)
    grain = cv2.resize(random.random((8, 160)).astype(np.float32), (512, 512))[..., None]
    wood = (grain * np.array([0.5, 0.36, 0.22]) + 0.1).astype(np.float32)
    found = {
        "sky": sky(0.35),
        "wall": {"type": "rectangle", "to_world": at().translate([0, 1.5, -2.6]).scale([5, 2.6, 1]),
                 "bsdf": painted(mi, patches, at().scale([2, 1, 1]))},
        "floor": {"type": "rectangle", "to_world": at().rotate([1, 0, 0], -90).scale([6, 4, 1]),
                  "bsdf": painted(mi, wood, at().scale([3, 3, 1]))},
    }  # fmt: skip
    for i in range(5):
        x, z, half = random.uniform(-1.6, 1.6), random.uniform(-2.2, -1.0), random.uniform(0.15, 0.35)
        turn = (
            at().translate([x, half, z]).rotate([0, 1, 0], random.uniform(0, 90)).scale([0.6 * half, half, 0.6 * half])
        )
        found[f"box{i}"] = {"type": "cube", "to_world": turn, "bsdf": diffuse(random.uniform(0.05, 0.8, 3))}
    return found


PLACES = {"plain": plain, "lit": lit, "busy": busy}


def sky(radiance: float) -> dict[str, Any]:
    return {"type": "constant", "radiance": {"type": "rgb", "value": radiance}}


def painted(mi: Any, pixels: np.ndarray, repeat: Any) -> dict[str, Any]:
    bitmap = mi.Bitmap(np.clip(pixels, 0.02, 0.95))
    return {"type": "diffuse", "reflectance": {"type": "bitmap", "bitmap": bitmap, "raw": True, "to_uv": repeat}}


def product(mi: Any, body: str, material: str, colour: tuple[float, ...]) -> dict[str, Any]:
    line, radius = BODIES[body]
    shape = outward(shapes.turned(shapes.rounded(line, radius), around=128))
    if material == "ceramic":
        glaze = {"type": "plastic", "diffuse_reflectance": {"type": "rgb", "value": list(colour)}}
        return {"body": mesh(mi, shape, {"type": "twosided", "bsdf": glaze})}
    if material == "metal":
        return {"body": mesh(mi, shape, {"type": "twosided", "bsdf": {"type": "roughconductor", "alpha": 0.12}})}
    tint = {"specular_transmittance": {"type": "rgb", "value": list(colour)}} if colour else {}
    if material == "tinted" or not colour:
        return {"body": mesh(mi, shape, {"type": "dielectric", "int_ior": 1.5, **tint})}
    inner, radius = FILLINGS[body]
    filling = outward(shapes.turned(shapes.rounded(inner, radius), around=96))
    return {
        "body": mesh(mi, shape, {"type": "dielectric", "int_ior": 1.5}),
        "filling": mesh(mi, filling, {"type": "dielectric", "int_ior": 1.33, **tint}),
    }


def photo_of(pixels: np.ndarray, name: str) -> Photo:
    written = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))[1]
    return read(written.tobytes(), f"{name}.png", limits=Limits())


def outward(shape: Any) -> Any:
    """Normals of a turned body look inward, where its glass would be the air and the air its glass."""
    return replace(shape, faces=np.ascontiguousarray(shape.faces[:, ::-1]), normals=-shape.normals)


def mesh(mi: Any, shape: Any, bsdf: dict[str, Any]) -> Any:
    props = mi.Properties()
    props["bsdf"] = mi.load_dict(bsdf)
    made_of = mi.Mesh("", len(shape.vertices), len(shape.faces), has_vertex_normals=True, props=props)
    values = mi.traverse(made_of)
    values["vertex_positions"] = shape.vertices.ravel().astype(np.float32)
    values["vertex_normals"] = shape.normals.ravel().astype(np.float32)
    values["faces"] = shape.faces.ravel().astype(np.uint32)
    values.update()
    return made_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=HERE.parent.parent / "shared" / "photos")
    parser.add_argument("--synth", type=Path, default=HERE.parent.parent / "shared" / "synth")
    parser.add_argument("--keep", type=Path, help="where to put the rendered photos")
    parser.add_argument("--without-makings", action="store_true", help="leave the products of doubtful.py out")
    wanted = parser.parse_args()
    matter = ready_context(Settings()).matter
    groups: dict[str, list[tuple[str, bool, np.ndarray]]] = {
        "real photos": [(p.name, p.judged == "glass", p.pixels) for p in real(wanted.photos)],
        "rendered photos": [(p.name, p.judged == "glass", p.pixels) for p in rendered(wanted.synth)],
        "glass and its twins": list(shots(wanted.keep)),
    }
    if not wanted.without_makings:
        groups["where cut-outs fail"] = [(p.name, False, p.pixels) for p in generated(wanted.synth)]
    print(
        "| | see-through | measured | said so | or unsure | opaque | said see-through |\n|---|---|---|---|---|---|---|"
    )
    lines = []
    for group, pictures in groups.items():
        measured = []
        for name, glass, pixels in pictures:
            facts = cut_out(photo_of(pixels, name), matter=matter, store=None, timer=StepTimer()).facts
            measured.append((glass, facts.transmission > 0, facts.see_through > 0, facts.uncertainty > UNSURE))
            if glass or facts.see_through:
                how = f"see-through {facts.see_through:.2f}, unsure {facts.uncertainty:.2f}"
                lines.append(f"{name}: {how}, transmission {facts.transmission:.2f} {facts.unmeasured}")
        clear, opaque = [t[1:] for t in measured if t[0]], [t[1:] for t in measured if not t[0]]
        measured, said, noticed = sum(t[0] for t in clear), sum(t[1] for t in clear), sum(any(t) for t in clear)
        wrong = sum(t[0] or t[1] for t in opaque)
        print(f"| {group} | {len(clear)} | {measured} | {said} | {noticed} | {len(opaque)} | {wrong} |", flush=True)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
