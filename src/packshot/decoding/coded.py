"""Colour that a file codes by numbers instead of by a profile: CICP (nclx, cICP), and a PNG's gAMA and cHRM.

HDR is brought down to what a screen shows: diffuse white, 203 cd/m², becomes white, and what is brighter is compressed.
ITU-T H.273; ITU-R BT.2100; BT.2408 for the level of diffuse white.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, thrice, to_srgb

PQ, HLG = 16, 18
_WHITE = 203.0  # cd/m² of diffuse white
_D65 = (0.3127, 0.3290)
_SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
# Chromaticities of red, green, blue and white, by their number in H.273.
_PRIMARIES = {
    1: _SRGB,
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}  # fmt: skip
_NAMES = {1: "sRGB", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_AS_SRGB = {1, 6, 13, 14, 15}  # television's curves, which every viewer shows as sRGB
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_UNSPECIFIED = 2
HDR_NOTE = (
    "This is an HDR picture ({kind}). It was converted for normal screens, its brightest parts compressed: "
    "compare its colours before you approve, or send a standard export."
)
UNKNOWN_NOTE = "The file codes its colours in a way that is not known ({what}); they were read as sRGB."

Chromaticities = tuple[tuple[float, float], ...]  # of red, green, blue and white


@dataclass(frozen=True, slots=True)
class Coding:
    """How levels stand for light.  transfer: a number of H.273, or 0 where `gamma` says it."""

    name: str
    chromaticities: Chromaticities
    transfer: int = 13
    gamma: float = 0.0

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (PQ, HLG)

    @property
    def note(self) -> str:
        """What is to be said of it; empty where nothing is."""
        return HDR_NOTE.format(kind="PQ" if self.transfer == PQ else "HLG") if self.is_hdr else ""


def by_numbers(primaries: int, transfer: int) -> Coding | str | None:
    """None for sRGB and what counts as such; words for a coding that is not known."""
    primaries = 1 if primaries == _UNSPECIFIED else primaries
    transfer = 13 if transfer in _AS_SRGB or transfer == _UNSPECIFIED else transfer
    if primaries not in _PRIMARIES or transfer not in {13, PQ, HLG, *_GAMMAS}:
        return UNKNOWN_NOTE.format(what=f"primaries {primaries}, transfer {transfer}")
    if (primaries, transfer) == (1, 13):
        return None
    suffix = {PQ: " PQ", HLG: " HLG", 8: ", linear"}.get(transfer, "")
    return Coding(_NAMES[primaries] + suffix, _PRIMARIES[primaries], transfer)


def by_gamma(gamma: float | None, chromaticities: Chromaticities | None) -> Coding | str | None:
    """A PNG's gAMA, as the exponent that undoes it, and cHRM.  Words where they make no sense."""
    primaries = chromaticities or _SRGB
    if (gamma is not None and not 0.2 <= gamma <= 5) or not _is_a_gamut(primaries):
        return UNKNOWN_NOTE.format(what="a gamma or primaries out of range")
    as_srgb = gamma is None or abs(gamma - 2.2) < 0.05  # what programs write for sRGB
    usual = all(
        abs(a - b) < 0.005 for one, other in zip(primaries, _SRGB, strict=True) for a, b in zip(one, other, strict=True)
    )
    if as_srgb and usual:
        return None
    name = "its own primaries" if not usual else f"gamma {gamma:.2g}"
    return Coding(name, primaries, 13 if as_srgb else 0, 0.0 if as_srgb or gamma is None else gamma)


def into_srgb(levels: NDArray[np.uint8] | NDArray[np.uint16], coding: Coding) -> U8:
    """(H, W) or (H, W, 3) levels to (H, W, 3) sRGB."""
    table = _linear(levels.dtype, coding)
    turn = _into_srgb_primaries(coding.chromaticities).astype(np.float32)
    result = np.empty((*levels.shape[:2], 3), np.uint8)
    every = max(1, round((levels.shape[0] * levels.shape[1] / 1e6) ** 0.5))
    light_of_all = _light(levels[::every, ::every], table, turn, coding)
    peak = float(np.percentile(light_of_all.max(2), 99.95)) if coding.is_hdr else 1.0
    for start in range(0, len(levels), 256):
        light = _light(levels[start : start + 256], table, turn, coding)
        if peak > 1:
            _compress(light, peak)
        result[start : start + 256] = to_srgb(np.clip(light, 0, 1))
    return result


def _light(levels: NDArray[np.uint8] | NDArray[np.uint16], table: F32, turn: F32, coding: Coding) -> F32:
    """Linear light with sRGB primaries, 1 at diffuse white."""
    light = table[levels]
    light = thrice(light) if light.ndim == 2 else light
    if coding.transfer == HLG:  # BT.2100, table 5: a screen of 1000 cd/m² adds a gamma of 1.2 to the luminance
        luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
        light = light * (np.maximum(luminance, 1e-6) ** np.float32(0.2) * np.float32(1000 / _WHITE))[..., None]
    return np.asarray(cv2.transform(np.ascontiguousarray(light, np.float32), turn), np.float32)


def _compress(light: F32, peak: float) -> None:
    """In place: from three quarters of white on, what reaches up to `peak` fits below 1; hue stays."""
    knee = 0.75
    brightest = np.maximum(light.max(2), 1e-6)
    steep = (peak - knee) / (1 - knee)
    over = np.clip((brightest - knee) / (peak - knee), 0, 1)
    pressed = np.where(brightest > knee, knee + (1 - knee) * steep * over / (1 + (steep - 1) * over), brightest)
    light *= (pressed / brightest)[..., None].astype(np.float32)


def _linear(kind: np.dtype, coding: Coding) -> F32:
    """Light for every level; of PQ relative to diffuse white."""
    most = np.iinfo(kind).max
    signal = np.arange(most + 1) / most
    match coding.transfer:
        case 0:
            light = signal**coding.gamma
        case 16:  # BT.2100, table 4
            power = signal ** (1 / 78.84375)
            light = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
            light *= 10_000 / _WHITE
        case 18:  # BT.2100, table 5
            a, b, c = 0.17883277, 0.28466892, 0.55991073
            light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        case number if number in _GAMMAS:
            light = signal ** _GAMMAS[number]
        case _:
            light = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _is_a_gamut(chromaticities: Chromaticities) -> bool:
    try:
        turn = _into_srgb_primaries(chromaticities)
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return False
    return bool(np.isfinite(turn).all() and np.abs(turn).max() < 20)


def _into_srgb_primaries(chromaticities: Chromaticities) -> NDArray[np.float64]:
    """Linear light of these primaries to that of sRGB's, white to white (both count as adapted to)."""
    return np.asarray(np.linalg.inv(_to_xyz(_SRGB)) @ _adapted(chromaticities[3]) @ _to_xyz(chromaticities))


def _to_xyz(chromaticities: Chromaticities) -> NDArray[np.float64]:
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in chromaticities]).T
    return np.asarray(columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3]))


def _adapted(white: tuple[float, float]) -> NDArray[np.float64]:
    """From this white to D65.  Bradford."""
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    there, here = (cones @ np.array([x / y, 1, (1 - x - y) / y]) for x, y in (_D65, white))
    return np.asarray(np.linalg.inv(cones) @ np.diag(there / here) @ cones)
