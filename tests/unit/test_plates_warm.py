"""`packshot plates warm`: what is rendered ahead is what photos are shown in."""

from __future__ import annotations

from pathlib import Path

import pytest

from packshot.cli import plates
from packshot.rendering.engines import plate_cache
from packshot.rendering.engines.fake import FakeSetRenderer
from packshot.rendering.engines.local import local_plates
from packshot.rendering.sets import SETS
from packshot.settings import Settings
from packshot.template import templates


def test_every_rendered_set_has_few_plates_and_pure_white_none() -> None:
    found = list(plates.shots(templates().values(), SETS.values(), 1.0))
    assert {shot.set for shot in found} == set(SETS) - {"white"}
    assert len(set(found)) == len(found)
    for id in {shot.set for shot in found}:
        heights = {shot.pitch_deg for shot in found if shot.set == id}
        assert heights == set(SETS[id].standard)
    assert len([shot for shot in found if shot.set == "marble"]) == 4
    assert len([shot for shot in found if shot.set == "linen"]) == 1


def test_what_was_warmed_is_not_rendered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Engine(FakeSetRenderer):
        asked = 0

        def plate(self, shot, size):  # type: ignore[no-untyped-def]
            type(self).asked += 1
            return super().plate(shot, size)

    def small(settings: Settings, **rest: object) -> plate_cache.PlateCache:
        made = local_plates(settings, sides=(32, 64))
        made._start = Engine
        return made

    monkeypatch.setenv("PACKSHOT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(plates, "local_plates", small)
    monkeypatch.setattr(plates, "SIDES", (32, 64))
    assert plates.warm(["marble"]) == 0
    assert Engine.asked == 8
    assert "plate 8 of 8: marble, 24°, 64 × 64" in capsys.readouterr().err
    assert plates.warm(["marble"]) == 0
    assert Engine.asked == 8
