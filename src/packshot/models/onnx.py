"""Models through ONNX Runtime: on a GPU (CUDA, DirectML, Core ML), or on the processor, which is then said aloud."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.errors import Unavailable
from packshot.model import Engine, ModelCard
from packshot.models.isnet import tensor_of
from packshot.models.lease import Lease

# What a wish for an engine tries, in this order; the processor is always the last resort.
PROVIDERS = {"cuda": "CUDAExecutionProvider", "directml": "DmlExecutionProvider", "coreml": "CoreMLExecutionProvider"}
NAMES = {"cuda": "CUDA", "directml": "DirectML", "coreml": "Core ML"}
PROCESSOR = "CPUExecutionProvider"
REMEDY = "docs/howto/use-a-gpu.md says what it takes."


class IsNet:
    """ISNet, general use, as `models/openvino.py` runs it: the same tensor in, the same answer within MAE 0.002."""

    def __init__(
        self, card: ModelCard, weights: Path, *, wanted: str, threads: int, lease: Lease | None = None
    ) -> None:
        """wanted: a key of PROVIDERS, "cpu", or "" for the fastest there is.  `engine.note` tells of a fallback.

        Raises Unavailable where onnxruntime is not installed.
        """
        runtime = _runtime()
        self.card = card
        self._session, used, reasons = _started(runtime, weights, tried(wanted), threads=threads)
        # Only the finished matte: the graph also gives eleven in-between answers.
        self._input, self._output = self._session.get_inputs()[0].name, self._session.get_outputs()[0].name
        self._lease = lease or Lease()
        # The weights and the sums are half floats; only what goes in and comes out is float32.
        self.engine = Engine(f"onnxruntime-{used}", runtime.__version__, "f16", note=_note(wanted, used, reasons))

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        tensor = tensor_of(pixels_u8)
        with self._lease:
            answer = self._session.run([self._output], {self._input: tensor})[0]
        return np.asarray(answer[0, 0], np.float32)

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As fine as the other: this runtime takes the graph's size as it is."""
        return self.matte(pixels_u8)


def tried(wanted: str) -> tuple[str, ...]:
    """Which providers are tried for that wish, the best first, without the processor."""
    if wanted == "cpu":
        return ()
    return (wanted,) if wanted else tuple(PROVIDERS)


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise Unavailable(
            "ONNX Runtime is not installed.", subject="PACKSHOT_ENGINE", remedy="pip install 'packshot[onnxruntime]'."
        ) from None
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _started(runtime: Any, weights: Path, names: Sequence[str], *, threads: int) -> tuple[Any, str, dict[str, str]]:
    """A session, which provider it got, and why it did not get those before it."""
    reasons: dict[str, str] = {}
    for name in names:
        provider = PROVIDERS[name]
        if provider not in runtime.get_available_providers():
            reasons[name] = f"this build of onnxruntime ({runtime.__version__}) has no {NAMES[name]}"
            continue
        try:
            session = _session(runtime, weights, provider, threads=threads)
        except Exception as failed:  # each provider raises what it likes: a driver, a library, too little memory
            lines = str(failed).splitlines()
            reasons[name] = f"{NAMES[name]} does not start: {lines[0][:200] if lines else type(failed).__name__}"
            continue
        if provider in session.get_providers():
            return session, name, reasons
        reasons[name] = f"{NAMES[name]} does not start"
    return _session(runtime, weights, PROCESSOR, threads=threads), "cpu", reasons


def _session(runtime: Any, weights: Path, provider: str, *, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = False  # peak 1.3 instead of 2.1 GiB, no slower (measured 2026-11-29)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to others
    if provider == PROVIDERS["cuda"]:
        runtime.preload_dlls()  # CUDA and cuDNN out of pip packages, where the system has none
    if provider == PROVIDERS["directml"]:
        options.enable_mem_pattern = False  # it cannot
    # By itself ONNX Runtime would fall back without a word, even in the middle of a run.
    return runtime.InferenceSession(
        str(weights), options, providers=list(dict.fromkeys((provider, PROCESSOR))), enable_fallback=0
    )


def _note(wanted: str, used: str, reasons: dict[str, str]) -> str:
    if used != "cpu" or not reasons:
        return ""
    asked = NAMES[wanted] if wanted else "a GPU"
    why = "; ".join(reasons.values())
    return f"Cut-outs were to be made on {asked}, but run on the processor, which is far slower: {why}. {REMEDY}"
