"""The models of this machine, ready to use."""

from __future__ import annotations

import ctypes
from contextlib import suppress

import cv2
import structlog

from packshot.cpu_lease import CpuLease
from packshot.errors import WeightsMissing
from packshot.model import Engine, Matter, Rater, Upscaler
from packshot.models import onnx, openvino, weights
from packshot.models.fake import FakeMatter, FakeRater, FakeUpscaler
from packshot.models.openvino import OpenNsfw, RealEsrgan
from packshot.models.zoo import card
from packshot.settings import Settings, granted_cpus

log = structlog.get_logger(__name__)

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h


def local_matter(settings: Settings, *, lease: CpuLease | None = None) -> Matter:
    """What the settings ask for; its `engine.note` tells where that could not be had.

    Raises WeightsMissing saying how to get them.
    """
    if settings.fake_models:
        return FakeMatter()
    isnet = card("isnet")
    file = weights.path(isnet, models_dir=settings.models_dir)
    runtime, _, provider = settings.engine.partition("-")
    if runtime == "onnxruntime":
        return onnx.IsNet(isnet, file, wanted=provider, threads=threads(settings), lease=lease)
    return openvino.IsNet(
        isnet, file, threads=threads(settings), compiled_dir=settings.cache_dir / "compiled", lease=lease
    )


def local_engine(settings: Settings) -> Engine:
    """What cuts out here.  Under OpenVINO nothing is loaded for it; whether a GPU serves shows only in its use.

    Raises WeightsMissing, Unavailable.
    """
    return openvino.local_engine() if settings.engine == "openvino" else local_matter(settings).engine


def local_rater(settings: Settings, *, lease: CpuLease | None = None) -> Rater:
    if settings.fake_models:
        return FakeRater()
    nsfw = card("open-nsfw")
    return OpenNsfw(
        nsfw,
        weights.path(nsfw, models_dir=settings.models_dir),
        threads=threads(settings),
        compiled_dir=settings.cache_dir / "compiled",
        lease=lease,
    )


def local_upscaler(
    settings: Settings, *, lease: CpuLease | None = None, beside: Matter | None = None
) -> Upscaler | None:
    """None where its weights are not here or not the right ones: nothing else needs them.

    beside: a model of the same process that rests while products are enlarged, so that it never holds both.
    """
    if settings.fake_models:
        return FakeUpscaler()
    esrgan = card("realesrgan")
    try:
        file = weights.path(esrgan, models_dir=settings.models_dir)
    except WeightsMissing as missing:
        log.warning("weights.missing", model=esrgan.id, reason=missing.problem)
        return None
    return RealEsrgan(
        esrgan, file, threads=threads(settings), compiled_dir=settings.cache_dir / "compiled", lease=lease,
        instead_of=beside.rest if isinstance(beside, openvino.IsNet) else lambda: None,
    )  # fmt: skip


def threads(settings: Settings) -> int:
    return settings.threads or granted_cpus()


def prepare_process() -> None:
    """Before threads start: photos run side by side already, so OpenCV keeps to one thread; and memory stays flat.

    glibc learns from the first large picture to keep up to 32 MiB in each thread's own heap, where pieces still in use
    hold the rest: steps of 60 to 100 MiB that nobody owns.  A fixed bound and two heaps cost no time; 8 MiB would cost
    a tenth (benchmarks/README.md, "Memory").  Other C libraries have no such call.
    """
    cv2.setNumThreads(1)
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, 16 * 2**20)
        libc.mallopt(_M_ARENA_MAX, 2)
