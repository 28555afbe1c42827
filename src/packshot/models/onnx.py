"""Models through ONNX Runtime: on a GPU (CUDA, DirectML, Core ML), else on the processor, with a note that says so."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.cpu_lease import CpuLease
from packshot.errors import Unavailable
from packshot.model import ALONE, Engine, ModelCard, SecondOpinion
from packshot.models.isnet import ROUGH, own_size, tensor_of

# Tried in this order; the processor is the fallback of each.
PROVIDERS = {"cuda": "CUDAExecutionProvider", "directml": "DmlExecutionProvider", "coreml": "CoreMLExecutionProvider"}
NAMES = {"cuda": "CUDA", "directml": "DirectML", "coreml": "Core ML"}
PROCESSOR = "CPUExecutionProvider"
REMEDY = "docs/howto/use-a-gpu.md says what it takes."


class IsNet:
    """ISNet, general use, as `models/openvino.py` runs it: the same tensor in, the same answer within MAE 0.002."""

    def __init__(
        self,
        card: ModelCard,
        weights: Path,
        *,
        provider: str,
        threads: int,
        lease: CpuLease | None = None,
        second: SecondOpinion = ALONE,
    ) -> None:
        """provider: a key of PROVIDERS, "cpu", or "" for the fastest there is.  `engine.note` says where it fell back.

        Raises Unavailable where onnxruntime is not installed.
        """
        runtime = _runtime()
        self.card, self.second = card, second
        self._session, used, reasons = _start_session(
            runtime, _any_size(weights), providers_for(provider), threads=threads
        )
        self._input = self._session.get_inputs()[0].name
        self._lease = lease or CpuLease()
        # Weights and sums are half floats; only input and output are float32.
        self.engine = Engine(f"onnxruntime-{used}", runtime.__version__, "f16", note=_note(provider, used, reasons))

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._answer(tensor_of(pixels_u8, own_size(pixels_u8)))

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._answer(tensor_of(pixels_u8, ROUGH))

    def _answer(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._lease:
            answer = self._session.run(None, {self._input: tensor})[0]
        return np.asarray(answer[0, 0], np.float32)


def providers_for(provider: str) -> tuple[str, ...]:
    """The providers to try, the best first, without the processor.  provider: as `IsNet` takes it."""
    if provider == "cpu":
        return ()
    return (provider,) if provider else tuple(PROVIDERS)


def _import_module(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise Unavailable(
            f"ONNX Runtime was chosen, but {module} is not installed.", subject="PACKSHOT_ENGINE",
            remedy=f"pip install 'packshot[onnxruntime]'. {REMEDY}",
        ) from None  # fmt: skip


def _runtime() -> Any:
    runtime = _import_module("onnxruntime")
    runtime.disable_telemetry_events()
    return runtime


def _any_size(weights: Path) -> bytes:
    """ISNet as a graph for pictures of any size, with its first output alone, as in `openvino.py`.

    Its resizes to fixed sizes become factors.
    """
    onnx = _import_module("onnx")
    model = onnx.shape_inference.infer_shapes(onnx.load(str(weights)), data_prop=True)
    graph = model.graph
    shapes = {value.name: value.type.tensor_type.shape.dim for value in (*graph.value_info, *graph.output)}
    for node in graph.node:
        if node.op_type == "Resize":
            sizes = (shapes[name] for name in (node.input[0], node.output[0]))
            factors = [after.dim_value / before.dim_value for before, after in zip(*sizes, strict=True)]
            graph.initializer.append(
                onnx.numpy_helper.from_array(np.array(factors, np.float32), f"{node.name} factors")
            )
            node.input[:] = [node.input[0], "", f"{node.name} factors"]
    for shown in (graph.input[0], graph.output[0]):
        for axis, name in zip(shown.type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
            axis.dim_param = name
    del graph.value_info[:]
    extracted = onnx.utils.Extractor(model).extract_model([graph.input[0].name], [graph.output[0].name])
    return bytes(extracted.SerializeToString())


def _start_session(
    runtime: Any, graph: bytes, names: Sequence[str], *, threads: int
) -> tuple[Any, str, dict[str, str]]:
    """A session, the provider that it runs on, and why those before it could not be used."""
    reasons: dict[str, str] = {}
    for name in names:
        provider = PROVIDERS[name]
        if provider not in runtime.get_available_providers():
            reasons[name] = f"this build of onnxruntime ({runtime.__version__}) has no {NAMES[name]}"
            continue
        try:
            session = _session(runtime, graph, provider, threads=threads)
        except Exception as failed:  # each provider has errors of its own: a driver, a library, too little memory
            lines = str(failed).splitlines()
            reasons[name] = f"{NAMES[name]} does not start: {lines[0][:200] if lines else type(failed).__name__}"
            continue
        if provider in session.get_providers():
            return session, name, reasons
        reasons[name] = f"{NAMES[name]} does not start"
    return _session(runtime, graph, PROCESSOR, threads=threads), "cpu", reasons


def _session(runtime: Any, graph: bytes, provider: str, *, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = False  # peak 1.3 instead of 2.1 GiB, no slower (measured 2026-11-29)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads free their cores
    if provider == PROVIDERS["cuda"]:
        runtime.preload_dlls()  # CUDA and cuDNN out of pip packages, where the system has none
    if provider == PROVIDERS["directml"]:
        options.enable_mem_pattern = False  # DirectML does not support it
    # By default ONNX Runtime would fall back silently, even in the middle of a run.
    return runtime.InferenceSession(
        graph, options, providers=list(dict.fromkeys((provider, PROCESSOR))), enable_fallback=0
    )


def _note(provider: str, used: str, reasons: dict[str, str]) -> str:
    if used != "cpu" or not reasons:
        return ""
    requested = NAMES[provider] if provider else "a GPU"
    why = "; ".join(reasons.values())
    return f"Cut-outs were to be made on {requested}, but run on the processor, which is far slower: {why}. {REMEDY}"
