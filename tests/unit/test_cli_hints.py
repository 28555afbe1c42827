"""Hints on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from packshot.cli import app
from packshot.errors import BadOption


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo; the model takes a disc in its middle for the product."""
    monkeypatch.setenv("PACKSHOT_FAKE_MODELS", "true")
    monkeypatch.setenv("PACKSHOT_CACHE_DIR", str(tmp_path / "cache"))
    pixels = np.full((200, 240, 3), 230, np.uint8)
    pixels[40:160, 60:180] = (60, 90, 40)
    Image.fromarray(pixels).save(tmp_path / "box.png")
    return tmp_path / "box.png"


def test_a_click_takes_in_what_is_missing(photo: Path, tmp_path: Path) -> None:
    def cut(*hints: str) -> np.ndarray:
        result = CliRunner().invoke(app, ["segment", str(photo), *hints, "--out", str(tmp_path)])
        assert result.exit_code == 0, result.output
        return np.asarray(Image.open(tmp_path / "box.matte.png"))

    assert cut()[45, 65] == 0
    assert cut("--keep", "65,45")[45, 65] == 255


@pytest.mark.parametrize(
    ("hints", "words"),
    [
        (["--keep", "here"], "2 whole numbers"),
        (["--box", "1,2,3"], "4 whole numbers"),
        (["--remove", "-5,2"], "2 whole numbers"),
        (["--keep", "1,1"] * 65, "64 points"),
    ],
)
def test_a_hint_that_is_none_is_refused(photo: Path, hints: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["segment", str(photo), *hints])
    assert isinstance(result.exception, BadOption)
    assert words in str(result.exception)


def test_hints_are_about_one_photo(photo: Path) -> None:
    other = photo.with_name("other.png")
    Image.open(photo).rotate(90).save(other)
    result = CliRunner().invoke(app, ["segment", str(photo), str(other), "--keep", "3,4"])
    assert isinstance(result.exception, BadOption)
    assert "one photo" in str(result.exception)
