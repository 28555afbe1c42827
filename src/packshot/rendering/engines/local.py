"""The renderer of this machine: the fast one where there is an LLVM, else the slow one, with a finding."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

from packshot.cpu_lease import CpuLease
from packshot.finding import Finding, Verdict
from packshot.rendering.engines import llvm
from packshot.rendering.engines.fake import FakeSetRenderer
from packshot.rendering.engines.plate_cache import SIDES, VERSION, PlateCache
from packshot.rendering.scene import Renderer, SetRenderer
from packshot.rendering.sets import SETS
from packshot.settings import Settings, granted_cpus

SLOW = (
    "The fast renderer is missing here, so the set is rendered small and looks soft, and the shadow is drawn. "
    + llvm.REMEDY
)


def local_renderer(settings: Settings, *, lease: CpuLease | None = None, sides: tuple[int, ...] = SIDES) -> SetRenderer:
    return FakeSetRenderer() if settings.fake_models else local_plates(settings, lease=lease, sides=sides)


def local_plates(settings: Settings, *, lease: CpuLease | None = None, sides: tuple[int, ...] = SIDES) -> PlateCache:
    library = llvm.find(settings.cache_dir)
    threads = settings.threads or granted_cpus()

    def fast() -> Renderer:
        os.environ["DRJIT_LIBLLVM_PATH"] = str(library)
        from packshot.rendering.engines.mitsuba import MitsubaRenderer

        return MitsubaRenderer(SETS, threads=threads, lease=lease)

    def slow() -> Renderer:
        from packshot.rendering.engines.scalar import ScalarRenderer

        return ScalarRenderer(SETS)

    return PlateCache(
        SETS,
        fast if library else slow,
        engine=_engine(library),
        sides=sides if library else sides[:1],  # the slow one would take half an hour for a large plate
        notes=() if library else (Finding(check="renderer", verdict=Verdict.WARN, words=SLOW),),
        folder=settings.cache_dir / "plates",
        most_bytes=settings.plate_cache_bytes,
        lease=lease,
    )


def rendering(settings: Settings) -> str:
    """What rendered pictures depend on beside their steps: engine and versions, without starting one."""
    sets = " ".join(f"{id}{one.version}" for id, one in SETS.items())
    return f"{_engine(llvm.find(settings.cache_dir))} {VERSION} {sets}"


def _engine(library: Path | None) -> str:
    versions = f"mitsuba {metadata.version('mitsuba')} oidn {metadata.version('mitsuba-oidn')}"
    return f"{versions} {'llvm' if library else 'scalar'}"
