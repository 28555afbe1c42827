"""What does it take to find the photos that look like one, among 100,000?  The index against a scan of all.

python benchmarks/look_alikes.py [--photos 100000] [--postgresql URL of an empty database]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time

from sqlalchemy import insert, select

from packshot.catalog.library import look_alikes
from packshot.db import Database, Tx
from packshot.db.tables import photos, workspaces
from packshot.db.upgrade import upgrade
from packshot.ops.likeness import ALIKE_BITS, bits_apart

LOOKED_UP = 60


async def fill(db: Database, count: int, even: bool) -> list[str]:
    """Photos of two workspaces; in one of a hundred there are copies.  Returns fingerprints of the first.

    even: before an even backdrop, where half of the bits are alike in most photos.
    """
    rng = random.Random(0)
    marks: list[str] = []
    async with db.write() as tx:
        for id in ("ws_a", "ws_b"):
            await tx.execute(insert(workspaces).values(id=id, name=id, settings={}, created_at=0))
    for first in range(0, count, 5_000):
        rows = []
        for n in range(first, min(count, first + 5_000)):
            bits = rng.getrandbits(64) | (rng.getrandbits(64) & 0xFFFFFFFF if even else 0)
            mark = f"{bits:016x}" if rng.random() > 0.01 or not marks else rng.choice(marks)
            marks.append(mark)
            rows += [
                {"id": f"img_{ws}_{n:07d}", "workspace_id": ws, "name": "a.jpg", "sha256": f"{ws}{n}", "key": "",
                 "format": "JPEG", "width": 1, "height": 1, "bytes": 1, "fingerprint": mark, "findings": [],
                 "revision": 1, "created_at": 0, "updated_at": 0}
                for ws in ("ws_a", "ws_b")
            ]  # fmt: skip
        async with db.write() as tx:
            await tx.execute(insert(photos), rows)
    return marks


async def scanned(tx: Tx, mark: str) -> set[str]:
    query = select(photos.c.id, photos.c.fingerprint).where(
        photos.c.workspace_id == "ws_a", photos.c.deleted_at.is_(None)
    )
    return {row.id for row in await tx.execute(query) if bits_apart(mark, row.fingerprint) <= ALIKE_BITS}


async def measured(url: str, count: int, even: bool) -> None:
    db = Database(url)
    marks = await fill(db, count, even)
    rng = random.Random(1)
    index_ms, scan_ms, found_in_all = [], [], 0
    async with db.read() as tx:
        for n in range(LOOKED_UP):
            changed = sum(1 << bit for bit in rng.sample(range(64), n % (ALIKE_BITS + 1)))
            mark = f"{int(rng.choice(marks), 16) ^ changed:016x}"
            began = time.perf_counter()
            found = {one.photo_id for one in await look_alikes.find(tx, "ws_a", "", mark)}
            index_ms.append((time.perf_counter() - began) * 1000)
            if n < 10:
                began = time.perf_counter()
                assert await scanned(tx, mark) == found
                scan_ms.append((time.perf_counter() - began) * 1000)
            found_in_all += len(found)
    one, other = statistics.median(index_ms), statistics.median(scan_ms)
    worst = sorted(index_ms)[int(0.95 * LOOKED_UP)]
    name = f"{url.partition(':')[0]}, {'even backdrops' if even else 'all kinds'}"
    print(f"| {name} | {count} | {one:.1f} | {worst:.1f} | {other:.0f} | 1 : {other / one:.0f} |")
    assert found_in_all >= LOOKED_UP
    await db.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--postgresql", default="")
    wanted = parser.parse_args()
    print(
        "| | photos of each of two workspaces | ms, median | ms, 95 % | scan, ms | ratio |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for number, even in enumerate((False, True)):
            for url in (f"sqlite:///{folder}/packshot-{number}.db", wanted.postgresql if even else ""):
                if url:
                    upgrade(url)
                    asyncio.run(measured(url, wanted.photos, even))


if __name__ == "__main__":
    main()
