"""Templates and channels: the shipped ones, the user's own, and the names of files."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from packshot.channel import Channel, channel, channels, file_stem, load, safe_name, to_toml
from packshot.errors import BadOption, NotFound
from packshot.rules import SUFFIX
from packshot.template import Template, parse_options, template, templates

SHIPPED = sorted(channels())


def result(**fields: object) -> Channel:
    return Channel.model_validate({"id": "mine", "name": "Mine", "size": (800, 600), "format": "jpeg", **fields})


# --- templates ---


def test_the_shipped_templates_are_these() -> None:
    plain = {"transparent", "color", "gradient", "image"}
    rendered = {"white", "sweep", "marble", "oak", "podium", "linen"}
    assert set(templates()) == plain | rendered


@pytest.mark.parametrize("id", sorted(templates()))
def test_every_option_of_a_shipped_template_stands_at_something_it_takes(id: str) -> None:
    look = template(id)
    assert look.steps[0].kind == "layout"
    for option in look.options:
        value = look.option_value(option)
        assert look.with_options({option: value}).option_value(option) == value


def test_an_unknown_template_suggests_the_near_one() -> None:
    with pytest.raises(NotFound, match=r"Did you mean “white”"):
        template("whit")
    with pytest.raises(NotFound, match=r"There are: .*gradient"):
        template("zzzz")


def test_an_option_moves_its_field_and_is_remembered_as_chosen() -> None:
    look = template("white").with_options(parse_options(["shadow=0.25", " size = 0.5"]))
    assert (look.option_value("shadow"), look.option_value("size")) == (0.25, 0.5)
    assert look.chosen == {"rendered.shadow", "layout.fill"}
    assert template("white").option_value("shadow") != 0.25


def test_an_unknown_option_suggests_the_near_one() -> None:
    with pytest.raises(BadOption, match=r"Did you mean “shadow”") as caught:
        template("white").with_options({"shado": "1"})
    assert caught.value.subject == "shado"


@pytest.mark.parametrize(
    ("option", "value"),
    [("shadow", "7"), ("shadow", "-1"), ("shadow", "much"), ("size", "0"), ("shadow", "nan"), ("size", "inf")],
)
def test_an_option_out_of_range_is_named_with_what_it_was_given(option: str, value: str) -> None:
    with pytest.raises(BadOption) as caught:
        template("white").with_options({option: value})
    assert caught.value.subject == option
    assert value in caught.value.message


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", "ffffff"])
def test_a_colour_is_six_hex_digits(colour: str) -> None:
    with pytest.raises(BadOption, match="color"):
        template("color").with_options({"color": colour})


@pytest.mark.parametrize("word", ["shadow", "=3", ""])
def test_an_option_without_name_or_value_is_refused(word: str) -> None:
    with pytest.raises(BadOption, match="name=value"):
        parse_options([word])


def test_a_template_whose_option_points_nowhere_is_refused() -> None:
    with pytest.raises(ValidationError, match="not there"):
        Template(id="x", name="x", words="", steps=template("white").steps, options={"glow": "shadow.glow"})


# --- channels ---


@pytest.mark.parametrize("id", SHIPPED)
def test_every_shipped_channel_is_dated_and_makes_what_it_takes(id: str) -> None:
    shop = channel(id)
    assert shop.sources
    assert all(len(source.date) == 10 for source in shop.sources)
    assert shop.format in shop.rules.formats
    assert shop.rules.min_side_px <= max(shop.size) <= shop.rules.max_side_px


@pytest.mark.parametrize("id", SHIPPED)
def test_a_channel_survives_being_written_down(id: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(to_toml(channel(id)), "utf-8")
    assert load(file) == channel(id)
    assert channel(str(file)) == channel(id)


def test_the_users_channels_come_first(tmp_path: Path) -> None:
    (tmp_path / "shopify.toml").write_text(to_toml(result(id="shopify", name="Ours")), "utf-8")
    assert channel("shopify", tmp_path).name == "Ours"
    assert channels(tmp_path).keys() == channels().keys()


def test_an_unknown_channel_suggests_the_near_one() -> None:
    with pytest.raises(NotFound, match=r"Did you mean “amazon”"):
        channel("amazn")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id = [", "cannot be read"),
        ('id = "x"\nname = "x"\nsize = [10, 10]\nformat = "jpeg"', "size"),
        ('id = "x"\nname = "x"\nsize = [100, 100]\nformat = "bmp"', "format"),
        ('id = "x"\nname = "x"\nsize = [100, 100]\nformat = "jpeg"\nglow = 1', "glow"),
        ('id = "x"\nname = "x"\nsize = [100, 100]\nformat = "jpeg"\n[rules]\nhard = ["beauty"]', "rules.hard"),
        ('id = "x"\nname = "x"\nsize = [100, 100]\nformat = "jpeg"\n[rules]\nformats = ["png"]', "does? not take"),
    ],
)
def test_a_bad_channel_file_is_refused_by_file_and_field(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadOption, match=words.replace("does?", "do")) as caught:
        load(file)
    assert caught.value.subject == str(file)


@pytest.mark.parametrize("id", ["", "Amazon", "../x", "a/b", "a b", "-a", "a" * 41])
def test_a_channel_id_is_fit_for_a_folder(id: str) -> None:
    with pytest.raises(ValidationError):
        result(id=id)


# --- names ---


@pytest.mark.parametrize(
    "pattern",
    ["photo", "{role}", "{sku}-{colour}", "{sku}-{", "{sku}}", "{sku.__class__}-{sku}", "{sku!r}{sku}", "{sku:>9}{sku}",
     "{}{sku}", "{{sku}}{sku}"],
)  # fmt: skip
def test_a_pattern_that_names_nothing_or_more_than_words_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        result(name_pattern=pattern)


def test_a_pattern_is_filled() -> None:
    stem, missing = file_stem(
        result(name_pattern="{channel}_{gtin}_{sku}_{role}_{name}_{title}"), sku="A1", role="angle 2", gtin="400",
        name="IMG_7", title="Green mug",
    )  # fmt: skip
    assert (stem, missing) == ("mine_400_A1_angle-2_IMG_7_Green-mug", ())


@pytest.mark.parametrize("word", ["asin", "gtin"])
def test_a_missing_number_is_replaced_by_the_sku_and_returned(word: str) -> None:
    assert file_stem(result(name_pattern=f"{{{word}}}.x"), sku="A1") == ("A1.x", (word,))


@pytest.mark.parametrize(
    ("role", "suffix"),
    [("main", "MAIN"), ("", "MAIN"), ("angle 2", "PT01"), ("angle 9", "PT08"), ("swatch", "SWCH"), ("detail", "PT01"),
     ("angle 1", "PT01")],
)  # fmt: skip
def test_amazon_has_its_own_names_for_roles(role: str, suffix: str) -> None:
    assert file_stem(channel("amazon"), sku="A1", asin="B01", role=role)[0] == f"B01.{suffix}"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a/b\\c", "a-b-c"),
        ("../../etc/passwd", "etc-passwd"),
        ("  x  y ", "x-y"),
        ("Größe №1", "Größe-1"),
        ("CON", "_CON"),
        ("nul.main", "_nul.main"),
        ("com1", "_com1"),
        ("console", "console"),
        ('a:b*c?d"e<f>g|h', "a-b-c-d-e-f-g-h"),
        ("\x00\n", "photo"),
        ("...", "photo"),
        ("{sku}", "sku"),
    ],
)
def test_names_are_made_safe(text: str, safe: str) -> None:
    assert safe_name(text) == safe


@given(st.text(max_size=300))
def test_any_text_makes_a_name_every_system_takes(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= 120
    assert not set(name) & set('/\\:*?"<>|\0' + string.whitespace)
    assert not name.startswith((".", "-"))
    assert name == safe_name(name) or len(name.encode()) > 100


def test_every_format_has_a_suffix() -> None:
    assert {result(format=f, rules={}).suffix for f in SUFFIX} == set(SUFFIX.values())
