"""The same photos give the same bytes: twice in fresh processes, with one and three at once, and from kept layers.

`python benchmarks/same_bytes.py`.  Exit code 1 and the files' names where they differ.

Two versions of the code on one machine: `--write FILE` lists the hashes of the samples in every template with the one,
`--against FILE` compares the other's with that list.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from inputs import photos

TEMPLATES = ("white", "sweep", "marble", "oak", "podium", "linen", "color", "gradient", "image", "transparent")


def developed(
    files: list[Path], out: Path, *, cache: Path, jobs: int, template: str = "white", options: tuple[str, ...] = ()
) -> tuple[dict[str, str], int]:
    """sha256 by file name after one run of the command in a process of its own, and how many cut-outs were kept ones.

    The layer cache is `cache`; the weights stay where they are.
    """
    cache.mkdir(parents=True, exist_ok=True)
    settings_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "packshot" / "models"
    models = cache / "models"
    if not models.exists():
        models.symlink_to(settings_home, target_is_directory=True)
    command = [sys.executable, "-c", "import sys; from packshot.cli import main; sys.exit(main())", "shoot"]
    command += [*map(str, files), "--channel", "amazon,shopify,master", "--template", template, "--redo"]
    command += [word for option in options for word in ("--set", option)]
    command += ["--out", str(out), "--jobs", str(jobs)]
    ended = subprocess.run(
        command, env=os.environ | {"PACKSHOT_CACHE_DIR": str(cache)}, capture_output=True, text=True, check=False
    )
    if ended.returncode not in (0, 2):
        raise SystemExit(ended.stderr[-2000:])
    files_made = [path for path in sorted(out.rglob("*")) if path.is_file() and path.parent != out]
    items = json.loads((out / "report.json").read_text())["items"]
    cached = sum(step["cached"] for item in items for step in item["steps"] if step["kind"] == "segment")
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files_made}, cached


def every_template(files: list[Path]) -> dict[str, str]:
    """sha256 by "template/channel/file": some minutes, since each rendered set makes its plates anew."""
    hashes = {}
    with tempfile.TemporaryDirectory(prefix="packshot-same-") as folder:
        root = Path(folder)
        for name in TEMPLATES:
            options = (f"picture={files[0]}", "blur=0.3") if name == "image" else ()
            files_made, _ = developed(files, root / name, cache=root / "cache", jobs=2, template=name, options=options)
            hashes |= {f"{name}/{path}": sha256 for path, sha256 in files_made.items()}
            print(f"{name}: {len(files_made)} files", flush=True)
    return hashes


def compared(earlier: dict[str, str], now: dict[str, str]) -> int:
    differing = sorted(name for name in earlier.keys() | now.keys() if earlier.get(name) != now.get(name))
    for name in differing:
        print(f"differs: {name}")
    print(f"{len(now)} files, {len(differing)} differ")
    return 1 if differing else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--write", type=Path, help="write the hashes of every template here")
    parser.add_argument("--against", type=Path, help="compare the hashes of every template with such a list")
    options = parser.parse_args()
    if options.write or options.against:
        hashes = every_template(sorted((Path(__file__).parents[1] / "samples").glob("*.jpg"))[: options.photos])
        if options.write:
            options.write.write_text(json.dumps(hashes, indent=1, sort_keys=True) + "\n", "utf-8")
            return 0
        return compared(json.loads(options.against.read_text("utf-8")), hashes)
    files = photos(options.photos)
    with tempfile.TemporaryDirectory(prefix="packshot-same-") as folder:
        root = Path(folder)
        runs = {
            "fresh, jobs 1": developed(files, root / "a", cache=root / "cache-a", jobs=1),
            "fresh again, jobs 1": developed(files, root / "b", cache=root / "cache-b", jobs=1),
            "fresh, jobs 3": developed(files, root / "c", cache=root / "cache-c", jobs=3),
            "kept layers, jobs 3": developed(files, root / "d", cache=root / "cache-a", jobs=3),
            "kept layers, jobs 1": developed(files, root / "e", cache=root / "cache-c", jobs=1),
        }
    first, _ = runs["fresh, jobs 1"]
    print(f"| run of {len(files)} photos | files | cut-outs from kept layers | differing files |\n|---|---|---|---|")
    bad = 0
    for name, (hashes, cached) in runs.items():
        differing = sorted(path for path in first.keys() | hashes.keys() if first.get(path) != hashes.get(path))
        bad += len(differing)
        print(f"| {name} | {len(hashes)} | {cached} | {', '.join(differing) or 'none'} |")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
