"""What every runtime of ISNet shares: a photo in, the network's tensor out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32

SIDE = 1024
ROUGH_SIDE = 512  # half, so that all sizes inside stay whole; at 448 and 384 the answer breaks on plain objects


def tensor_of(pixels_u8: NDArray[np.uint8], side: int = SIDE) -> F32:
    """The whole frame, squeezed to side × side, (x − 128) / 256.  (H, W, 3) sRGB → (1, 3, side, side).

    Qin et al. 2022, "Highly accurate dichotomous image segmentation"; ISNet for general use.
    """
    shrinks = min(pixels_u8.shape[:2]) >= side
    small = cv2.resize(pixels_u8, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(cv2.dnn.blobFromImage(small, 1 / 256, (side, side), (128, 128, 128), swapRB=False), np.float32)


def halved(weights: Path, *, openvino: Any) -> Any:
    """The network as an `openvino.Model` for ROUGH_SIDE: its enlargements, fixed in pixels, become factors."""
    ops = openvino.opset11
    model = openvino.Core().read_model(str(weights))
    for node in model.get_ops():
        if node.get_type_name() != "Interpolate":
            continue
        before, after = node.get_input_partial_shape(0), node.get_output_partial_shape(0)
        factors = [after[axis].get_length() / before[axis].get_length() for axis in (2, 3)]
        kept = {
            name: node.get_attributes()[name] for name in ("mode", "coordinate_transformation_mode", "nearest_mode")
        }
        enlarged = ops.interpolate(
            node.input(0).get_source_output(), np.array(factors, np.float32), shape_calculation_mode="scales",
            axes=np.array([2, 3], np.int64), **kept,
        )  # fmt: skip
        for reader in node.output(0).get_target_inputs():
            reader.replace_source_output(enlarged.output(0))
    model.reshape({model.input(0): [1, 3, ROUGH_SIDE, ROUGH_SIDE]})
    return model
