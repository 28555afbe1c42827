"""rembg's side of `cutout_vs_rembg.py` and `mattes.py`; runs in an environment of its own, with rembg, onnxruntime."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from PIL import Image
from rembg import new_session, remove


def main() -> None:
    weights, out, warm_up, *files = sys.argv[1:]
    session = new_session("dis_custom", model_path=weights)

    def cut_out(file: str) -> None:
        with Image.open(file) as photo:
            cutout = remove(photo, session=session)
        cutout.save(Path(out) / f"{Path(file).stem}.png", "PNG", compress_level=2)

    for file in files[: int(warm_up)]:
        cut_out(file)
    wall, cpu = time.perf_counter(), time.process_time()
    for file in files[int(warm_up) :]:
        cut_out(file)
    print(json.dumps({"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
