"""What does the service cost around the pixels?  `python service_load.py --minutes 20`

10,000 items (1,000 photos of 96 pixels in ten looks) through all four stages with models that answer at once and files
of at most 512 pixels: how long until all are in the queue, which transactions took over a second, how much processor
time the programs beside the pixel processes take an item, how their memory moves. After so many minutes the batch is
called off. Before that a batch with the real models, while its status is asked for twenty times a second.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from running import Running
from service_kills import small_photos

LOOKS = 10


def tiny_photos(count: int) -> list[tuple[str, bytes]]:
    made = []
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (12, 12, 3), np.uint8)
        pixels = cv2.resize(pixels, (96, 96), interpolation=cv2.INTER_CUBIC)
        made.append((f"{number:05}.png", cv2.imencode(".png", pixels)[1].tobytes()))
    return made


def usage(service: Running) -> dict[str, tuple[float, int]]:
    """Program → processor seconds so far, bytes in memory."""
    found = {}
    for name, process in service.processes().items():
        times = process.cpu_times()
        found[name] = times.user + times.system, process.memory_info().rss
    return found


def load(minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data", fake_models="true")
        try:
            styles = [{"style": "color", "options": {"shadow": 0.3 + n / 100}} for n in range(LOOKS)]
            small = {"id": "small", "name": "Small", "size": [64, 64], "format": "webp"}
            service.http.post("/channels", json=small).raise_for_status()
            asked = {"name": "Load", "styles": styles, "channels": ["small"], "hold": True, "upscale": True}
            batch = service.batch(tiny_photos(1000), json.dumps(asked))
            while (held := service.status(batch))["total"] < 1000 * LOOKS or held["state"] != "validating":
                time.sleep(0.5)
            began = time.monotonic()
            before = usage(service)
            service.http.post(f"/batches/{batch}/start").raise_for_status()
            while "segment" not in str(service.status(batch)["stages"]):
                time.sleep(0.05)
            queued = 0.0
            marks: dict[float, dict[str, tuple[float, int]]] = {}
            done = 0
            while done < 1000 * LOOKS and time.monotonic() - began < minutes * 60:
                time.sleep(1)
                done = service.status(batch)["done"]
                if not queued and _depth(service) + done >= 1000 * LOOKS - 50:
                    queued = time.monotonic() - began
                    print(f"all in the queue after {queued:.1f} s", flush=True)
                for mark in (0.1, 0.4, 0.7):
                    if mark not in marks and done >= mark * 1000 * LOOKS:
                        marks[mark] = usage(service)
            after = usage(service)
            took = time.monotonic() - began
            service.http.post(f"/batches/{batch}/cancel").raise_for_status()
        finally:
            service.stop()
        said = service.data.with_suffix(".log").read_text()
        print(f"{done} items done in {took / 60:.1f} min; transactions over 1 s: {said.count('transaction.slow')}")
        print(
            "| program | CPU ms an item | MiB after 1,000 items | 4,000 | 7,000 | at the end | drift |\n"
            + "|---" * 7
            + "|"
        )
        around = 0.0
        for name, (seconds, size) in after.items():
            ms = (seconds - before.get(name, (0.0, 0))[0]) / max(done, 1) * 1000
            around += 0 if "pixels" in name else ms
            sizes = [mark.get(name, (0.0, size))[1] for mark in marks.values()] + [size]
            shown = " | ".join(f"{size / 2**20:.0f}" for size in sizes)
            print(f"| {name} | {ms:.1f} | {shown} | {size / sizes[0] - 1:+.1%} |")
        print(f"around the pixels: {around:.1f} ms an item")


def _depth(service: Running) -> int:
    lines = service.http.get(f"{service.address}/metrics").text.splitlines()
    return round(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("packshot_queue_tickets")))


def latency(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data")
        try:
            asked = json.dumps({"name": "Real", "styles": [{"style": "white"}], "channels": ["amazon", "shopify"]})
            batch = service.batch(small_photos(count), asked)
            took = []
            while True:
                started = time.perf_counter()
                status = service.status(batch)
                if status["done"]:
                    took.append(time.perf_counter() - started)
                if status["total"] and not status["counts"].get("processing"):
                    break
                time.sleep(0.05)
        finally:
            service.stop()
        ms = np.percentile(np.array(took) * 1000, [50, 95, 99, 100]).round(1)
        print(f"status while {count} real photos are worked on, {len(took)} times: "
              f"p50 {ms[0]} ms, p95 {ms[1]} ms, p99 {ms[2]} ms, longest {ms[3]} ms")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--photos", type=int, default=100)
    chosen = parser.parse_args()
    latency(chosen.photos)
    load(chosen.minutes)
