"""Cut-outs of 12-megapixel photos written as PNG, Packshot against rembg 2.0.86 with the same ISNet file.

`python benchmarks/cutout_vs_rembg.py --rembg-python ENV/bin/python`, after
`python -m venv ENV && ENV/bin/pip install rembg==2.0.86 onnxruntime pymatting pillow==<ours>`.  Both write RGBA at the
photo's size with Pillow's `compress_level=2`; each runs in a process of its own, by turns.  rembg as it comes: float32
onnxruntime on the processor, no edge colours taken out (`--decontaminate` is not asked of it; Packshot always does).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import PIL
from PIL import Image

from inputs import photos
from packshot.cli.common import ready_context
from packshot.cli.steps import transparent
from packshot.image import read
from packshot.models import weights
from packshot.models.zoo import card
from packshot.pipeline import cut_out
from packshot.settings import Settings
from packshot.step_timer import StepTimer
from packshot.store import Store

WARM_UP = 2
PAGE = os.sysconf("SC_PAGE_SIZE")


def packshot_worker(jobs: int, out: Path, files: list[str]) -> None:
    """As `packshot segment` works, with the layers kept, but for the matte's own file, which rembg does not write."""
    from dataclasses import replace

    settings = Settings()
    context = replace(ready_context(settings, store=False), store=Store(out / "layers"))

    def work(file: str) -> None:
        photo = read(Path(file).read_bytes(), file, limits=settings.limits)
        cutout = cut_out(photo, matter=context.matter, store=context.store, timer=StepTimer())
        Image.fromarray(transparent(cutout)).save(out / f"{Path(file).stem}.png", "PNG", compress_level=2)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, files[:WARM_UP]))
        wall, cpu = time.perf_counter(), time.process_time()
        list(pool.map(work, files[WARM_UP:]))
    print(json.dumps({"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


def _family(root: int) -> list[int]:
    """A process and all below it."""
    found, rest = [], [root]
    while rest:
        pid = rest.pop()
        found.append(pid)
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                rest += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, ValueError):
        return 0


def measured(command: list[str], env: dict[str, str]) -> dict[str, float]:
    """Run a worker; its own figures and the peak of its process tree's memory, looked at 50 times a second."""
    running = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | env, text=True)
    peak, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.02):
            peak = max(peak, sum(_resident(pid) for pid in _family(running.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = running.communicate()
    ended.set()
    watcher.join()
    if running.returncode:
        raise SystemExit(f"{command[:3]} failed with {running.returncode}")
    return json.loads(said.splitlines()[-1]) | {"peak": peak / 2**30}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rembg-python", type=Path, required=True, help="interpreter of the environment with rembg")
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3, help="each contender's turns; the median counts")
    parser.add_argument("--jobs", default="1,2,3", help="how many photos Packshot works on at once, a,b,c")
    parser.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    if "--worker" in sys.argv:
        jobs, out, *files = sys.argv[sys.argv.index("--worker") + 1 :]
        packshot_worker(int(jobs), Path(out), files)
        return
    options = parser.parse_args()
    files = [str(path) for path in photos(options.photos + WARM_UP)]
    results: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="packshot-rembg-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        # rembg only takes weights that lie in its own folder.
        model = Path(shutil.copy(weights.path(card("isnet"), models_dir=Settings().models_dir), home / "isnet.onnx"))
        env = {"U2NET_HOME": str(home), "REMBG_HOME": str(home)}
        theirs = [str(options.rembg_python), str(Path(__file__).with_name("rembg_worker.py")), str(model)]
        for turn in range(options.rounds):
            out = Path(folder) / f"rembg-{turn}"
            out.mkdir()
            results["rembg"].append(measured([*theirs, str(out), str(WARM_UP), *files], env))
            for jobs in options.jobs.split(","):
                out = Path(folder) / f"packshot-{jobs}-{turn}"
                out.mkdir()
                mine = [sys.executable, __file__, "--worker", jobs, str(out), *files]
                results[f"Packshot, {jobs} at once"].append(measured(mine, {}))
    medians = {
        name: {key: statistics.median(turn[key] for turn in turns) for key in turns[0]}
        for name, turns in results.items()
    }
    base = medians["rembg"]
    print(f"{options.photos} photos, {options.rounds} rounds, Pillow {PIL.__version__}, load {os.getloadavg()[0]:.1f}")
    print("| | images/s | × rembg | CPU-s an image | peak GiB | × rembg |\n|---|---|---|---|---|---|")
    for name, row in medians.items():
        print(
            f"| {name} | {options.photos / row['seconds']:.3f} | {base['seconds'] / row['seconds']:.2f} | "
            f"{row['cpu'] / options.photos:.2f} | {row['peak']:.2f} | {row['peak'] / base['peak']:.2f} |"
        )


if __name__ == "__main__":
    main()
