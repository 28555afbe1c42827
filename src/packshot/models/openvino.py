"""Models through OpenVINO on the processor: in bf16 where it has that, loaded once, compiled once per machine."""

from __future__ import annotations

import importlib.metadata
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.cpu_lease import CpuLease
from packshot.model import ALONE, Engine, ModelCard, SecondOpinion, Thing
from packshot.models.isnet import LONGEST, ROUGH, own_size, tensor_of
from packshot.models.rrdbnet import FACTOR, rrdbnet
from packshot.models.ssd import SIDE as SSD_SIDE
from packshot.models.ssd import things
from packshot.models.u2net import tensor_of as u2net_tensor_of
from packshot.ops.resample import reduced


class _Network:
    """A compiled network that threads may share; one inference at a time, since one uses all cores."""

    def __init__(
        self, model: Any, *, threads: int, compiled_dir: Path, precision: str = "", lease: CpuLease | None = None
    ) -> None:
        """model: a path, or an `openvino.Model`."""
        compiled_dir.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": str(threads),
            "ENABLE_CPU_PINNING": "NO",  # pinned threads stall when a container grants fewer cores
            "CACHE_DIR": str(compiled_dir),
        }
        if precision:
            options["INFERENCE_PRECISION_HINT"] = precision
        self._model, self._options = model, options
        self._lease = lease or CpuLease()
        compiled = self._open()
        used = str(compiled.get_property("INFERENCE_PRECISION_HINT"))
        self.precision = "bf16" if "bfloat16" in used else "f32"

    def _open(self) -> Any:
        compiled = _core().compile_model(self._model, "CPU", self._options)
        self._request: Any = compiled.create_infer_request()
        return compiled

    def release(self) -> None:
        """Free the memory; the next tensor loads the network again from the compiled cache."""
        with self._lease:
            self._request = None

    def __call__(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """Its first output."""
        return self.outputs(tensor, 1)[0]

    def outputs(self, tensor: NDArray[np.float32], count: int = 2) -> list[NDArray[np.float32]]:
        with self._lease:
            if self._request is None:
                self._open()
            self._request.infer({0: tensor}, share_inputs=True)
            return [np.array(self._request.get_output_tensor(i).data, np.float32) for i in range(count)]


def _runtime() -> Any:
    """The runtime, without its telemetry: `import openvino` alone would report that it was imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _core() -> Any:
    return _runtime().Core()


def local_engine() -> Engine:
    """The engine that a network will get on this processor, before one is compiled."""
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
        lease: CpuLease | None = None,
        second: SecondOpinion = ALONE,
    ) -> None:
        self.card, self.second = card, second
        model = _any_size(weights, smallest=ROUGH, largest=(LONGEST, LONGEST))
        self._network = _Network(model, threads=threads, compiled_dir=compiled_dir, precision=precision, lease=lease)
        self.engine = _engine(self._network)

    def release(self) -> None:
        """Free the memory until the next photo."""
        self._network.release()

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._network(tensor_of(pixels_u8, own_size(pixels_u8)))[0, 0], np.float32)

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._network(tensor_of(pixels_u8, ROUGH))[0, 0], np.float32)


def _any_size(weights: Path, *, smallest: tuple[int, int], largest: tuple[int, int]) -> Any:
    """ISNet as an `openvino.Model` for pictures of any (width, height) between, with its first output alone.

    Its resizes to fixed sizes become factors.  The eleven other outputs are for training; they would take a sixth of
    the time and a third of the memory.
    """
    openvino = _runtime()
    ops = openvino.opset11
    model = openvino.Core().read_model(str(weights))
    for node in model.get_ops():
        if node.get_type_name() != "Interpolate":
            continue
        before, after = node.get_input_partial_shape(0), node.get_output_partial_shape(0)
        factors = [after[axis].get_length() / before[axis].get_length() for axis in (2, 3)]
        attributes = {
            name: node.get_attributes()[name] for name in ("mode", "coordinate_transformation_mode", "nearest_mode")
        }
        resized = ops.interpolate(
            node.input(0).get_source_output(), np.array(factors, np.float32), shape_calculation_mode="scales",
            axes=np.array([2, 3], np.int64), **attributes,
        )  # fmt: skip
        for reader in node.output(0).get_target_inputs():
            reader.replace_source_output(resized.output(0))
    model = openvino.Model([model.output(0)], model.get_parameters(), model.get_name())
    width, height = (openvino.Dimension(*between) for between in zip(smallest, largest, strict=True))
    model.reshape({model.input(0): openvino.PartialShape([1, 3, height, width])})
    return model


class U2NetP:
    """U²-Net, small: one size for all pictures, a few hundredths of ISNet's work."""

    def __init__(
        self,
        card: ModelCard,
        weights: Path,
        *,
        threads: int,
        compiled_dir: Path,
        precision: str = "",
        lease: CpuLease | None = None,
        second: SecondOpinion = ALONE,
    ) -> None:
        self.card, self.second = card, second
        self._network = _Network(
            str(weights), threads=threads, compiled_dir=compiled_dir, precision=precision, lease=lease
        )
        self.engine = _engine(self._network)

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._network(u2net_tensor_of(pixels_u8))[0, 0], np.float32)

    rough = matte


class Ssd:
    """Google's detector of the Objectron solution: SSD on MobileNet v2, 23 classes of Open Images."""

    def __init__(
        self, card: ModelCard, weights: Path, *, threads: int, compiled_dir: Path, lease: CpuLease | None = None
    ) -> None:
        self.card = card
        # f32: the same boxes on all processors
        self._network = _Network(str(weights), threads=threads, compiled_dir=compiled_dir, precision="f32", lease=lease)

    def find(self, pixels_u8: NDArray[np.uint8]) -> tuple[Thing, ...]:
        small = reduced(pixels_u8, (SSD_SIDE, SSD_SIDE)).astype(np.float32)
        offsets, logits = self._network.outputs(np.ascontiguousarray(small[None] / 127.5 - 1, np.float32))
        return things(offsets[0], logits[0])


class OpenNsfw:
    """Yahoo's open_nsfw: how likely a picture is not safe for work.  Caffe's BGR means, no crop."""

    def __init__(
        self, card: ModelCard, weights: Path, *, threads: int, compiled_dir: Path, lease: CpuLease | None = None
    ) -> None:
        self.card = card
        # f32: takes a hundredth of a second more, and gives the same scores on all processors
        self._network = _Network(str(weights), threads=threads, compiled_dir=compiled_dir, precision="f32", lease=lease)
        self.engine = _engine(self._network)

    def rate(self, pixels_u8: NDArray[np.uint8]) -> float:
        small = np.asarray(cv2.resize(pixels_u8, (224, 224), interpolation=cv2.INTER_AREA), np.float32)
        tensor = small[..., ::-1] - np.array([104, 117, 123], np.float32)
        return float(np.clip(self._network(np.ascontiguousarray(tensor[None])).ravel()[1], 0, 1))


class RealEsrgan:
    """Real-ESRGAN x4plus: a tile four times as large, compression and grain taken out.  Wang et al. 2021.

    It is compiled at the first tile and released after each picture: most runs enlarge nothing, stored enlargements
    need no model, and it would occupy 0.4 GiB to save the second and a half that compiling takes.
    """

    factor = FACTOR

    def __init__(
        self,
        card: ModelCard,
        weights: Path,
        *,
        threads: int,
        compiled_dir: Path,
        side: int = 256,
        precision: str = "",
        lease: CpuLease | None = None,
        instead_of: Callable[[], None] = lambda: None,
    ) -> None:
        """side: of a tile.  256 px is a peak of 0.57 GiB in bf16 and 0.85 in f32; larger ones are no faster.

        instead_of: frees another model's memory; called each time before this one takes its own.
        """
        self.card, self.side = card, side
        usual = local_engine()
        self.engine = replace(usual, precision=precision or usual.precision)
        self._weights, self._opening = weights, threading.Lock()
        self._network: _Network | None = None
        self._instead_of = instead_of
        self._options: dict[str, Any] = {
            "threads": threads, "compiled_dir": compiled_dir, "precision": precision, "lease": lease
        }  # fmt: skip

    def release(self) -> None:
        with self._opening:
            self._network = None

    def upscale(self, tile_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with self._opening:
            if self._network is None:
                self._instead_of()
                self._network = _Network(rrdbnet(self._weights, self.side, openvino=_runtime()), **self._options)
            network = self._network
        tensor = tile_u8.astype(np.float32).transpose(2, 0, 1)[None] / 255
        enlarged = network(np.ascontiguousarray(tensor, np.float32))[0].transpose(1, 2, 0)
        return np.asarray(np.clip(np.round(enlarged * 255), 0, 255), np.uint8)
