"""How long does a person wait while a batch is at work?  `python person_waits.py --photos 60 --rounds 6`

A batch in marble with cold plates runs with the real models; meanwhile, one after the other, round by round: a click in
the editor, a preview at 512 pixels in white, cutting a photo out anew, an urgent photo in white from upload to file.
Two preview styles are warmed before, as a person's second preview is what is waited for most. The batch is then waited
for to its end, and so is one like it that nobody disturbs: what it lost, against what those jobs take alone.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from running import Running, cold_cache

SAMPLES = Path(__file__).parent.parent / "samples"


def photos(count: int) -> list[tuple[str, bytes]]:
    """Samples that differ in their bytes and a little in brightness, so that nothing is known of them yet."""
    sources = [Image.open(path).convert("RGB") for path in sorted(SAMPLES.glob("*.jpg"))]
    made = []
    for number in range(count):
        picture = sources[number % len(sources)].copy()
        picture.thumbnail((2400, 2400))
        out = io.BytesIO()
        darker = cv2.convertScaleAbs(np.asarray(picture), alpha=1 - 0.002 * number)
        Image.fromarray(darker).save(out, "JPEG", quality=93)
        made.append((f"photo-{number:03}.jpg", out.getvalue()))
    return made


class Person:
    def __init__(self, service: Running) -> None:
        self.service, self.http = service, service.http
        self.took: dict[str, list[float]] = defaultdict(list)

    def upload(self, name: str, content: bytes) -> str:
        answer = self.http.post("/images", files={"file": (name, content, "image/jpeg")}).raise_for_status()
        return str(answer.json()["id"])

    def job(self, what: str, path: str, body: dict[str, Any]) -> None:
        began = time.perf_counter()
        job = self.http.post(path, json=body).raise_for_status().json()
        while job["status"] not in ("done", "failed"):
            time.sleep(0.02)
            job = self.http.get(f"/jobs/{job['id']}").raise_for_status().json()
        assert job["status"] == "done", job
        if what:
            self.took[what].append(time.perf_counter() - began)

    def urgent(self, name: str, content: bytes) -> None:
        began = time.perf_counter()
        wish = {"name": name, "styles": [{"style": "white"}], "channels": ["amazon"], "priority": "urgent"}
        batch = self.service.batch([(name, content)], json.dumps(wish))
        while (status := self.service.status(batch))["done"] < 1:
            assert status["counts"].get("failed", 0) == 0, status
            time.sleep(0.05)
        self.took["an urgent photo, from upload to file"].append(time.perf_counter() - began)


def measured(count: int, rounds: int) -> tuple[dict[str, list[float]], float]:
    """What each kind of job took, and the batch; count: its photos, 0 for none.  rounds: of a person's jobs."""
    with tempfile.TemporaryDirectory() as folder:
        service = Running(Path(folder) / "data", cache_dir=str(cold_cache(Path(folder))))
        try:
            person, own = Person(service), photos(rounds * 2 + 1)
            mine = [person.upload(name, content) for name, content in own[: rounds + 1]]
            person.job("", f"/images/{mine[0]}/segment", {})
            person.job("", "/previews", {"images": mine[:1], "style": "white", "channel": "amazon"})
            began = time.perf_counter()
            if count:
                wish = {"name": "Marble", "styles": [{"style": "marble"}], "channels": ["amazon", "shopify"]}
                batch = service.batch(photos(count), json.dumps(wish))
                while "generate" not in str(service.status(batch)["stages"]):
                    time.sleep(0.5)
                print(f"first plates asked for after {time.perf_counter() - began:.0f} s", flush=True)
            for number in range(rounds):
                image = mine[number + 1]
                person.job("cutting a photo out, refined", f"/images/{image}/segment", {"refined": True})
                for x in (0.4, 0.6):
                    point = {"remove": [[20, int(20 + 100 * x)]], "save": False}
                    person.job("a click in the editor", f"/images/{image}/matte/hints", point)
                preview = {"images": [image], "style": "white", "channel": "amazon"}
                person.job("a preview at 512 px, plate kept", "/previews", preview)
                person.urgent(*own[rounds + 1 + number])
                if count:
                    print(f"round {number + 1}: batch {service.status(batch)['done']} done", flush=True)
            while count and service.status(batch)["done"] < count:
                time.sleep(0.5)
            return person.took, time.perf_counter() - began
        finally:
            service.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=6)
    given = parser.parse_args()
    alone, _ = measured(0, given.rounds)
    beside, disturbed = measured(given.photos, given.rounds)
    _, quiet = measured(given.photos, 0)
    print("| a person waits for | alone, p50 s | beside the batch, p50 s | p95 s | longest s |\n" + "|---" * 5 + "|")
    for what, took in beside.items():
        middle, most = np.percentile(took, [50, 95])
        print(f"| {what} | {np.median(alone[what]):.2f} | {middle:.2f} | {most:.2f} | {max(took):.2f} |")
    theirs = sum(sum(took) for took in alone.values())
    print(f"\nThe batch: {quiet:.0f} s undisturbed, {disturbed:.0f} s beside jobs that take {theirs:.0f} s alone")


if __name__ == "__main__":
    main()
