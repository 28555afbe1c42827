"""Settings, read once in main from the environment (`PACKSHOT_…`) and passed on as values."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# `onnxruntime` alone: on the best of them that works here.
MatterName = Literal["isnet", "u2netp"]
EngineName = Literal[
    "openvino", "onnxruntime", "onnxruntime-cuda", "onnxruntime-directml", "onnxruntime-coreml", "onnxruntime-cpu"
]

# What an address begins with, and one for an example; a store may be a folder.
_ADDRESSES = {
    "database_url": (r"(postgres(ql)?(\+\w+)?|sqlite(\+\w+)?)://", "postgresql://packshot@db/packshot"),
    "redis_url": (r"(rediss?|unix)://", "redis://queue:6379/0"),
    "store_url": (r"(s3a?|gs|az|abfss?)://[^/]|(?!\w+://)", "s3://bucket/prefix"),
}


class Limits(BaseModel, frozen=True, extra="forbid"):
    """What is accepted, checked before anything is decoded or unpacked."""

    photo_bytes: int = Field(default=120 * 2**20, description="one photo file")
    photo_pixels: int = Field(default=120_000_000, description="width × height of one photo; phones reach 108 MP")
    photo_min_side: int = Field(default=32, description="shorter side of a photo that can hold a product")
    zip_members: int = 5_000
    zip_bytes: int = Field(default=8 * 2**30, description="all members unpacked")
    zip_ratio: int = Field(default=100, description="unpacked to packed, per member; photos hardly shrink")
    zip_ratio_bytes: int = Field(
        default=64 * 2**20, description="up to this size a member may shrink as far as it does"
    )
    manifest_rows: int = 20_000
    fetch_seconds: float = 30.0


class Settings(BaseSettings):
    """Where things lie and what is accepted. `PACKSHOT_CACHE_DIR`, `PACKSHOT_LIMITS__PHOTO_PIXELS` …"""

    model_config = SettingsConfigDict(env_prefix="PACKSHOT_", env_nested_delimiter="__", frozen=True, extra="ignore")

    cache_dir: Path = Field(default_factory=lambda: _cache_home() / "packshot")
    layer_cache_bytes: int = Field(default=2 * 2**30, description="mattes and edge colours kept on disk")
    warm_plates: bool = Field(default=True, description="render the sets' plates ahead of time while nothing is to do")
    plate_cache_bytes: int = Field(default=2 * 2**30, description="rendered sets kept on disk")
    limits: Limits = Limits()
    threads: int = Field(default=0, description="0: as many as the container grants")
    matter: MatterName = Field(
        default="isnet", description="what cuts products out; u2netp has softer edges, and terms that its author states"
    )
    engine: EngineName = Field(default="openvino", description="what cuts products out; onnxruntime can use a GPU")

    config_dir: Path = Field(default_factory=lambda: _config_home() / "packshot")

    # The service: one folder on one machine, or a database, a queue and a store that several share.
    data_dir: Path = Field(default_factory=lambda: _data_home() / "packshot", description="all that the service keeps")
    database_url: str = Field(default="", description="postgresql://…; empty: SQLite in the data folder")
    redis_url: str = Field(default="", description="redis://… or unix://…; empty: an embedded Valkey")
    store_url: str = Field(default="", description="s3://bucket/prefix; empty: the data folder")
    host: str = "127.0.0.1"
    port: int = Field(default=8484, ge=1, le=65_535)
    public_url: str = Field(default="", description="how people reach the service; empty: http://host:port")
    trusted_proxies: str = Field(
        default="",
        description="reverse proxies that are believed where a request comes from: addresses, networks, or *",
    )
    secret: SecretStr = Field(default=SecretStr(""), description="signs links, encrypts secrets; empty: kept in a file")
    inbox_dir: Path | None = Field(default=None, description="watched folders lie in here; empty: DATA/inbox")
    exports_dir: Path | None = Field(default=None, description="folder exports go in here; empty: DATA/exports")
    concurrency: int = Field(default=0, ge=0, description="photos in work at once, a worker; 0 chooses")
    worker_memory_bytes: int = Field(default=0, description="of a worker's pixel process; 0: half of the machine's")
    shared_memory_bytes: int = Field(default=2**30, description="pixels that stages of one machine hand over in memory")
    stall_seconds: float = Field(default=60.0, description="the sweeper looks after what has stood still for so long")
    alert_webhook: SecretStr = Field(
        default=SecretStr(""), description="https://…: told what failed for good, once a minute at most"
    )
    alert_mail: str = Field(default="", description="an address: mailed what failed for good, once a minute at most")
    smtp_url: SecretStr = Field(default=SecretStr(""), description="smtps://name:password@host: sends that mail")
    private_endpoints: bool = Field(default=False, description="exports may go to S3 servers inside the own network")
    fake_models: bool = Field(default=False, description="for load tests: models that answer at once, 512 pixels")

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, words: str) -> str:
        return ",".join(str(ip_network(word.strip(), strict=False)) for word in words.split(",") if word.strip())

    @field_validator("database_url", "redis_url", "store_url")
    @classmethod
    def _address(cls, url: str, info: ValidationInfo) -> str:
        pattern, example = _ADDRESSES[str(info.field_name)]
        if url and not re.match(pattern, url):
            raise ValueError(f"it must be an address such as {example}")
        return url

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'packshot.db'}"

    @property
    def store(self) -> str:
        return self.store_url or str(self.data_dir.absolute() / "objects")

    @property
    def redis(self) -> str:
        return self.redis_url or f"unix://{self.valkey_socket}"

    @property
    def valkey_dir(self) -> Path:
        return self.data_dir.absolute() / "valkey"

    @property
    def valkey_socket(self) -> Path:
        """A socket's path holds 104 bytes at most: a long one moves to the folder for temporary files."""
        inside = self.valkey_dir / "valkey.sock"
        if len(os.fsencode(inside)) < 100:
            return inside
        mark = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"packshot-{mark}.sock"

    @property
    def address(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def inbox(self) -> Path:
        return self.inbox_dir or self.data_dir.absolute() / "inbox"

    @property
    def exports(self) -> Path:
        return self.exports_dir or self.data_dir.absolute() / "exports"

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


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


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
