"""Specifications: what is made for whom, which version it is, and what breaks a rule by design."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from packshot.channel import channel, channels
from packshot.errors import BadOption, NotFound
from packshot.specification import (
    ROLES,
    Output,
    Specification,
    load,
    role_of,
    short_form,
    specification,
    specifications,
    to_toml,
    unsuited,
)
from packshot.template import template, templates


def made(*outputs: Output, **rest: object) -> Specification:
    return Specification(id="ours", name="Ours", outputs=outputs, **rest)  # type: ignore[arg-type]


def test_each_channel_has_one_and_there_is_one_for_everywhere_and_all_can_be_made() -> None:
    by_id = specifications()
    assert set(by_id) == {*channels(), "everywhere"} - {"master"}
    for one in by_id.values():
        for output in one.outputs:
            chosen = template(output.style).with_options(one.options_of(output))
            assert unsuited(chosen, channel(output.channel)) == ""
    assert {output.channel for output in by_id["everywhere"].outputs} == set(channels()) - {"master"}


def test_its_version_is_its_content() -> None:
    one = specification("everywhere")
    assert one.version == specification("everywhere").version
    assert made(Output(channel="amazon")).version == made(Output(channel="amazon", style="white")).version
    others = [
        made(Output(channel="web")), made(Output(channel="amazon"), seed=1), made(Output(channel="amazon"), margin=0.1),
        made(Output(channel="amazon"), hard={"fill"}),
    ]  # fmt: skip
    assert len({made(Output(channel="amazon")).version, *(other.version for other in others)}) == 5


def test_a_file_is_read_written_and_its_faults_named(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    one = made(
        Output(channel="amazon"), Output(channel="web", style="oak", roles=("front", "detail"), slot="gallery"),
        margin=0.05, hard={"fill", "cut"},
    )  # fmt: skip
    path.write_text(to_toml(one), "utf-8")
    assert load(path) == one
    assert specification(str(path)).version == one.version
    path.write_text('id = "ours"\nname = "Ours"\n[[outputs]]\nchannel = "amazon"\nroles = ["frunt"]\n', "utf-8")
    with pytest.raises(BadOption, match=r"outputs\.0\.roles\.0"):
        load(path)
    path.write_text("id = ", "utf-8")
    with pytest.raises(BadOption, match="cannot be read"):
        load(path)
    with pytest.raises(NotFound, match="Did you mean “everywhere”"):
        specification("everywere")


def test_the_same_output_twice_and_no_output_are_refused() -> None:
    for outputs in ((), (Output(channel="web"), Output(channel="web"))):
        with pytest.raises(ValidationError):
            made(*outputs)


@pytest.mark.parametrize(
    ("written", "role"),
    [("main", "front"), ("", "front"), ("angle 3", "other"), ("detail 2", "detail"), ("Three quarter", "three_quarter"),
     ("on-model", "on_model"), ("whatever", "other")],
)  # fmt: skip
def test_roles_of_older_lists_are_read(written: str, role: str) -> None:
    assert role_of(written) == role
    assert role in ROLES


def test_a_set_cannot_be_amazons_and_pure_white_can() -> None:
    amazon = channel("amazon")
    refused = {id for id, one in templates().items() if unsuited(one, amazon)}
    assert refused == set(templates()) - {"white", "transparent"}
    assert "pure white" in unsuited(template("oak"), amazon)
    assert unsuited(template("color").with_options({"color": "#ffffff"}), amazon) == ""
    assert unsuited(template("oak"), channel("shopify")) == ""


def test_outputs_are_for_roles_and_categories() -> None:
    one = made(
        Output(channel="amazon"), Output(channel="web", style="oak", roles=("front",)),
        Output(channel="shopify", style="sweep", categories=("Shoes",)),
    )  # fmt: skip
    assert [o.channel for o in one.outputs_for("main", "shoes")] == ["amazon", "web", "shopify"]
    assert [o.channel for o in one.outputs_for("angle 2", "")] == ["amazon"]


def test_a_specification_tightens_and_never_softens() -> None:
    web = channel("web")
    one = made(Output(channel="web"), hard={"fill"}, margin=0.01).applied(web)
    assert one.rules.hard == web.rules.hard | {"fill"}
    assert one.margin == web.margin  # the channel's is wider
    assert made(Output(channel="web"), margin=0.2).applied(web).margin == 0.2
    assert made(Output(channel="web")).applied(web) is web


def test_no_two_files_of_a_product_have_one_name() -> None:
    """Two styles in one slot, two slots, and every shot of the product."""
    one = made(
        Output(channel="amazon"), Output(channel="amazon", style="transparent"),
        Output(channel="web", style="white"), Output(channel="web", style="oak"),
        Output(channel="web", style="oak", options={"shadow": 0.5}),
    )  # fmt: skip
    for id in ("amazon", "web"):
        shots = [("main", 0), ("angle 2", 1), ("detail", 2), ("back", 3)]
        names = [
            one.named(channel(id), output, role=role, place=place).name_pattern.replace("{role}", role)
            for output in one.outputs if output.channel == id
            for role, place in shots
        ]  # fmt: skip
        assert len(set(names)) == len(names), names
    plain = [one.named(channel("amazon"), one.outputs[0], role=role, place=place).name_pattern for role, place in shots]
    assert plain == ["{asin}.MAIN", "{asin}.PT01", "{asin}.PT02", "{asin}.PT03"]


def test_the_short_form_is_each_style_for_each_channel() -> None:
    one = short_form([("white", {}), ("oak", {})], ["amazon", "web", "web"])
    pairs = [(output.style, output.channel) for output in one.outputs]
    assert pairs == [("white", "amazon"), ("white", "web"), ("oak", "amazon"), ("oak", "web")]
    assert [output.channel for output in short_form([("white", {})], []).outputs] == ["master"]
