"""What is sent in place of product photos, rendered: screenshots, drawings, documents; and prints that are products.

Each source has a name that its variants share, so that a source falls into one half with all of them.  Chromium draws
what a browser shows (`--chromium` of `subjects.py`).
"""

# ruff: noqa: E501
from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]
WORDS = [
    "order",
    "price",
    "total",
    "item",
    "size",
    "colour",
    "cotton",
    "steel",
    "bottle",
    "mug",
    "lamp",
    "chair",
    "table",
    "stock",
    "shipping",
    "return",
    "invoice",
    "customer",
    "street",
    "city",
    "date",
    "number",
    "quantity",
    "pieces",
    "net",
    "gross",
    "tax",
    "amount",
    "bank",
    "account",
    "delivery",
    "week",
    "note",
    "green",
    "blue",
    "large",
    "small",
    "wash",
    "warm",
    "iron",
    "store",
    "cool",
    "keep",
    "away",
    "from",
    "children",
    "best",
    "before",
    "batch",
    "contains",
    "water",
    "salt",
    "sugar",
    "energy",
    "protein",
    "fat",
]
KINDS = ("dashboard", "form", "chat", "shop", "code", "files", "sheet", "invoice", "list", "letter", "label")
DOCUMENTS = ("sheet", "invoice", "list", "letter", "label")
COLOURS = ("#1f6feb", "#0a7d55", "#b3261e", "#6b3fa0", "#222", "#c77700", "#0b7285", "#d6336c")


@dataclass(frozen=True, slots=True)
class Source:
    """kind: screenshot, drawing or document; packaging and book are products."""

    name: str
    kind: str
    pixels: Pixels


def words(rng: random.Random, many: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(many))


def rows(rng: random.Random, count: int, columns: int, *, head: bool = True) -> str:
    cells = [
        [words(rng, rng.randint(1, 3)) if n % 3 == 0 else f"{rng.random() * 900:.2f}" for n in range(columns)]
        for _ in range(count)
    ]
    title = "".join(f"<th>{words(rng, 1).title()}" for _ in range(columns)) if head else ""
    return f"<table><tr>{title}" + "".join("<tr>" + "".join(f"<td>{c}" for c in row) for row in cells) + "</table>"


def page(kind: str, rng: random.Random, photos: Sequence[Path]) -> tuple[str, tuple[int, int]]:
    """HTML and the size of its window."""
    colour, dark = rng.choice(COLOURS), rng.random() < 0.35
    back, ink, line = ("#16181d", "#e6e6e6", "#333") if dark else ("#fff", "#222", "#ddd")
    font = rng.choice(["Liberation Sans", "DejaVu Sans", "Liberation Serif", "DejaVu Serif"])
    style = (
        f"body{{margin:0;font:{rng.randint(13, 18)}px '{font}';background:{back};color:{ink}}}"
        f"table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid {line};padding:5px 8px;text-align:left}}"
        f"th{{background:{colour};color:#fff}}.bar{{background:{colour};color:#fff;padding:14px 20px}}"
        f".side{{background:{'#22252c' if dark else '#f1f3f5'};width:210px;padding:16px;line-height:2.3}}"
        ".row{display:flex}.card{border-radius:8px;padding:16px;margin:10px;flex:1}"
    )
    screen = rng.choice([(1280, 800), (1440, 900), (1920, 1080), (1366, 768), (1024, 768)])
    phone = rng.choice([(390, 844), (412, 915), (430, 932)])
    paper = rng.choice([(900, 1270), (1000, 1414), (1270, 900)])
    side = "<div class=side>" + "<br>".join(words(rng, 1).title() for _ in range(12)) + "</div>"
    bar = f"<div class=bar><b>{words(rng, 2).title()}</b></div>"
    if kind == "dashboard":
        cards = "".join(f"<div class=card style='background:{c}22'><h2>{rng.randint(5, 900)}</h2>{words(rng, 3)}</div>"
                        for c in rng.sample(COLOURS, 4))  # fmt: skip
        bars = "".join(f"<div style='display:inline-block;width:34px;margin:4px;height:{rng.randint(20, 180)}px;"
                       f"background:{colour}'></div>" for _ in range(14))  # fmt: skip
        body, size = (
            f"{bar}<div class=row>{side}<div style='flex:1'><div class=row>{cards}</div>{bars}{rows(rng, 9, 5)}</div></div>",
            screen,
        )
    elif kind == "form":
        fields = "".join(f"<p>{words(rng, 2).title()}<br><span style='display:block;border:1px solid {line};padding:9px;"
                         f"width:{rng.randint(300, 520)}px'>{words(rng, 3)}</span>" for _ in range(9))  # fmt: skip
        body, size = f"{bar}<div class=row>{side}<div style='padding:20px'>{fields}</div></div>", screen
    elif kind == "chat":
        says = "".join(f"<div style='margin:10px;padding:11px;border-radius:14px;max-width:70%;"
                       f"{'margin-left:auto;background:' + colour + ';color:#fff' if rng.random() < 0.5 else 'background:#8883'}'>"
                       f"{words(rng, rng.randint(3, 16))}</div>" for _ in range(13))  # fmt: skip
        body, size = bar + says, phone
    elif kind == "shop":
        tiles = "".join(f"<div style='width:23%;margin:1%'><img src='{photo.as_uri()}' style='width:100%;height:200px;object-fit:cover'>"
                        f"<br>{words(rng, 2)}<br><b>{rng.randint(5, 99)}.90</b></div>" for photo in rng.sample(list(photos), 8))  # fmt: skip
        body, size = (
            f"{bar}<div class=row>{side}<div style='display:flex;flex-wrap:wrap;flex:1'>{tiles}</div></div>",
            screen,
        )
    elif kind == "code":
        lines = "".join(f"<div style='padding-left:{rng.choice([0, 24, 48])}px'><span style='color:{rng.choice(COLOURS[:4])}'>"
                        f"{words(rng, 1)}</span> {words(rng, rng.randint(1, 7))}</div>" for _ in range(38))  # fmt: skip
        body, size = f"<div style='font-family:Liberation Mono;padding:14px'>{lines}</div>", screen
    elif kind == "files":
        entries = "".join(f"<div style='padding:7px;border-bottom:1px solid {line}'><span style='display:inline-block;width:22px;"
                          f"height:18px;background:{colour}'></span> {words(rng, 2)}.jpg</div>" for _ in range(22))  # fmt: skip
        body, size = f"{bar}<div class=row>{side}<div style='flex:1'>{entries}</div></div>", screen
    elif kind == "sheet":
        body, size = rows(rng, 30, rng.randint(6, 10)), rng.choice([screen, paper])
    elif kind == "invoice":
        style = style.replace(back, "#fff").replace(f"color:{ink}", "color:#222")
        body = (f"<div style='padding:60px'><h1 style='color:{colour}'>{words(rng, 2).title()}</h1><p>{words(rng, 3)}<br>{words(rng, 3)}"
                f"<br>{words(rng, 2)}<h3>Invoice {rng.randint(1000, 9999)}</h3><p>{words(rng, 24)}{rows(rng, rng.randint(6, 16), 5)}"
                f"<p><b>{words(rng, 2)} {rng.randint(50, 900)}.00</b><p>{words(rng, 40)}</div>")  # fmt: skip
        size = paper
    elif kind == "list":
        style = style.replace(back, "#fff").replace(f"color:{ink}", "color:#222")
        body, size = (
            f"<div style='padding:40px'><h2>{words(rng, 3).title()}</h2>{rows(rng, 32, rng.randint(4, 7))}</div>",
            paper,
        )
    elif kind == "letter":
        style = style.replace(back, "#fff").replace(f"color:{ink}", "color:#222")
        body = (
            "<div style='padding:80px;line-height:1.5'>"
            + "".join(f"<p>{words(rng, rng.randint(30, 90))}." for _ in range(8))
            + "</div>"
        )
        size = paper
    else:  # a long ingredients list or care instructions on a sheet of their own
        style = style.replace(back, "#fff").replace(f"color:{ink}", "color:#222")
        body = (
            "<div style='padding:30px;columns:2'>"
            + "".join(f"<h4>{words(rng, 2).title()}</h4>{words(rng, 40)}" for _ in range(12))
            + "</div>"
        )
        size = paper
    return f"<style>{style}</style>{body}", size


def pack(rng: random.Random) -> tuple[str, tuple[int, int]]:
    """A face of a package with a lot of print."""
    colour, other = rng.sample(COLOURS, 2)
    ground = rng.choice([colour, "#fff", "#f3ead8", "#e9eef2"])
    ink = "#fff" if ground == colour else "#222"
    pictures = f"<div style='height:{rng.randint(120, 300)}px;background:radial-gradient({other},{colour})'></div>"
    body = (f"<body style='margin:0;background:{ground};color:{ink};font:{rng.randint(13, 20)}px Liberation Sans'>"
            f"<div style='padding:28px'><h1 style='font-size:{rng.randint(44, 90)}px;margin:8px 0'>{words(rng, 2).title()}</h1>{pictures}"
            f"<p>{words(rng, rng.randint(20, 60))}{rows(rng, rng.randint(3, 9), 3, head=False)}<p>{words(rng, 50)}"
            f"<p style='letter-spacing:3px;font-size:40px;font-weight:bold'>▌▍▌▎▌▍▋▌</div>")  # fmt: skip
    return body, rng.choice([(700, 1000), (800, 800), (600, 1000)])


def book(rng: random.Random) -> tuple[str, tuple[int, int]]:
    colour, other = rng.sample(COLOURS, 2)
    ground = rng.choice([colour, "#fff", "#f3ead8"])
    ink = "#fff" if ground == colour else "#222"
    body = (f"<body style='margin:0;background:{ground};color:{ink};font:30px Liberation Serif;text-align:center'>"
            f"<p style='padding-top:50px'>{words(rng, 2).title()}<h1 style='font-size:{rng.randint(70, 110)}px;margin:20px'>{words(rng, 3).title()}</h1>"
            f"<div style='margin:40px auto;width:60%;height:330px;background:linear-gradient({rng.randint(0, 180)}deg,{other},{colour})'></div>"
            f"<p>{words(rng, 4)}")  # fmt: skip
    return body, (700, 1050)


def shot(html: str, size: tuple[int, int], chromium: str) -> Pixels:
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "page.html", Path(folder) / "page.png"
        path.write_text(f"<!doctype html><meta charset=utf-8>{html}")
        subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={out}",
             f"--window-size={size[0]},{size[1]}", path.as_uri()],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        with Image.open(out) as picture:
            return np.asarray(picture.convert("RGB"))


# --- drawn ---


def technical(rng: random.Random) -> Pixels:
    """An outline of a product with its measures."""
    picture = Image.new("RGB", (1400, 1100), "white")
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randint(8, 18)):
        x, y, w, h = rng.randint(100, 900), rng.randint(100, 700), rng.randint(60, 400), rng.randint(60, 300)
        shape = rng.choice([draw.rectangle, draw.ellipse])
        shape([x, y, x + w, y + h], outline="black", width=rng.randint(2, 4))
    for _ in range(10):
        x, y, length = rng.randint(80, 900), rng.randint(80, 1000), rng.randint(100, 400)
        draw.line([x, y, x + length, y], fill=(60, 60, 60), width=1)
        draw.text((x + length / 2, y - 22), f"{rng.randint(10, 900)} mm", fill="black", font_size=20)
    return np.asarray(picture)


def flat(rng: random.Random) -> Pixels:
    """Clip art: shapes in a few even colours."""
    picture = Image.new("RGB", (1200, 1200), rng.choice(["white", "#fdf6e3", "#e8f1fa"]))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randint(6, 14)):
        points = [(rng.randint(100, 1100), rng.randint(100, 1100)) for _ in range(rng.randint(3, 6))]
        if rng.random() < 0.5:
            draw.polygon(points, fill=rng.choice(COLOURS), outline="black", width=5)
        else:
            (x, y), r = points[0], rng.randint(60, 260)
            draw.ellipse([x - r, y - r, x + r, y + r], fill=rng.choice(COLOURS), outline="black", width=5)
    return np.asarray(picture)


def chart(rng: random.Random) -> Pixels:
    picture = Image.new("RGB", (1300, 900), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((80, 30), words(rng, 4).title(), fill="black", font_size=40)
    for n in range(8):
        top = rng.randint(150, 700)
        draw.rectangle([120 + n * 140, top, 210 + n * 140, 800], fill=rng.choice(COLOURS))
        draw.text((120 + n * 140, 815), words(rng, 1), fill="black", font_size=24)
    draw.line([100, 120, 100, 800, 1250, 800], fill="black", width=3)
    return np.asarray(picture)


# --- as it arrives ---


def grained(pixels: NDArray[np.generic], rng: random.Random, sigma: float) -> Pixels:
    noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, sigma, pixels.shape)
    return np.clip(pixels.astype(np.float32) + noise, 0, 255).astype(np.uint8)


def scanned(pixels: Pixels, rng: random.Random) -> Pixels:
    """Gray or in colour, a little askew, with a scanner's noise and paper that is not quite white."""
    h, w = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), rng.uniform(-1.5, 1.5), 1.0)
    turned = cv2.warpAffine(pixels, turn, (w, h), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    if rng.random() < 0.5:
        turned = cv2.cvtColor(cv2.cvtColor(turned, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return grained(cv2.GaussianBlur(turned, (0, 0), 0.6) * rng.uniform(0.92, 0.99), rng, 2.5)


def photographed(pixels: Pixels, rng: random.Random, ground: Pixels, *, fill: float, askew: float = 0.06) -> Pixels:
    """A print in the hand's perspective on a ground, shaded, a little blurred and grained.  fill: of the frame."""
    side = 1600
    h, w = pixels.shape[:2]
    scale = fill * side / max(h, w)
    half = np.array([w, h]) * scale / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + side / 2
    corners += np.array([[rng.uniform(-askew, askew) * side * fill for _ in range(2)] for _ in range(4)])
    warp = cv2.getPerspectiveTransform(
        np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32), corners.astype(np.float32)
    )
    laid = cv2.warpPerspective(pixels, warp, (side, side), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((h, w), 255, np.uint8), warp, (side, side))
    soft = cv2.GaussianBlur(mask, (0, 0), 1.2)[..., None] / 255.0
    shadow = cv2.GaussianBlur(np.roll(mask, (14, 10), (0, 1)), (0, 0), 18)[..., None] / 255.0
    under = cv2.resize(ground, (side, side), interpolation=cv2.INTER_AREA) * (1 - 0.4 * shadow)
    picture = laid * soft + under * (1 - soft)
    y, x = np.mgrid[0:side, 0:side] / side
    shade = 0.78 + 0.22 * (rng.uniform(-1, 1) * (x - 0.5) + rng.uniform(-1, 1) * (y - 0.5) + 0.5)
    return grained(cv2.GaussianBlur(picture * shade[..., None], (0, 0), 0.8), rng, 3.0)


def on_white(pixels: Pixels, rng: random.Random) -> Pixels:
    """As a finished packshot: the print's front on pure white, with a soft shadow, its own pixels grained."""
    white = np.full((64, 64, 3), 255, np.uint8)
    made = photographed(pixels, rng, white, fill=rng.uniform(0.7, 0.88), askew=0.015)
    gray = cv2.cvtColor(made, cv2.COLOR_RGB2GRAY)
    outside = cv2.GaussianBlur((gray > 185).astype(np.uint8) * 255, (0, 0), 3) > 250
    filled = np.zeros((made.shape[0] + 2, made.shape[1] + 2), np.uint8)
    cv2.floodFill(outside.astype(np.uint8) * 255, filled, (2, 2), 128, flags=4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8))
    made[filled[1:-1, 1:-1] == 255] = 255
    return made


def saved(pixels: Pixels, quality: int, scale: float = 1.0) -> Pixels:
    """After a JPEG of this quality, at another size."""
    if scale != 1:
        size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, content = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def sources(chromium: str, photos: Sequence[Path], *, each: int) -> Iterator[Source]:
    """`each` of every kind of page, drawing, package and book."""
    drawn: dict[str, Callable[[random.Random], Pixels]] = {"technical": technical, "flat": flat, "chart": chart}
    for n in range(each):
        for kind in KINDS:
            rng = random.Random(f"{kind} {n}")
            html, size = page(kind, rng, photos)
            yield Source(f"{kind}-{n}", "document" if kind in DOCUMENTS else "screenshot", shot(html, size, chromium))
        for kind, draw in drawn.items():
            yield Source(f"{kind}-{n}", "drawing", draw(random.Random(f"{kind} {n}")))
        for kind, face in (("packaging", pack), ("book", book)):
            html, size = face(random.Random(f"{kind} {n}"))
            yield Source(f"{kind}-{n}", kind, shot(html, size, chromium))
