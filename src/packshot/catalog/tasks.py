"""What the service asks of its pixel process, and what comes back: frozen values that both sides share.

A task names files by their keys in the store and says what is to be done with them; pixels never cross the border.
The functions that do it are in `service/pixel_tasks/`. A task that is done twice gives the same result twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from packshot.channel import Channel
from packshot.finding import Finding
from packshot.model import Hints
from packshot.report import StepRecord
from packshot.template import Template

Result = TypeVar("Result")


class PixelTask(Generic[Result]):
    """One piece of work for the pixel process.  Its type argument is what comes back."""


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """An original in the store.  max_pixels: it is worked on at no more than this, for want of memory."""

    key: str
    name: str
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a photo is made for.  preview: at 512 pixels, and without the rules about a file's size."""

    style: Template
    channels: tuple[Channel, ...]
    preview: bool = False


# --- upload ---


@dataclass(frozen=True, slots=True)
class UploadedPhoto:
    """A photo that was taken in."""

    sha256: str
    format: str
    width: int
    height: int
    bytes: int
    profile: str
    fingerprint: str  # 16 hexadecimal digits that look-alikes share but for a few bits
    findings: tuple[Finding, ...]
    key: str
    thumb_key: str
    product_px: int | None = None  # longest side of the product, where the file itself cuts it out


@dataclass(frozen=True, slots=True)
class AnalyseUpload(PixelTask[UploadedPhoto]):
    """Decode an upload, say what is wrong with it, store the original and a thumbnail.  Raises BadInput.

    path: a file of this machine.
    """

    name: str
    workspace: str
    path: str


# --- cut out ---


@dataclass(frozen=True, slots=True)
class Matte:
    """A cut-out in the store."""

    key: str
    sha256: str
    source: str  # model id, "the file's own transparency", or "by hand"
    uncertainty: float  # [0, 1]
    findings: tuple[Finding, ...]  # about the cut-out alone
    product_px: int | None = None  # longest side of the product; None where nothing was found


@dataclass(frozen=True, slots=True)
class CutoutResult:
    matte: Matte
    findings: tuple[Finding, ...]  # about the photo and its cut-out
    enlarge: bool  # whether the product is too small for what it is made for
    steps: tuple[StepRecord, ...]

    @property
    def cached(self) -> bool:
        """Whether no model was asked."""
        return all(step.cached for step in self.steps if step.kind == "segment")


@dataclass(frozen=True, slots=True)
class SegmentPhoto(PixelTask[CutoutResult]):
    """Cut a photo out, or take the cut-out that is there, and say what is wrong with both.

    cutout: the key of one to use; where it is gone a model's is made again, and one `by_hand` raises NotFound.
    refined: with a second, closer pass.  upscaled: whatever is small is enlarged, not only what a channel would reject.
    """

    photo: PhotoFile
    cutout: str = ""
    by_hand: bool = False
    refined: bool = False
    target: Target | None = None
    upscaled: bool = False


@dataclass(frozen=True, slots=True)
class StorePaintedMatte(PixelTask[Matte]):
    """Take a matte drawn by hand.  Raises BadInput where it is not a gray PNG of the photo's size.

    path: a file of this machine.
    """

    photo: PhotoFile
    path: str


@dataclass(frozen=True, slots=True)
class _OfCutout:
    """What a task about a photo's cut-out names: both by their keys."""

    photo: PhotoFile
    cutout: str


@dataclass(frozen=True, slots=True)
class CorrectMatte(_OfCutout, PixelTask[Matte]):
    """A cut-out as hints want it, stored as a new one.  Raises BadInput."""

    hints: Hints


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the store."""

    key: str
    format: str
    size: tuple[int, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ShowCorrectedMatte(_OfCutout, PixelTask[Picture]):
    """As `CorrectMatte`, but only its matte as a picture: to be looked at before it is stored."""

    hints: Hints


class MattePng(_OfCutout, PixelTask[bytes]):
    """The matte as an 8-bit gray PNG at the photo's upright size."""


class CutoutPng(_OfCutout, PixelTask[bytes]):
    """The product's own colours, and nothing where there is none of it."""


# --- enlarge ---


@dataclass(frozen=True, slots=True)
class UpscaleResult:
    """enlarged: the key of the enlargement; "" where the product's own pixels do."""

    enlarged: str
    findings: tuple[Finding, ...]
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True, slots=True)
class UpscalePhoto(_OfCutout, PixelTask[UpscaleResult]):
    """Enlarge the product where that is called for, and store it: once for all items of the photo."""

    target: Target
    upscaled: bool = False


@dataclass(frozen=True, slots=True)
class UpscaleProduct(_OfCutout, PixelTask[Picture]):
    """The product alone, enlarged, on a transparent backdrop.

    Raises NoSuchModel where the model is not installed, BadInput where the product is large already.
    """

    factor: int


@dataclass(frozen=True, slots=True)
class TilePace:
    """How long enlarging takes here: tiles of `side` pixels that overlap, `seconds` each."""

    side: int
    overlap: int
    seconds: float


@dataclass(frozen=True, slots=True)
class MeasureTilePace(PixelTask[TilePace | None]):
    """How long a tile takes here; None where the model is not installed."""


# --- compose, write files ---


@dataclass(frozen=True, slots=True)
class ComposeResult:
    findings: tuple[Finding, ...]
    changes: tuple[str, ...]  # what touched the product's own pixels
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True, slots=True)
class _OfComposition(_OfCutout):
    """What a task about a photo's compositions names.

    enlarged: key of the enlargement, "" for the product's own pixels.  pictures: photo id → key of the original, for
    what a style lays behind the product.
    """

    target: Target
    enlarged: str = ""
    pictures: dict[str, str] = field(default_factory=dict)
    seed: int = 0


class ComposePhoto(_OfComposition, PixelTask[ComposeResult]):
    """Compose once per geometry and leave the compositions for `WriteFiles`."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One channel's file."""

    channel: str
    key: str
    sha256: str
    bytes: int
    width: int
    height: int
    format: str
    quality: int | None
    disclosure: str
    rejected: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class WriteResult:
    files: tuple[WrittenFile, ...]
    thumbnail: str  # key of a small picture of the first composition
    steps: tuple[StepRecord, ...]


class WriteFiles(_OfComposition, PixelTask[WriteResult]):
    """One file a channel, encoded, checked and stored under its own hash."""
