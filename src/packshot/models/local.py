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
    """The engine that the settings name; `engine.note` says where another one had to be used.

    Raises WeightsMissing, with how to get them.
    """
    if settings.fake_models:
        return FakeMatter()
    isnet = card("isnet")
    file = weights.path(isnet, models_dir=settings.models_dir)
    runtime, _, provider = settings.engine.partition("-")
    if runtime == "onnxruntime":
        return onnx.IsNet(isnet, file, provider=provider, threads=threads(settings), lease=lease)
    return openvino.IsNet(
        isnet, file, threads=threads(settings), compiled_dir=settings.cache_dir / "compiled", lease=lease
    )


def local_engine(settings: Settings) -> Engine:
    """The engine that cuts out here.  Under OpenVINO no model is loaded for this; under ONNX Runtime one has to be.

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
    """None where its weights are missing or damaged: everything else works without it.

    beside: a model of the same process that releases its memory while products are enlarged, so that only one has any.
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
        instead_of=beside.release if isinstance(beside, openvino.IsNet) else lambda: None,
    )  # fmt: skip


def threads(settings: Settings) -> int:
    return settings.threads or granted_cpus()


def prepare_process() -> None:
    """Call before threads start.  One OpenCV thread, since photos run in parallel already, and bounded memory.

    After the first large picture glibc puts up to 32 MiB into each thread's own heap and cannot give it back while a
    small piece is in use: memory grows in steps of 60 to 100 MiB.  A fixed bound and two heaps cost no time; a bound of
    8 MiB would cost a tenth (benchmarks/README.md, "Memory").  Other C libraries have no such call.
    """
    cv2.setNumThreads(1)
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, 16 * 2**20)
        libc.mallopt(_M_ARENA_MAX, 2)
