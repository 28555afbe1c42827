"""Settings, read once in main from the environment (`PACKSHOT_…`) and passed on as values."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Limits(BaseModel, frozen=True, extra="forbid"):
    """What is accepted, checked before anything is decoded or unpacked."""

    photo_bytes: int = Field(default=120 * 2**20, description="one photo file")
    photo_pixels: int = Field(default=120_000_000, description="width × height of one photo; phones reach 108 MP")
    photo_min_side: int = Field(default=32, description="shorter side of a photo that can hold a product")
    zip_members: int = 5_000
    zip_bytes: int = Field(default=8 * 2**30, description="all members unpacked")
    zip_ratio: int = Field(default=100, description="unpacked to packed, per member; photos hardly shrink")
    manifest_rows: int = 20_000
    fetch_seconds: float = 30.0


class Settings(BaseSettings):
    """Where things lie and what is accepted. `PACKSHOT_CACHE_DIR`, `PACKSHOT_LIMITS__PHOTO_PIXELS` …"""

    model_config = SettingsConfigDict(env_prefix="PACKSHOT_", env_nested_delimiter="__", frozen=True, extra="ignore")

    cache_dir: Path = Field(default_factory=lambda: _cache_home() / "packshot")
    layer_cache_bytes: int = Field(default=2 * 2**30, description="mattes and edge colours kept on disk")
    limits: Limits = Limits()
    threads: int = Field(default=0, description="0: as many as the container grants")

    config_dir: Path = Field(default_factory=lambda: _config_home() / "packshot")

    @property
    def channels_dir(self) -> Path:
        """Where the user's own channels lie."""
        return self.config_dir / "channels"

    @property
    def models_dir(self) -> Path:
        return self.cache_dir / "models"

    @property
    def layers_dir(self) -> Path:
        return self.cache_dir / "layers"


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def granted_cpus() -> int:
    """Processors this process may use: its affinity, cut down by a cgroup quota (v2 `cpu.max`, v1 `cfs_quota`)."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for quota_file, period_file in (
        ("/sys/fs/cgroup/cpu.max", None),
        ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
    ):
        try:
            words = Path(quota_file).read_text().split()
            quota, period = words[0], words[1] if period_file is None else Path(period_file).read_text()
            if quota not in ("max", "-1"):
                return max(1, min(count, round(int(quota) / int(period))))
        except (OSError, ValueError, IndexError):
            continue
    return max(1, count)


def granted_memory_bytes() -> int:
    """Memory this process may use: the machine's, cut down by a cgroup limit."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    for limit_file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            word = Path(limit_file).read_text().strip()
            if word != "max":
                return min(total, int(word)) or int(word)
        except (OSError, ValueError):
            continue
    return total
