"""What does the service cost around the pixels?  `python service_load.py latency load followed rows`

load: 10,000 items (1,000 photos of 96 pixels in ten styles) through all four stages with models that answer at once and
files of at most 512 pixels: how long until all are in the queue, which transactions took over a second, how much
processor time the programs beside the pixel processes take an item, how their memory moves. After `--minutes` the batch
is cancelled. latency: a batch with the real models, while its status is asked for twenty times a second. followed: the
same of 2,000 items, first alone, then while 50 listeners follow by WebSocket, in a process of their own. rows (needs
`PYTHONPATH=tests` and PostgreSQL's programs): how many rows of which tables are read and written an item, followed by
ten listeners, in batches of `--items`. catalogue: `--photos` of 12 megapixels in four styles with the real models and
cold plates, and how long 500 of them take at that pace.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import psycopg
import websockets

import inputs
from running import Running, cold_cache
from service_kills import small_photos

STYLES = 10


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


def held_batch(service: Running, items: int) -> str:
    """A batch of so many items, ready to start."""
    styles = [{"style": "color", "options": {"shadow": 0.3 + n / 100}} for n in range(STYLES)]
    small = {"id": "small", "name": "Small", "size": [64, 64], "format": "webp"}
    service.http.post("/channels", json=small).raise_for_status()
    request = {"name": "Load", "styles": styles, "channels": ["small"], "hold": True, "upscale": True}
    return service.batch(tiny_photos(items // STYLES), json.dumps(request))


def load(minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data", fake_models="true")
        try:
            batch = held_batch(service, 1000 * STYLES)
            while (held := service.status(batch))["total"] < 1000 * STYLES or held["state"] != "validating":
                time.sleep(0.5)
            began = time.monotonic()
            before = usage(service)
            service.http.post(f"/batches/{batch}/start").raise_for_status()
            while "segment" not in str(service.status(batch)["stages"]):
                time.sleep(0.05)
            queued = 0.0
            marks: dict[float, dict[str, tuple[float, int]]] = {}
            done = 0
            while done < 1000 * STYLES and time.monotonic() - began < minutes * 60:
                time.sleep(1)
                done = service.status(batch)["done"]
                if not queued and _depth(service) + done >= 1000 * STYLES - 50:
                    queued = time.monotonic() - began
                    print(f"all in the queue after {queued:.1f} s", flush=True)
                for mark in (0.1, 0.4, 0.7):
                    if mark not in marks and done >= mark * 1000 * STYLES:
                        marks[mark] = usage(service)
            after = usage(service)
            took = time.monotonic() - began
            service.http.post(f"/batches/{batch}/cancel").raise_for_status()
        finally:
            service.stop()
        log = service.data.with_suffix(".log").read_text()
        print(f"{done} items done in {took / 60:.1f} min; transactions over 1 s: {log.count('transaction.slow')}")
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


@contextmanager
def listeners(service: Running, batch: str, count: int) -> Iterator[Event]:
    """So many follow a batch meanwhile, until the event is set, as it is when the batch is done.

    How many messages each had is printed at the end.
    """
    spawn = multiprocessing.get_context("spawn")
    connected, stop = spawn.Event(), spawn.Event()
    address = f"ws://127.0.0.1:{service.port}/api/v1/events?batch={batch}"
    process = spawn.Process(target=_listen, args=(address, service.key, count, connected, stop))
    process.start()
    try:
        assert connected.wait(60)
        yield stop
    finally:
        stop.set()
        process.join()


def _listen(address: str, key: str, count: int, connected: Event, stop: Event) -> None:
    async def follow(received: list[int], number: int, ready: asyncio.Barrier) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        async with websockets.connect(address, additional_headers=headers, proxy=None) as line:
            await ready.wait()
            async for message in line:
                received[number] += 1
                if number == 0 and (status := json.loads(message)).get("done") == status.get("total", -1):
                    stop.set()

    async def main() -> None:
        received = [0] * count
        ready = asyncio.Barrier(count + 1)
        tasks = [asyncio.create_task(follow(received, number, ready)) for number in range(count)]
        await ready.wait()
        connected.set()
        began = time.monotonic()
        await asyncio.to_thread(stop.wait)
        assert not any(task.done() for task in tasks), "a listener was cut off"
        rate = np.array(received) / (time.monotonic() - began)
        print(f"messages a second: {rate.min():.1f} to {rate.max():.1f} a listener", flush=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())


def followed(items: int, count: int, seconds: float) -> None:
    print("| 2,000 items | p50 ms | p95 ms | p99 ms | longest ms | cores busy | items/s | API, CPU ms an item |\n"
          + "|---" * 8 + "|")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data", fake_models="true")
        try:
            batch = held_batch(service, items)
            while (held := service.status(batch))["total"] < items or held["state"] != "validating":
                time.sleep(0.5)
            service.http.post(f"/batches/{batch}/start").raise_for_status()
            while service.status(batch)["done"] < items // 20:
                time.sleep(0.2)
            print(f"| alone | {_asked(service, batch, seconds)} |", flush=True)
            with listeners(service, batch, count):
                print(f"| {count} listeners | {_asked(service, batch, seconds)} |", flush=True)
        finally:
            service.stop()


def _asked(service: Running, batch: str, seconds: float) -> str:
    """A row of the table: the batch's status, asked for twenty times a second."""
    took: list[float] = []
    before, done, busy = usage(service)["api"][0], service.status(batch)["done"], psutil.cpu_times()
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        started = time.perf_counter()
        status = service.status(batch)
        took.append(time.perf_counter() - started)
        assert status["counts"]["processing"], "the batch ended before the time was over: take more items"
        time.sleep(0.05)
    elapsed, made = time.monotonic() - began, status["done"] - done
    spent = psutil.cpu_times()
    idle = (spent.idle + spent.iowait - busy.idle - busy.iowait) / elapsed / (psutil.cpu_count() or 1)
    ms = " | ".join(f"{value:.0f}" for value in np.percentile(np.array(took) * 1000, [50, 95, 99, 100]))
    cpu = (usage(service)["api"][0] - before) / max(made, 1) * 1000
    return f"{ms} | {1 - idle:.0%} | {made / elapsed:.1f} | {cpu:.1f}"


def rows(sizes: list[int]) -> None:
    from servers import postgres_server

    found: dict[int, Counter[str]] = {}
    for items in sizes:
        options = {"autovacuum": "on", "autovacuum_naptime": "10s"}  # plans follow what the tables hold, as everywhere
        with tempfile.TemporaryDirectory() as folder, postgres_server(**options) as server:
            url = server.fresh()
            service = Running(Path(folder) / "data", fake_models="true", database_url=url)
            try:
                batch = held_batch(service, items)
                while (held := service.status(batch))["total"] < items or held["state"] != "validating":
                    time.sleep(0.5)
                before, api = _touched(url), usage(service)["api"][0]
                service.http.post(f"/batches/{batch}/start").raise_for_status()
                with listeners(service, batch, 10) as done:  # which does not ask for the status
                    done.wait()
                found[items] = Counter({name: round(1000 * (usage(service)["api"][0] - api)) for name in ["API ms"]})
            finally:
                service.stop()  # counts are written at the latest when a connection ends
            found[items] += _touched(url) - before
    print("| an item | " + " | ".join(f"of {items:,}" for items in sizes) + " |\n|---" + "|---" * len(sizes) + "|")
    for name in sorted(found[sizes[0]], key=lambda name: -found[sizes[0]][name]):
        print(f"| {name} | " + " | ".join(f"{found[items][name] / items:.1f}" for items in sizes) + " |")


def _touched(url: str) -> Counter[str]:
    """Table → rows read by scans, index entries read, rows written, so far."""
    query = (
        "SELECT t.relname, t.seq_tup_read, t.n_tup_ins + t.n_tup_upd + t.n_tup_del, coalesce(sum(i.idx_tup_read), 0) "
        "FROM pg_stat_user_tables t LEFT JOIN pg_stat_user_indexes i USING (relid) GROUP BY 1, 2, 3"
    )
    counts: Counter[str] = Counter()
    with psycopg.connect(url) as connection:
        for name, scanned, written, indexed in connection.execute(query):
            counts += {f"{name}: scanned": scanned, f"{name}: written": written, f"{name}: by index": int(indexed)}
    return counts


def catalogue(count: int) -> None:
    styles = ["white", "transparent", "color", "oak"]
    jobs = count * len(styles)
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data", cache_dir=str(cold_cache(Path(folder))))
        try:
            request = {"name": "Catalogue", "styles": [{"style": name} for name in styles], "channels": ["shopify"]}
            files = [(path.name, path.read_bytes()) for path in inputs.photos(count)]
            began = time.monotonic()
            batch = service.batch(files, json.dumps(request))
            done_at: list[float] = []
            while len(done_at) < jobs:
                time.sleep(0.2)
                status = service.status(batch)
                assert not status["counts"]["failed"], status["failures"]
                done_at += [time.monotonic() - began] * (status["done"] - len(done_at))
        finally:
            service.stop()
    pace = (done_at[-1] - done_at[jobs // 4]) / (jobs - 1 - jobs // 4)
    hours = (done_at[jobs // 4] + pace * (500 * len(styles) - jobs // 4)) / 3600
    print(f"{count} photos x {len(styles)} styles: first file after {done_at[0]:.0f} s, all {jobs} jobs after "
          f"{done_at[-1] / 60:.1f} min, {pace:.2f} s a job after the first quarter; of 500: {hours:.1f} h")  # fmt: skip


PARTS: dict[str, Any] = {
    "latency": lambda given: latency(given.photos),
    "load": lambda given: load(given.minutes),
    "followed": lambda given: followed(given.items[0], given.listeners, given.seconds),
    "rows": lambda given: rows(given.items),
    "catalogue": lambda given: catalogue(given.photos),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--minutes", type=float, default=20, help="load: at most so long")
    parser.add_argument("--photos", type=int, default=50, help="latency, catalogue: of the batch")
    parser.add_argument("--items", type=int, nargs="+", default=[2000, 10_000], help="followed: the first; rows: each")
    parser.add_argument("--listeners", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60, help="followed: each of its two measurements")
    given = parser.parse_args()
    for part in given.parts:
        PARTS[part](given)
