"""Is anything lost or made twice when parts of the service are killed?  `python service_kills.py --count 300`

300 small photos, real pixels, through the real models; the segment, generate and export workers, the API and Valkey are
each killed with -9 twice while the batch runs; a listener follows the events over every gap.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sqlite3
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import cv2
import httpx
import websockets

from packshot.store import Store
from running import Running

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
VICTIMS = ("worker segment", "api", "valkey", "worker generate", "worker export") * 2


def small_photos(count: int) -> list[tuple[str, bytes]]:
    """The six samples at 600 pixels, each exposed its own way: no two are the same file."""
    made = []
    for number in range(count):
        sample = sorted(SAMPLES.glob("*.jpg"))[number % 6]
        pixels = cv2.imread(str(sample))
        scale = 600 / max(pixels.shape[:2])
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pixels = cv2.convertScaleAbs(pixels, alpha=0.9 + 0.2 * number / count, beta=number % 7)
        made.append((f"{number:04}-{sample.stem}.jpg", cv2.imencode(".jpg", pixels)[1].tobytes()))
    return made


async def listen(service: Running, heard: list[int], stop: asyncio.Event) -> int:
    """Follow the events, going on after the last number whenever the line breaks; how often it did."""
    gaps, after = 0, 0
    while not stop.is_set():
        address = f"ws://127.0.0.1:{service.port}/api/v1/events?after={after}"
        with suppress(OSError, websockets.WebSocketException, TimeoutError):
            async with websockets.connect(
                address, additional_headers={"Authorization": f"Bearer {service.key}"}, proxy=None
            ) as line:
                while not stop.is_set():
                    with suppress(TimeoutError):
                        said = json.loads(await asyncio.wait_for(line.recv(), 1))
                        after = max(after, said["seq"])
                        if "batch" in said:
                            heard.append(said["done"])
        if not stop.is_set():
            gaps += 1
            await asyncio.sleep(0.3)
    return gaps


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data", stall_seconds="20")
        try:
            await measured(service, count)
        finally:
            service.stop()


async def measured(service: Running, count: int) -> None:
    asked = json.dumps({"name": "Kills", "styles": [{"style": "white"}], "channels": ["web"]})
    files = await asyncio.to_thread(small_photos, count)
    started = time.monotonic()
    batch = await asyncio.to_thread(service.batch, files, asked)
    heard: list[int] = []
    stop = asyncio.Event()
    listener = asyncio.create_task(listen(service, heard, stop))
    victims = list(VICTIMS)
    killed: list[str] = []
    while True:
        await asyncio.sleep(0.5)
        try:
            status = await asyncio.to_thread(service.status, batch)
        except httpx.HTTPError:
            continue
        if killed and not status["total"]:
            continue
        due = status["total"] and status["done"] >= count * (len(killed) + 1) / (len(VICTIMS) + 2)
        if victims and due:
            found = service.processes().get(victims[0])
            if found is not None:
                found.kill()
                killed.append(victims.pop(0))
                print(f"{time.monotonic() - started:6.1f} s  {status['done']:4} done  killed {killed[-1]}", flush=True)
        if status["total"] and not status["counts"].get("processing") and not victims:
            break
    seconds = time.monotonic() - started
    await asyncio.sleep(2)
    stop.set()
    gaps = await listener
    judged(service, batch, count, heard, gaps, seconds, killed)


def judged(
    service: Running, batch: str, count: int, heard: list[int], gaps: int, seconds: float, killed: list[str]
) -> None:
    database = sqlite3.connect(service.data / "packshot.db")
    one = lambda query: database.execute(query, (batch,)).fetchone()[0]  # noqa: E731
    finished = one("select count(*) from items where batch_id = ? and status = 'review'")
    versions = one("select count(*) from item_versions v join items i on i.id = v.item_id where i.batch_id = ?")
    files = database.execute(
        "select r.item_id, r.version, r.channel, r.key, r.sha256 from renditions r join items i on i.id = r.item_id "
        "where i.batch_id = ?",
        (batch,),
    ).fetchall()
    reviews = database.execute(
        "select item_id, count(*) from events where batch_id = ? and kind = 'item.review' group by item_id", (batch,)
    ).fetchall()
    store = Store(service.data / "objects")
    whole = sum(hashlib.sha256(store.get(key) or b"").hexdigest() == sha256 for *_, key, sha256 in files)
    print(f"killed: {', '.join(killed)}")
    print(f"finished {finished} of {count} in {seconds:.0f} s; versions {versions}; finished twice "
          f"{sum(n > 1 for _, n in reviews)}; files {len(files)}, whole {whole}; "
          f"events: {len(heard)} messages over {gaps} gaps, the last says {heard[-1:]} done")  # fmt: skip
    assert finished == versions == len(reviews) == count
    assert len(files) == whole == 2 * count
    assert heard[-1] == count


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    asyncio.run(main(parser.parse_args().count))
