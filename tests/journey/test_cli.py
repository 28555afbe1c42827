"""The real commands, from a shell's point of view."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import COMMAND, Run
from PIL import Image

from packshot.image import encode, read
from packshot.settings import Limits
from places import SAMPLES

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
]  # all of it at once; what takes seconds may take minutes where others work
ROWS = list(csv.DictReader((SAMPLES / "samples.csv").read_text("utf-8").splitlines()))


def report_of(out: Path) -> dict[str, Any]:
    return json.loads((out / "report.json").read_text("utf-8"))


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.suffix in (".jpg", ".png", ".webp")
    }


# --- shoot ---


def test_every_sample_gets_a_file_for_every_shop(all_samples: Path) -> None:
    expected = {f"amazon/{row['asin']}.MAIN.jpg" for row in ROWS}
    for row in ROWS:
        expected |= {f"{shop}/{row['sku']}-main.webp" for shop in ("shopify", "web")}
        expected.add(f"master/{row['sku']}-main.png")
    assert set(files_of(all_samples)) == expected


def test_every_file_has_its_shops_size_and_format_and_says_how_it_was_made(all_samples: Path) -> None:
    wanted = {"amazon": ((2048, 2048), "JPEG"), "shopify": ((2048, 2048), "WEBP"), "web": ((1600, 2000), "WEBP"),
              "master": ((2048, 2048), "PNG")}  # fmt: skip
    for name, content in files_of(all_samples).items():
        photo = read(content, name, limits=Limits())
        assert (photo.size, photo.format) == wanted[name.split("/")[0]], name
        assert b"algorithmicallyEnhanced" in photo.xmp, name
        assert "sRGB" in photo.profile, name
        assert (photo.alpha is not None) == name.startswith("master/"), name


def test_the_report_tells_every_file_and_the_contact_sheet_shows_every_product(all_samples: Path) -> None:
    report = report_of(all_samples)
    assert [item["sku"] for item in report["items"]] == [row["sku"] for row in ROWS]
    files = files_of(all_samples)
    told = {r["path"]: r["bytes"] for item in report["items"] for r in item["renditions"]}
    assert told == {name: len(content) for name, content in files.items()}
    sheet = (all_samples / "index.html").read_text("utf-8")
    assert all(row["sku"] in sheet for row in ROWS)
    assert any("isnet" in notice.lower() for notice in report["notices"])


def test_a_second_run_finds_everything_unchanged(packshot: Run, all_samples: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in all_samples.rglob("*.webp")}
    done = packshot("shoot", SAMPLES / "samples.csv", "-t", "white", "-c", "amazon,shopify,web", "-o", all_samples)
    assert {item["status"] for item in report_of(all_samples)["items"]} == {"unchanged"}
    assert "6 unchanged" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in all_samples.rglob("*.webp")} == before


def test_the_same_inputs_give_the_same_bytes_in_another_folder(
    packshot: Run, all_samples: Path, tmp_path: Path
) -> None:
    lines = (SAMPLES / "samples.csv").read_text("utf-8").splitlines()
    shutil.copy(SAMPLES / "bear.jpg", tmp_path)
    (tmp_path / "one.csv").write_text("\n".join([lines[0], *(line for line in lines if "bear.jpg" in line)]))
    packshot("shoot", tmp_path / "one.csv", "-c", "amazon,shopify,web", "-o", tmp_path / "out", "-j", "1")
    again, first = files_of(tmp_path / "out"), files_of(all_samples)
    assert len(again) == 4
    assert again == {name: first[name] for name in again}


def test_a_damaged_file_in_a_folder_is_told_and_the_rest_is_finished(packshot: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(SAMPLES / "can.jpg", folder / "a-can.jpg")
    (folder / "b-cut.jpg").write_bytes((SAMPLES / "mug.jpg").read_bytes()[:40_000])
    (folder / "c-text.png").write_text("this is no picture")
    shutil.copy(SAMPLES / "jar.jpg", folder / "d-jar.jpg")
    done = packshot("shoot", folder, "-c", "shopify", "-o", tmp_path / "out", code=1)
    assert "b-cut.jpg" in done.stdout
    assert "damaged or cut short" in done.stdout
    assert "c-text.png" in done.stdout
    statuses = {Path(item["name"]).name: item["status"] for item in report_of(tmp_path / "out")["items"]}
    assert statuses == {"a-can.jpg": "done", "b-cut.jpg": "failed", "c-text.png": "failed", "d-jar.jpg": "done"}
    assert (tmp_path / "out" / "shopify" / "d-jar-main.webp").is_file()


def test_a_file_that_breaks_a_rule_of_its_shop_is_rejected(packshot: Run, tmp_path: Path) -> None:
    done = packshot("shoot", SAMPLES / "can.jpg", "-t", "color", "-c", "amazon", "--insist", "-o", tmp_path, code=2)
    assert "amazon/rejected/can.MAIN.jpg" in done.stdout
    assert "white" in done.stdout
    assert list(files_of(tmp_path)) == ["amazon/rejected/can.MAIN.jpg", "master/can-main.png"]
    # A look that the shop takes puts it right.
    packshot("shoot", SAMPLES / "can.jpg", "-t", "white", "-c", "amazon", "-o", tmp_path)
    assert list(files_of(tmp_path)) == ["amazon/can.MAIN.jpg", "master/can-main.png"]


def test_json_on_standard_output_is_the_report_and_nothing_else(packshot: Run, tmp_path: Path) -> None:
    done = packshot("shoot", SAMPLES / "can.jpg", "-c", "shopify", "-o", tmp_path, "--json")
    assert json.loads(done.stdout) == report_of(tmp_path)


def test_a_preview_is_small_and_lies_apart(packshot: Run, tmp_path: Path) -> None:
    packshot("shoot", SAMPLES / "can.jpg", "-c", "amazon", "-o", tmp_path, "--preview")
    [file] = list(tmp_path.rglob("*.jpg"))
    assert file.relative_to(tmp_path).parts[0] == "preview"
    with Image.open(file) as picture:
        assert picture.size == (512, 512)


def test_a_zip_is_developed_without_being_unpacked(packshot: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "shoes.zip", "w") as archive:
        archive.write(SAMPLES / "can.jpg", "left/can.jpg")
        archive.write(SAMPLES / "jar.jpg", "jar.jpg")
    packshot("shoot", tmp_path / "shoes.zip", "-c", "shopify", "-o", tmp_path / "out", "--preview")
    out = tmp_path / "out" / "preview"
    assert {p.name for p in (out / "shopify").iterdir()} == {"can-main.webp", "jar-main.webp"}
    assert not list(tmp_path.rglob("*.jpg"))


def test_a_picture_of_ones_own_is_the_backdrop(packshot: Run, tmp_path: Path) -> None:
    (tmp_path / "wall.png").write_bytes(encode(np.full((300, 300, 3), (20, 90, 160), np.uint8), format="png"))
    packshot(
        "shoot", SAMPLES / "can.jpg", "-t", "image", "--set", f"picture={tmp_path / 'wall.png'}", "-c", "shopify",
        "-o", tmp_path / "out", "--preview",
    )  # fmt: skip
    photo = read((tmp_path / "out/preview/shopify/can-main.webp").read_bytes(), "can", limits=Limits())
    assert np.abs(photo.pixels[5, 5].astype(int) - (20, 90, 160)).max() <= 6
    assert b"compositeCapture" in photo.xmp
    done = packshot("shoot", SAMPLES / "can.jpg", "-t", "image", "-o", tmp_path / "none", code=64)
    assert "picture" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "shado=0.2"), "Did you mean “shadow”"),
        (("--set", "shadow=7"), "shadow"),
        (("--set", "shadow"), "name=value"),
        (("-t", "whit"), "Did you mean “white”"),
        (("-c", "amazn"), "Did you mean “amazon”"),
        (("-c", ","), "no channel"),
        (("--glow",), "--glow"),
    ],
)
def test_a_command_that_was_not_understood_ends_with_64_and_a_hint(
    packshot: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = packshot("shoot", SAMPLES / "can.jpg", "-o", tmp_path / "out", *words, code=64)
    assert said in done.stderr
    assert not list(tmp_path.rglob("*.webp"))


def test_an_input_that_is_not_there_is_a_failed_file(packshot: Run, tmp_path: Path) -> None:
    done = packshot("shoot", tmp_path / "nothing.jpg", "-o", tmp_path / "out", code=1)
    assert "nothing.jpg" in done.stdout + done.stderr


# --- each step alone ---


def test_segment_writes_the_matte_and_the_cut_out(packshot: Run, tmp_path: Path) -> None:
    packshot("segment", SAMPLES / "mug.jpg", "-o", tmp_path)
    with Image.open(tmp_path / "mug.matte.png") as matte, Image.open(SAMPLES / "mattes/mug.png") as exact:
        assert (matte.mode, matte.size) == ("L", exact.size)
        coverage = np.asarray(matte)
        assert np.abs(coverage.astype(int) - np.asarray(exact)).mean() < 3
    photo = read((SAMPLES / "mug.jpg").read_bytes(), "mug.jpg", limits=Limits())
    with Image.open(tmp_path / "mug.cutout.png") as cutout:
        pixels = np.asarray(cutout)
    assert np.array_equal(pixels[..., 3], coverage)
    assert np.array_equal(pixels[coverage == 255][:, :3], photo.pixels[coverage == 255])
    assert not pixels[coverage == 0].any()


def test_analyse_tells_in_json_what_a_script_can_use(packshot: Run) -> None:
    told = json.loads(packshot("analyse", SAMPLES / "can.jpg", "--json").stdout)
    assert {"blur", "noise"} <= {finding["check"] for finding in told["findings"]}


def test_compose_and_export_pass_a_picture_on(packshot: Run, tmp_path: Path) -> None:
    packshot("compose", SAMPLES / "can.jpg", "-t", "gradient", "--size", "500x600", "-o", tmp_path)
    with Image.open(tmp_path / "can.png") as picture:
        assert picture.size == (500, 600)
    packshot("export", tmp_path / "can.png", "-c", "web,amazon", "-o", tmp_path / "out")
    sizes = {}
    for path in sorted((tmp_path / "out").rglob("*.*")):
        with Image.open(path) as file:
            sizes[path.relative_to(tmp_path / "out").as_posix()] = file.size
    assert sizes == {"amazon/can.MAIN.jpg": (2048, 2048), "web/can-main.webp": (1600, 2000)}


def test_check_judges_a_strangers_file(packshot: Run, all_samples: Path, tmp_path: Path) -> None:
    with Image.open(SAMPLES / "mug.jpg") as photo:  # a raw photo is no marketplace picture
        photo.convert("RGB").resize((800, 600)).save(tmp_path / "bad.jpg")
    good = next(all_samples.glob("amazon/*.jpg"))
    done = packshot("check", tmp_path / "bad.jpg", good, "-c", "amazon", "--json", code=2)
    bad, fine = ({f["check"] for f in json.loads(line)["findings"] if f["verdict"] == "fail"}
                 for line in done.stdout.splitlines())  # fmt: skip
    assert {"white", "side", "fill"} <= bad
    assert fine == set()


# --- what there is ---


def test_a_channel_of_ones_own_is_made_once_and_used(packshot: Run, tmp_path: Path) -> None:
    packshot("channels", "new", "my-shop", "--size", "400x500", "--format", "png", "--name-pattern", "{name}_{sku}")
    packshot("channels", "new", "my-shop", code=64)
    packshot("channels", "new", "other", "--name-pattern", "{sku}{", code=64)
    assert "my-shop" in packshot("channels").stdout
    assert "400" in packshot("channels", "show", "my-shop").stdout
    packshot("shoot", SAMPLES / "can.jpg", "-c", "my-shop", "-o", tmp_path, "--preview")
    with Image.open(tmp_path / "preview" / "my-shop" / "can_can.png") as file:
        assert file.size == (400, 500)


def test_templates_models_doctor_and_version_answer(packshot: Run) -> None:
    assert "gradient" in packshot("templates").stdout
    assert "commercial use" in packshot("models").stdout
    assert "Ready." in packshot("doctor").stdout
    assert packshot("--version").stdout.startswith("packshot ")
    assert "shoot" in packshot("--help").stdout


def test_without_models_the_words_say_how_to_get_them(environment: dict[str, str], tmp_path: Path) -> None:
    bare = {**environment, "PACKSHOT_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [str(COMMAND), "shoot", str(SAMPLES / "can.jpg"), "-o", str(tmp_path / "out")],
        env=bare, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 1
    assert "packshot models pull" in done.stderr
    assert "Traceback" not in done.stderr


def test_real_photos_are_developed(packshot: Run, photos: Path, tmp_path: Path) -> None:
    chosen = ["can-00.jpg", "vase-00.jpg", "icc-profile.jpg"]
    packshot("shoot", *(photos / name for name in chosen), "-c", "shopify", "-o", tmp_path, "--preview")
    items = report_of(tmp_path / "preview")["items"]
    assert [item["name"] for item in items] == chosen
    assert {item["status"] for item in items} == {"done"}
    assert all(item["photo"]["sha256"] for item in items)
    for item in items:
        assert (tmp_path / "preview" / item["renditions"][0]["path"]).is_file()
