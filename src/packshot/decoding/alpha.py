"""Whether a file's transparency says what the product is, or only that its corners are round."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.errors import BadInput

LEAST_SHARE = 0.01  # of the frame that is transparent in a file that is cut out
CORNER = 0.3  # of each side of the frame: rounded corners reach no further
ELSEWHERE = 0.001  # of the frame that may be transparent beside the corners
OPAQUE = 250
FEW = (
    "Only a few pixels of this file are transparent, so it counts as a photo, and the product was cut out of it. "
    "If it is cut out already, save it with everything around the product transparent."
)
CORNERS = (
    "Only the corners of this file are transparent, so it counts as a photo, and the product was cut out of it. "
    "If it is cut out already, leave some transparent margin around the product."
)


def cut_out_by(alpha: NDArray[np.uint8] | None, name: str) -> tuple[NDArray[np.uint8] | None, tuple[str, ...]]:
    """The alpha of a file that is cut out already, else None, and what is to be said about it.

    alpha: (H, W), upright.  Raises BadInput for a file of which nothing can be seen.
    """
    if alpha is None or int(alpha.min()) >= OPAQUE:  # an opaque alpha means nothing
        return None, ()
    clear = alpha < 128
    share = np.count_nonzero(clear) / clear.size
    if share == 1:
        raise BadInput(
            "every pixel of this file is transparent.",
            subject=name,
            remedy="Export the picture again with its layers visible, or send the photo itself.",
        )
    rounded = bool(clear[[0, 0, -1, -1], [0, -1, 0, -1]].all())
    if share < LEAST_SHARE:
        return None, (CORNERS if rounded else FEW,)
    height, width = (round(CORNER * side) for side in clear.shape)
    elsewhere = np.count_nonzero(clear[height:-height]) + np.count_nonzero(clear[:, width:-width])
    if rounded and elsewhere < ELSEWHERE * clear.size:
        return None, (CORNERS,)
    return alpha, ()
