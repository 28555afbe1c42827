"""Models through OpenVINO on the processor: bf16 where it has it, loaded once, compiled once per machine."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.model import Engine, ModelCard
from packshot.models.isnet import tensor_of
from packshot.models.lease import Lease


class _Network:
    """A compiled network that threads may share; one inference at a time, since one already takes all cores."""

    def __init__(
        self, weights: Path, *, threads: int, compiled_dir: Path, precision: str = "", lease: Lease | None = None
    ) -> None:
        core = _core()
        compiled_dir.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": str(threads),
            "ENABLE_CPU_PINNING": "NO",  # pinned threads stall when a container grants fewer cores
            "CACHE_DIR": str(compiled_dir),
        }
        if precision:
            options["INFERENCE_PRECISION_HINT"] = precision
        self._compiled = core.compile_model(str(weights), "CPU", options)
        self._request = self._compiled.create_infer_request()
        self._lease = lease or Lease()
        used = str(self._compiled.get_property("INFERENCE_PRECISION_HINT"))
        self.precision = "bf16" if "bfloat16" in used else "f32"

    def __call__(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._lease:
            self._request.infer({0: tensor}, share_inputs=True)
            return np.array(self._request.get_output_tensor(0).data, np.float32)


def _core() -> Any:
    """The runtime, without its telemetry: `import openvino` alone would report that it was imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino.Core()


def engine_here() -> Engine:
    """What a network will get on this processor, before one is compiled."""
    has_bf16 = "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return Engine("openvino", importlib.metadata.version("openvino"), "bf16" if has_bf16 else "f32")


def _engine(network: _Network) -> Engine:
    return Engine("openvino", importlib.metadata.version("openvino"), network.precision)


class IsNet:
    """ISNet, general use."""

    def __init__(
        self,
        card: ModelCard,
        weights: Path,
        *,
        threads: int,
        compiled_dir: Path,
        precision: str = "",
        lease: Lease | None = None,
    ) -> None:
        self.card = card
        self._network = _Network(weights, threads=threads, compiled_dir=compiled_dir, precision=precision, lease=lease)
        self.engine = _engine(self._network)

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._network(tensor_of(pixels_u8))[0, 0], np.float32)


class OpenNsfw:
    """Yahoo's open_nsfw: how likely a picture is not safe for work.  Caffe's BGR means, no crop."""

    def __init__(
        self, card: ModelCard, weights: Path, *, threads: int, compiled_dir: Path, lease: Lease | None = None
    ) -> None:
        self.card = card
        # f32: a hundredth of a second more, and scores that do not move between processors
        self._network = _Network(weights, threads=threads, compiled_dir=compiled_dir, precision="f32", lease=lease)
        self.engine = _engine(self._network)

    def rate(self, pixels_u8: NDArray[np.uint8]) -> float:
        small = np.asarray(cv2.resize(pixels_u8, (224, 224), interpolation=cv2.INTER_AREA), np.float32)
        tensor = small[..., ::-1] - np.array([104, 117, 123], np.float32)
        return float(np.clip(self._network(np.ascontiguousarray(tensor[None])).ravel()[1], 0, 1))
