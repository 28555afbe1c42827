"""The models of this machine, ready to use."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from dataclasses import replace
from typing import Any

import cv2
import structlog

from packshot.cpu_lease import CpuLease
from packshot.errors import WeightsMissing
from packshot.model import Engine, Matter, ModelCard, Rater, SecondOpinion, Upscaler
from packshot.models import onnx, openvino, weights
from packshot.models.fake import FakeMatter, FakeRater, FakeUpscaler
from packshot.models.openvino import OpenNsfw, RealEsrgan
from packshot.models.zoo import card
from packshot.settings import Settings, granted_cpus

log = structlog.get_logger(__name__)

SECOND = ("u2netp", "ssd")  # look at a photo beside the matter
WITHOUT_SECOND = (
    "Cut-outs get no second opinion here ({models} not fetched), so fewer wrong ones are noticed. "
    "Run `packshot models pull`."
)
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h


def local_matter(settings: Settings, *, lease: CpuLease | None = None) -> Matter:
    """The model and the engine that the settings name; `engine.note` says what had to be done otherwise.

    Raises WeightsMissing, with how to get them.
    """
    if settings.fake_models:
        return FakeMatter()
    chosen = card(settings.matter)
    file = weights.path(chosen, models_dir=settings.models_dir)
    second, missing = second_opinion(settings, lease=lease)
    options: dict[str, Any] = {"threads": threads(settings), "lease": lease, "second": second}
    runtime, _, provider = settings.engine.partition("-")
    matter: openvino.U2NetP | onnx.IsNet | openvino.IsNet
    if chosen.id == "u2netp":
        matter = openvino.U2NetP(chosen, file, compiled_dir=settings.cache_dir / "compiled", **options)
    elif runtime == "onnxruntime":
        matter = onnx.IsNet(chosen, file, provider=provider, **options)
    else:
        matter = openvino.IsNet(chosen, file, compiled_dir=settings.cache_dir / "compiled", **options)
    if missing:
        log.warning("weights.missing", models=missing)
        note = f"{matter.engine.note} {WITHOUT_SECOND.format(models=' and '.join(missing))}".strip()
        matter.engine = replace(matter.engine, note=note)
    return matter


def second_opinion(settings: Settings, *, lease: CpuLease | None = None) -> tuple[SecondOpinion, list[str]]:
    """What looks at a photo beside the matter, and which of it is not on this machine."""
    options: dict[str, Any] = {
        "threads": threads(settings), "compiled_dir": settings.cache_dir / "compiled", "lease": lease
    }  # fmt: skip
    wanted = {"u2netp": openvino.U2NetP, "ssd": openvino.Ssd}
    if settings.matter == "u2netp":
        del wanted["u2netp"]  # a model is no witness of itself
    found: dict[str, Any] = {}
    missing = []
    for id, backend in wanted.items():
        try:
            file = weights.path(card(id), models_dir=settings.models_dir)
        except WeightsMissing:
            missing.append(id)
        else:
            found[id] = backend(card(id), file, **options)
    return SecondOpinion(found.get("u2netp"), found.get("ssd")), missing


def local_engine(settings: Settings) -> Engine:
    """The engine that cuts out here.  Under OpenVINO no model is loaded for this; under ONNX Runtime one has to be.

    Raises WeightsMissing, Unavailable.
    """
    if settings.engine != "openvino" and settings.matter == "isnet":
        return local_matter(settings).engine
    usual = openvino.local_engine()
    missing = [id for id in SECOND if id not in cutting_models(settings)]
    return replace(
        usual,
        note=WITHOUT_SECOND.format(models=" and ".join(missing)) if missing else "",
    )


def cutting_models(settings: Settings) -> list[str]:
    """The ids of the models that cut-outs are made with here: the chosen one, and of the others those that are here."""
    others = [id for id in SECOND if id != settings.matter and _is_here(card(id), settings)]
    return [settings.matter, *others]


def _is_here(model: ModelCard, settings: Settings) -> bool:
    try:
        weights.path(model, models_dir=settings.models_dir)
    except WeightsMissing:
        return False
    return True


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
