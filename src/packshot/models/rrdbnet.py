"""RRDBNet, the network of Real-ESRGAN x4plus, built for OpenVINO straight from the weights file.

The file is ncnn's: one convolution after the other in the order they run, each a tag that says “16-bit floats”, the
kernel (out, in, 3, 3), padding to four bytes, then the bias as 32-bit floats.  No shapes are in it; they are the
paper's: Wang et al. 2021, "Real-ESRGAN".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.errors import BadInput

FACTOR = 4
BLOCKS, FEATURES, GROWTH = 23, 64, 32
_HALF_FLOATS = 0x01306B47  # ncnn's tag


class _Weights:
    """Kernels and biases, read one after the other."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._bytes = file.read_bytes()
        self._at = 0

    def next(self, inputs: int, outputs: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        tag = self._take(np.uint32, 1)[0]
        if tag != _HALF_FLOATS:
            raise BadInput("These weights are not 16-bit floats as ncnn writes them.", subject=self._file.name)
        kernel = self._take(np.float16, outputs * inputs * 9).reshape(outputs, inputs, 3, 3)
        self._at = -(-self._at // 4) * 4
        return kernel, self._take(np.float32, outputs)

    def end(self) -> None:
        if self._at != len(self._bytes):
            raise BadInput("These weights are not those of Real-ESRGAN x4plus.", subject=self._file.name)

    def _take(self, kind: Any, count: int) -> NDArray[Any]:
        size = count * np.dtype(kind).itemsize
        if self._at + size > len(self._bytes):
            raise BadInput("This file of weights ends too early.", subject=self._file.name)
        values = np.frombuffer(self._bytes, kind, count, self._at)
        self._at += size
        return values


def rrdbnet(file: Path, side: int, *, openvino: Any) -> Any:
    """An `openvino.Model`: (1, 3, side, side) RGB [0, 1] → (1, 3, 4 side, 4 side), not clipped.

    openvino: the module, which `models.openvino` imports without its telemetry.
    Raises BadInput where the file does not hold this network's weights.
    """
    from openvino import opset15 as op

    weights = _Weights(file)

    def constant(values: Any) -> Any:
        return op.constant(np.asarray(values, np.float32))

    def convolved(x: Any, inputs: int, outputs: int, *, activated: bool = True) -> Any:
        kernel, bias = weights.next(inputs, outputs)
        # Left as 16-bit floats: half the memory until the plugin converts them.
        wide = op.convert(op.constant(np.ascontiguousarray(kernel)), "f32")
        wide.get_rt_info()["decompression"] = ""
        y = op.add(op.convolution(x, wide, [1, 1], [1, 1], [1, 1], [1, 1]), constant(bias.reshape(1, -1, 1, 1)))
        return op.prelu(y, constant([0.2])) if activated else y

    def dense(x: Any) -> Any:
        features = [x]
        for n in range(4):
            features.append(convolved(_joined(op, features), FEATURES + n * GROWTH, GROWTH))
        grown = convolved(_joined(op, features), FEATURES + 4 * GROWTH, FEATURES, activated=False)
        return op.add(op.multiply(grown, constant([0.2])), x)

    def doubled(x: Any) -> Any:
        scales = op.constant(np.array([2, 2], np.float32))
        axes = op.constant(np.array([2, 3], np.int64))
        return op.interpolate(x, scales, "nearest", "scales", axes=axes, coordinate_transformation_mode="asymmetric",
                              nearest_mode="floor")  # fmt: skip

    picture = op.parameter([1, 3, side, side], np.float32, name="picture")
    first = convolved(picture, 3, FEATURES, activated=False)
    x = first
    for _ in range(BLOCKS):
        before = x
        for _ in range(3):
            x = dense(x)
        x = op.add(op.multiply(x, constant([0.2])), before)
    x = op.add(first, convolved(x, FEATURES, FEATURES, activated=False))
    for _ in range(2):
        x = convolved(doubled(x), FEATURES, FEATURES)
    x = convolved(convolved(x, FEATURES, FEATURES), FEATURES, 3, activated=False)
    weights.end()
    return openvino.Model([x], [picture], "RealESRGAN_x4plus")


def _joined(op: Any, parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else op.concat(parts, 1)
