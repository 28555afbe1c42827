"""Each check on one file that is fine and one that is not.  How well they judge real ones is the benchmarks' affair."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from handmade import TOOLS, block, composed, cutout_of, disc, external_file, ours, textured
from packshot.check import Subject
from packshot.checks import CHECKS
from packshot.checks.edges import edges
from packshot.checks.file import DOUBTFUL, UNSAFE, disclosure, file_format, file_size, safety
from packshot.checks.frame import cut, fill
from packshot.checks.resolution import resolution, side
from packshot.checks.unchanged import unchanged
from packshot.checks.white import white
from packshot.finding import Verdict
from packshot.rules import Rules
from packshot.step import Composition
from packshot.steps import Shadow

SIDE = 400


def result(*, backdrop: int = 255, share: float = 0.8) -> Subject:
    """A disc on an even backdrop."""
    edge = round(SIDE * (1 - share) / 2)
    matte = disc(SIDE, SIDE, (edge, edge, SIDE - edge, SIDE - edge))
    a = matte[..., None] / 255
    pixels = np.round(textured(SIDE, SIDE) // 2 * a + backdrop * (1 - a)).astype(np.uint8)
    return external_file(pixels, matte)


def composition() -> Composition:
    # Enlarged and shrunk by nothing odd: what is compared is resampled like any file's.
    return composed(cutout_of(textured(700, 700), disc(700, 700, (100, 120, 600, 580))), side=SIDE)


def rules(**fields: object) -> Rules:
    return Rules.model_validate({"hard": ["white", "fill", "cut", "side", "bytes", "format", "disclosure",
                                          "safety", "unchanged", "resolution"], **fields})  # fmt: skip


def test_a_good_file_of_ours_passes_every_check() -> None:
    subject = ours(Shadow().run(composition(), TOOLS))
    findings = [f for check in CHECKS if (f := check(subject, rules(white=True, fill=(0.7, 0.9)))) is not None]
    assert {f.check for f in findings if f.verdict in (Verdict.FAIL, Verdict.WARN)} <= {"resolution"}
    assert {"unchanged", "grounded", "fill", "white", "cut", "safety", "side", "format", "disclosure"} <= {
        f.check for f in findings
    }


def test_breaking_a_rule_rejects_where_it_is_hard_and_warns_elsewhere() -> None:
    subject = result(share=0.3)
    assert fill(subject, rules(fill=(0.8, 1))).verdict is Verdict.FAIL
    assert fill(subject, rules(fill=(0.8, 1), hard=[])).verdict is Verdict.WARN


def test_fill_requires_the_longer_side_between_its_limits() -> None:
    assert fill(result(share=0.8), rules(fill=(0.75, 0.9))).verdict is Verdict.OK
    assert fill(result(share=0.6), rules(fill=(0.75, 0.9))).verdict is Verdict.FAIL
    assert fill(result(share=0.97), rules(fill=(0.75, 0.9))).verdict is Verdict.FAIL
    nothing = external_file(textured(SIDE, SIDE), np.zeros((SIDE, SIDE), np.uint8))
    assert fill(nothing, rules()).verdict is Verdict.FAIL


def test_white_requires_255_around_the_product() -> None:
    wants = rules(white=True)
    for level, verdict in ((255, Verdict.OK), (245, Verdict.FAIL), (0, Verdict.FAIL)):
        finding = white(result(backdrop=level), wants)
        assert finding is not None
        assert finding.verdict is verdict, level
    assert white(result(backdrop=0), rules(white=False)) is None


def test_white_finds_a_grey_corner_and_transparency() -> None:
    subject = result()
    pixels = subject.pixels.copy()
    pixels[:40, :40] = 230
    for bad in (replace(subject, pixels=pixels), replace(subject, alpha=subject.picture.matte)):
        finding = white(bad, rules(white=True))
        assert finding is not None
        assert finding.verdict is Verdict.FAIL


def test_a_product_that_runs_out_of_the_picture_is_found() -> None:
    assert cut(result(), rules()).verdict is Verdict.OK
    sliced = external_file(textured(SIDE, SIDE), block(SIDE, SIDE, (100, 100, 300, SIDE)))
    assert cut(sliced, rules()).verdict is Verdict.FAIL
    assert "bottom" in cut(sliced, rules()).words


def test_sides_have_a_least_and_a_most() -> None:
    for least, most, verdict in ((1, 1000, Verdict.OK), (500, 1000, Verdict.FAIL), (1, 300, Verdict.FAIL)):
        assert side(result(), rules(min_side_px=least, max_side_px=most)).verdict is verdict


def test_resolution_counts_the_products_own_pixels_in_the_photo() -> None:
    few = resolution(ours(composition()), rules(product_px=900))
    assert few is not None
    assert few.verdict is Verdict.FAIL
    assert few.value == pytest.approx(500, abs=3)
    enough = resolution(ours(composition()), rules(product_px=400))
    assert enough is None or enough.verdict is not Verdict.FAIL


def test_a_blurred_file_made_elsewhere_is_soft() -> None:
    cells = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    crisp = np.kron(cells, np.ones((20, 20, 1), np.uint8))
    matte = block(800, 800, (50, 50, 750, 750))
    for pixels, verdict in ((crisp, Verdict.OK), (cv2.GaussianBlur(crisp, (0, 0), 7), Verdict.WARN)):
        finding = resolution(external_file(np.asarray(pixels, np.uint8), matte), rules())
        assert finding is not None
        assert finding.verdict is verdict


def test_only_the_channels_formats_pass() -> None:
    assert file_format(result(), rules(formats=["jpeg"])).verdict is Verdict.OK
    finding = file_format(replace(result(), format="tiff"), rules(formats=["jpeg", "png"]))
    assert finding.verdict is Verdict.FAIL
    assert "JPEG, PNG" in finding.words


def test_bytes_are_held_against_the_cap() -> None:
    assert file_size(result(), rules()) is None
    for most, verdict in ((60_000, Verdict.OK), (40_000, Verdict.FAIL)):
        finding = file_size(result(), rules(max_bytes=most))
        assert finding is not None
        assert finding.verdict is verdict


def test_a_file_has_to_say_how_it_was_made() -> None:
    silent = disclosure(replace(result(), source_type=""), rules())
    disclosed = disclosure(result(), rules())
    assert silent is not None
    assert disclosed is not None
    assert (silent.verdict, disclosed.verdict) == (Verdict.FAIL, Verdict.OK)
    assert disclosure(replace(result(), source_type=""), rules(disclosure=False)) is None


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(0.0, Verdict.OK), (DOUBTFUL - 0.01, Verdict.OK), (DOUBTFUL, Verdict.WARN), (UNSAFE, Verdict.FAIL)],
)
def test_safety_follows_the_score(score: float, verdict: Verdict) -> None:
    finding = safety(replace(result(), unsafe=score), rules())
    assert finding is not None
    assert finding.verdict is verdict
    assert safety(replace(result(), unsafe=None), rules()) is None


def test_edges_see_stairs_fringes_and_blur() -> None:
    matte = disc(800, 800, (100, 100, 700, 700))
    a = matte[..., None] / 255
    backdrop, product = np.full((800, 800, 3), 255.0), np.full((800, 800, 3), (60.0, 40.0, 30.0))
    clean = product * a + backdrop * (1 - a)
    wide = disc(800, 800, (97, 97, 703, 703))[..., None] / 255
    fringe = product * a + (np.array((40.0, 220.0, 40.0)) * wide + backdrop * (1 - wide)) * (1 - a)
    stairs = cv2.resize((matte[::8, ::8] > 127).astype(np.uint8), (800, 800), interpolation=cv2.INTER_NEAREST)
    stepped = product * stairs[..., None] + backdrop * (1 - stairs[..., None])
    soft = cv2.GaussianBlur(clean, (0, 0), 8)
    verdicts = {}
    for name, picture in {"clean": clean, "fringe": fringe, "stairs": stepped, "soft": soft}.items():
        finding = edges(external_file(np.round(picture).astype(np.uint8), matte), rules())
        verdicts[name] = finding and finding.verdict
    assert verdicts == {"clean": Verdict.OK, "fringe": Verdict.WARN, "stairs": Verdict.WARN, "soft": Verdict.WARN}


# --- unchanged ---


def test_the_products_own_pixels_are_proven() -> None:
    finding = unchanged(ours(composition()), rules())
    assert finding is not None
    assert finding.verdict is Verdict.OK
    assert finding.value == 0


def test_a_product_that_was_touched_before_saving_is_found() -> None:
    laid = composition()
    assert laid.product is not None
    touched = laid.product.copy()
    middle = touched.shape[0] // 2
    touched[middle : middle + 4, middle : middle + 4] *= 0.8
    finding = unchanged(ours(replace(laid, product=touched)), rules())
    assert finding is not None
    assert finding.verdict is Verdict.FAIL
    assert "differ from the photo" in finding.words


def test_colours_that_shifted_in_saving_are_found() -> None:
    laid = composition()
    shifted = laid.flatten() + np.array([30, 0, -30])
    finding = unchanged(ours(laid, pixels=np.clip(shifted, 0, 255).astype(np.uint8)), rules())
    assert finding is not None
    assert finding.verdict is Verdict.FAIL
    assert "saving" in finding.words.lower()


def test_a_change_on_purpose_is_reported_and_not_rejected() -> None:
    finding = unchanged(ours(replace(composition(), changes=("relit",))), rules())
    assert finding is not None
    assert finding.verdict is Verdict.WARN
    assert "relit" in finding.words


def test_a_product_without_its_photo_cannot_be_compared() -> None:
    assert unchanged(result(), rules()) is None
