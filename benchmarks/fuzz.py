"""Hostile files: photos, lists and archives are damaged at random and read; nothing may crash, hang or fill the memory.

    PYTHONPATH=tests python benchmarks/fuzz.py --minutes 10

Structured files of every kind that is read are flipped, cut, spliced and given extreme numbers where their headers have
numbers.  Each must end as a photo, or in words for the user.  A process that dies takes the last file with it into
`out/fuzz/`, to be read again.  One process per core; the same seed damages the same files.
"""

from __future__ import annotations

import argparse
import io
import logging
import multiprocessing
import random
import resource
import struct
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import structlog
from PIL import Image

import coded_files as made
from handmade import saved, scene
from heic import heic
from icc import rgb_profile
from packshot.errors import PackshotError
from packshot.image import read
from packshot.intake import collect
from packshot.settings import Limits

OUT = Path("out/fuzz")
LIMITS = Limits()
SLOW = 10.0  # seconds of one file, of the processor
EXTREMES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def photos() -> dict[str, bytes]:
    """Small sound files of every kind."""
    picture, rgba = Image.fromarray(scene(64, 48)), Image.fromarray(np.dstack([scene(64, 48), made.EIGHT[..., 0]]))
    exif = Image.Exif()
    exif[0x8298] = "Anna"
    profile = rgb_profile("Display P3")
    deep, planes = made.DEEP, made.PLANES
    return {
        "jpeg": saved(picture, "JPEG", exif=exif, icc_profile=profile, comment=b"made by hand"),
        "progressive jpeg": saved(picture, "JPEG", progressive=True),
        "cmyk jpeg": saved(picture.convert("CMYK"), "JPEG"),
        "png": saved(picture, "PNG", icc_profile=profile),
        "png with alpha": saved(rgba, "PNG"),
        "png palette": saved(picture.quantize(8), "PNG", transparency=1),
        "png of 16 bits": made.png(deep, made.chunk(b"cICP", bytes([9, 16, 0, 1]))),
        "png gamma": made.png(deep, made.chunk(b"gAMA", struct.pack(">I", 100_000))),
        "webp": saved(rgba, "WEBP", exif=exif),
        "avif": saved(picture, "AVIF", exif=exif),
        "heic": heic(scene(64, 48), exif=exif.tobytes()[6:]),
        "tiff": saved(picture, "TIFF", compression="tiff_lzw"),
        "tiff of 16 bits": made.tiff(deep, photometric="rgb", compression="zlib", predictor=True),
        "tiff of planes": made.tiff(planes, photometric="rgb", planarconfig="separate", compression="lzw"),
        "tiff tiles": made.tiff(deep, photometric="rgb", tile=(16, 16), bigtiff=True),
        "tiff packbits": made.tiff(deep[..., 0], photometric="miniswhite", compression="packbits"),
        "tiff cmyk": made.tiff(np.dstack([deep, deep[..., 0], deep[..., 1]]), photometric="separated",
                               extrasamples=["unassalpha"]),
        "dng": made.dng(made.gray_card()),
    }  # fmt: skip


def lists() -> dict[str, bytes]:
    table = 'sku;title;file\n001;Tasse, grün;shoes\\left.jpg\n="002";Chaise;right.jpg\n'
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("shoes/left.jpg", saved(Image.fromarray(scene(64, 48)), "JPEG"))
        file.writestr("shoes/r\u00fcckseite.jpg", saved(Image.fromarray(scene(64, 48)), "JPEG"))
        file.writestr("list.csv", table)
    return {
        "list.csv": table.encode(), "utf-16.csv": table.encode("utf-16"), "cp1252.csv": table.encode("cp1252"),
        "list.tsv": table.replace(";", "\t").encode(), "photos.zip": archive.getvalue(),
    }  # fmt: skip


def damaged(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    result = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        at = chance.randrange(max(1, len(result))) if chance.random() < 0.5 else chance.randrange(min(400, len(result)))
        match chance.randrange(7):
            case 0:
                result[at] = chance.randrange(256)
            case 1:
                size = chance.choice((1, 2, 4, 8))
                order = chance.choice(("big", "little"))
                result[at : at + size] = (chance.choice(EXTREMES) & ((1 << 8 * size) - 1)).to_bytes(size, order)
            case 2:
                del result[at : at + chance.choice((1, 4, 50, 1 << 20))]
            case 3:
                result[at:at] = chance.randbytes(chance.choice((1, 4, 64)))
            case 4:
                other = chance.choice(others)
                start = chance.randrange(len(other))
                result[at:at] = other[start : start + chance.choice((8, 100, 4000))]
            case 5:
                result[at:at] = result[at : at + chance.choice((12, 100))] * chance.choice((1, 2, 500))
            case 6:
                result[at] ^= 1 << chance.randrange(8)
        if not result:
            return b""
    return bytes(result)


def work(number: int, seed: int, until: float, told: multiprocessing.Queue[tuple[int, str, int, float]]) -> None:
    """Read damaged files until the time is over; says how each kind ended, the most memory, the slowest."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    warnings.simplefilter("ignore")
    chance = random.Random(f"{seed} {number}")
    folder = OUT / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    pictures, tables = photos(), lists()
    every = [*pictures.values(), *tables.values()]
    before, ends, slowest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, Counter[str](), 0.0
    last = folder / "last"
    while time.time() < until:
        kind = chance.choice([*pictures, *tables])
        content = damaged((pictures | tables)[kind], every, chance)
        last.write_bytes(content)
        started = time.process_time()
        try:
            if kind in pictures:
                read(content, "photo", limits=LIMITS)
                ends["read"] += 1
            else:
                name = folder / kind
                name.write_bytes(content)
                found, *_ = collect([str(name)], limits=LIMITS)
                for source in found[:5]:
                    source.load()
                ends["read"] += 1 if found else 0
                ends["refused"] += 0 if found else 1
        except PackshotError:
            ends["refused"] += 1
        except BaseException as error:  # what a user must never see
            ends["not caught"] += 1
            (folder / f"not-caught-{ends['not caught']}-{kind}").write_bytes(content)
            print(f"{kind}: {type(error).__name__}: {error}", flush=True)
        taken = time.process_time() - started
        if taken > SLOW:
            (folder / f"slow-{taken:.0f}-{kind}").write_bytes(content)
        slowest = max(slowest, taken)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    told.put((number, " ".join(f"{name} {count}" for name, count in sorted(ends.items())), grown, slowest))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[tuple[int, str, int, float]] = spawn.Queue()
    until = time.time() + 60 * given.minutes
    crashes, number, running = 0, 0, []
    while time.time() < until or running:
        while len(running) < given.processes and time.time() < until - 1:
            running.append(spawn.Process(target=work, args=(number, given.seed, until, told)))
            running[-1].start()
            number += 1
        for process in [one for one in running if not one.is_alive()]:
            running.remove(process)
            if process.exitcode:
                crashes += 1
                print(f"a process died (exit {process.exitcode}); its file is in {OUT}", flush=True)
        time.sleep(0.2)
    while not told.empty():
        which, ends, grown, slowest = told.get()
        print(f"process {which}: {ends}; at most {grown} MB more; the slowest took {slowest:.1f} s of the processor")
    print(f"{crashes} processes died")
    return 1 if crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
