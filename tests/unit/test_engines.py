"""Which engine cuts out: what is asked for, what is there, and what is said where they differ."""

from __future__ import annotations

import onnxruntime
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from packshot.cli import app
from packshot.model import Matter
from packshot.models import onnx
from packshot.models.local import local_matter
from packshot.service.pixel_tasks.context import PixelContext
from packshot.settings import Settings


def test_one_chosen_gpu_is_tried_alone_and_without_a_choice_cuda_comes_first() -> None:
    assert onnx.providers_for("directml") == ("directml",)
    assert onnx.providers_for("") == ("cuda", "directml", "coreml")
    assert onnx.providers_for("cpu") == ()


def test_a_missing_gpu_is_in_the_engines_note_and_name() -> None:
    matter = local_matter(Settings(engine="onnxruntime-cuda"))
    assert matter.engine.name == "onnxruntime-cpu"
    assert "CUDA" in matter.engine.note
    assert "processor" in matter.engine.note
    assert "CUDA" not in matter.engine.words, "a cache key names what really ran"


def test_the_chosen_processor_is_no_fallback(isnet_onnx: Matter) -> None:
    assert isnet_onnx.engine.name == "onnxruntime-cpu"
    assert isnet_onnx.engine.note == ""


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_a_gpu_that_does_not_start_is_a_fallback_too(monkeypatch: pytest.MonkeyPatch) -> None:
    promised = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: promised)
    engine = local_matter(Settings(engine="onnxruntime")).engine
    assert engine.name == "onnxruntime-cpu"
    assert "CUDA does not start" in engine.note
    assert "no DirectML" in engine.note


def test_the_doctor_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKSHOT_ENGINE", "onnxruntime-cuda")
    output = CliRunner().invoke(app, ["doctor"]).output
    line = next(line for line in output.splitlines() if "engine" in line)
    assert line.startswith("! engine: onnxruntime-cpu")
    assert "CUDA" in line


def test_a_worker_logs_it(tmp_path: object) -> None:
    with capture_logs() as events:
        _ = PixelContext(Settings(engine="onnxruntime-cuda", store_url=str(tmp_path))).matter
    assert [event["event"] for event in events] == ["engine.fallback"]
    assert events[0]["log_level"] == "warning"
    assert events[0]["engine"].startswith("onnxruntime-cpu")
