"""The contact sheet stands alone, tells every item's fate in words, and lets no file name become markup."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest

from packshot import steps
from packshot.disclosure import BY_BACKDROP, ENLARGED, LASTING
from packshot.finding import Finding, Verdict
from packshot.report import ItemRecord, PhotoRecord, RenditionRecord, Report, StepRecord
from packshot.run.contact_sheet import contact_sheet, item_standing, relative_link, rendition_verdict
from packshot.run.sheet_words import CHECK, DISCLOSURE, STEP
from packshot.step import Step
from packshot.steps.encode import Encode

VOID = {"meta", "img", "input", "br", "use", "path", "circle", "rect"}
TINY = "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8\xff\xd9").decode()


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> list[str]:
        return [t for c in self.children for t in ([c] if isinstance(c, str) else c._texts())]

    def all(self, tag: str = "", **attributes: str) -> list[Node]:
        """Descendants of this tag; `class_` asks for one class among several."""
        found: list[Node] = []
        for child in self.children:
            if isinstance(child, Node):
                classes = child.attributes.get("class", "").split()
                fits = all(
                    value in classes if name == "class_" else child.attributes.get(name.replace("_", "-")) == value
                    for name, value in attributes.items()
                )
                found += [child] if fits and tag in ("", child.tag) else []
                found += child.all(tag, **attributes)
        return found


class Page(HTMLParser):
    """Builds a tree and refuses tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]
        self.feed(html)
        self.close()
        assert self.open == [self.root], f"unclosed: {[n.tag for n in self.open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"repeated attribute in <{tag}>"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def finding(check: str = "edges", verdict: Verdict = Verdict.OK, words: str = "Clean.", **more: Any) -> Finding:
    return Finding(check=check, verdict=verdict, words=words, **more)


def rendition(channel: str = "amazon", **more: Any) -> RenditionRecord:
    facts: dict[str, Any] = {
        "path": f"{channel}/mug.jpg",
        "sha256": "0" * 64,
        "bytes": 312_400,
        "size": (2000, 1600),
        "format": "jpeg",
        "disclosure": "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced",
        "findings": (finding("side", words="Large enough.", value=2000, limit=1600, unit="px"),),
    }
    return RenditionRecord(channel=channel, **{**facts, **more})


def item(**more: Any) -> ItemRecord:
    facts: dict[str, Any] = {
        "name": "mug.jpg",
        "sku": "FO-1",
        "title": "Stoneware mug",
        "template": "white",
        "status": "done",
        "photo": PhotoRecord(
            sha256="0" * 64, size=(4000, 3000), format="jpeg", profile="sRGB", bytes=2_400_000, fingerprint="0" * 16
        ),
        "uncertainty": 0.04,
        "steps": (StepRecord(kind="layout", stage="layout", version=1, parameters={"fill": 0.86}, seconds=0.5),),
        "renditions": (rendition(),),
        "before": TINY,
        "after": TINY,
    }
    return ItemRecord(**{**facts, **more})


def report(*items: ItemRecord, **more: Any) -> Report:
    facts: dict[str, Any] = {
        "packshot": "0.1.0",
        "templates": {"white": "Pure white"},
        "channels": {"amazon": "Amazon", "shop": "Own shop"},
        "seconds": 84.2,
        "items": items,
    }
    return Report(**{**facts, **more})


def page(*items: ItemRecord, **more: Any) -> Node:
    return Page(contact_sheet(report(*items, **more))).root


def only_card(**more: Any) -> Node:
    (card,) = page(item(**more)).all("article")
    return card


def test_a_run_without_photos_says_so_and_offers_no_filters() -> None:
    root = page(templates={}, channels={})
    assert "This run had no photos" in root.text
    assert not root.all("article") and not root.all(class_="bar")


def test_the_head_tells_counts_that_add_up_templates_channels_and_notices() -> None:
    rejected = item(status="rejected", renditions=(rendition(rejected=True),))
    shaky = item(findings=(finding(verdict=Verdict.WARN),))
    items = (item(), shaky, item(status="unchanged"), rejected, item(status="failed", error="Damaged.", renditions=()))
    root = page(*items, notices=("Not for commercial use.",))
    counts = {node.attributes["data-count"]: node.text for node in root.all("dd") if "data-count" in node.attributes}
    assert counts == {"done": "2", "unchanged": "1", "rejected": "1", "failed": "1", "look": "1"}
    head = root.all("header")[0].text
    for words in ("5 pictures, 4 files", "1 min 24 s", "Pure white", "Amazon, Own shop", "Not for commercial use."):
        assert words in head
    chips = [node.text for node in root.all("button", class_="chip")]
    assert chips == ["All 5", "Ready 2", "Needs a look 1", "Rejected 1", "Failed 1"]


def test_a_card_shows_both_pictures_the_file_and_a_divider_with_a_name() -> None:
    card = only_card(changes=("Light warmed by 4 %",))
    assert [picture.attributes["class"] for picture in card.all("img")] == ["before", "after"]
    assert all(picture.attributes["loading"] == "lazy" for picture in card.all("img"))
    (divider,) = card.all("input", type="range")
    assert divider.attributes["aria-label"] == "Divider between before and after: Stoneware mug"
    (link,) = card.all("a")
    assert link.attributes["href"] == "amazon/mug.jpg" and "Amazon" in link.text
    for words in ("Ready", "FO-1", "2000 × 1600 px · 312 KB · JPEG", "Light warmed by 4 %", "corrected by software"):
        assert words in card.text
    for words in ("All checks (1)", "Picture size", "2000 px", "1600 px", "Placed in the frame", "0.86", "96 %"):
        assert words in card.text


def test_a_failed_item_gives_its_reason_and_no_divider() -> None:
    card = only_card(status="failed", error="The file ends too early.", renditions=(), before="", after="", steps=())
    assert card.all(class_="error")[0].text.endswith("The file ends too early.")
    assert card.all(class_="standing")[0].text == "Failed"
    assert not card.all("img") and not card.all("input") and not card.all("button")


def test_a_failed_item_without_a_reason_does_not_stay_silent() -> None:
    assert "No reason was recorded." in only_card(status="failed", renditions=()).text


def test_an_unchanged_item_falls_back_to_the_first_file_a_browser_shows() -> None:
    files = (rendition("shop", path="shop/a b.tif", format="tiff"), rendition(path="amazon/50%.png", format="png"))
    card = only_card(status="unchanged", before="", after="", renditions=files)
    assert [picture.attributes["src"] for picture in card.all("img")] == ["amazon/50%25.png"]
    assert "clear" in card.all(class_="frame")[0].attributes["class"]
    assert "Unchanged since the last run" in card.text


def test_a_rejection_names_the_channel_and_the_finding_leads() -> None:
    bad = finding("fill", Verdict.FAIL, "Fills 61 % of the frame.", value=61, limit=85, unit="%")
    card = only_card(status="rejected", renditions=(rendition(rejected=True, findings=(bad,)), rendition("shop")))
    assert card.all(class_="standing")[0].text == "Rejected by Amazon"
    assert "Product size in frame · Amazon Fills 61 % of the frame." in card.all(class_="loud")[0].text
    verdicts = [line.attributes["data-verdict"] for line in card.all("li") if "data-verdict" in line.attributes]
    assert verdicts == ["fail", "ok"]
    assert card.attributes["data-checks"] == "fill" and card.attributes["data-channels"] == "amazon\nshop"


def test_the_same_finding_of_every_file_appears_once() -> None:
    rim = finding("edges", Verdict.WARN, "A light rim is left.")
    card = only_card(renditions=(rendition(findings=(rim,)), rendition("shop", findings=(rim,))))
    assert card.all(class_="loud")[0].text.count("A light rim is left.") == 1
    assert "All checks (1)" in card.text and "Every file" in card.text


@pytest.mark.parametrize(
    ("verdict", "rejected", "expected"),
    [
        (Verdict.OK, False, Verdict.OK),
        (Verdict.SKIPPED, False, Verdict.OK),
        (Verdict.WARN, False, Verdict.WARN),
        (Verdict.FAIL, False, Verdict.WARN),
        (Verdict.OK, True, Verdict.FAIL),
    ],
)
def test_a_file_has_a_verdict_of_its_own(verdict: Verdict, rejected: bool, expected: Verdict) -> None:
    assert rendition_verdict(rendition(rejected=rejected, findings=(finding(verdict=verdict),))) is expected


def test_the_gravest_finding_decides_an_items_status() -> None:
    warned = (finding(verdict=Verdict.WARN),)
    assert item_standing(item()) == "ready"
    assert item_standing(item(findings=warned)) == "look"
    assert item_standing(item(renditions=(rendition(findings=warned),))) == "look"
    assert item_standing(item(findings=warned, renditions=(rendition(rejected=True),))) == "rejected"
    assert item_standing(item(status="failed", renditions=(rendition(rejected=True),))) == "failed"


def test_a_check_without_a_plain_label_is_shown_by_its_id() -> None:
    assert "halo" not in CHECK
    assert "Halo width" in only_card(findings=(finding("halo_width", Verdict.WARN),)).text


HOSTILE = [
    "<img src=x onerror=alert(1)>.jpg",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "</script><script>alert(1)//",
    "]]><!--",
]


def test_every_kind_of_step_has_its_words_and_no_word_is_for_a_step_that_is_none() -> None:
    classes = [step for step in vars(steps).values() if isinstance(step, type) and issubclass(step, Step)]
    kinds = {step.model_fields["kind"].default for step in (*classes, Encode)}
    assert set(STEP) == kinds | {"check"}


def test_every_term_that_a_file_can_declare_has_its_words() -> None:
    assert set(DISCLOSURE) == {*BY_BACKDROP.values(), ENLARGED, *LASTING}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name: str) -> None:
    hostile = item(
        name=name,
        sku=name,
        title=name,
        role=name,
        template=name,
        error=name,
        changes=(name,),
        findings=(finding(name, Verdict.WARN, name, value=1, unit=name),),
        steps=(StepRecord(kind=name, stage=name, version=1, parameters={name: {name: name}}),),
        renditions=(rendition(name, path=name, format=name, disclosure=name),),
        before=name,
        after=f"data:image/svg+xml;base64,{name}",
    )
    tame = item(title="t", findings=(finding(verdict=Verdict.WARN),), changes=("c",), before="", after="")
    hostile_root = page(hostile, notices=(name,), channels={name: name}, templates={name: name}, packshot=name)
    tame_root = page(tame, notices=("n",))
    assert len(hostile_root.all("script")) == len(tame_root.all("script")) == 2
    for node in hostile_root.all():
        assert not {key for key in node.attributes if key.startswith("on") or key == "style"}
        for key in ("href", "src"):
            assert not node.attributes.get(key, "").lower().startswith(("javascript:", "data:image/svg"))
    (card,) = hostile_root.all("article")
    assert card.all("h2")[0].text == name
    assert {node.tag for node in card.all()} <= {node.tag for node in tame_root.all()}


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("amazon/mug.jpg", "amazon/mug.jpg"),
        ("./amazon//mug 1.jpg", "amazon/mug%201.jpg"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("a/#?%2e.jpg", "a/%23%3F%252e.jpg"),
        ("a\\..\\b.jpg", "a%5C..%5Cb.jpg"),
        ("tasse-ü.jpg", "tasse-%C3%BC.jpg"),
        ("../secret.jpg", ""),
        ("a/../../secret.jpg", ""),
        ("/etc/passwd", ""),
        ("//example.com/x.jpg", ""),
        ("", ""),
    ],
)
def test_a_path_is_percent_encoded_or_refused(path: str, link: str) -> None:
    assert relative_link(path) == link


def test_a_path_out_of_the_folder_is_named_but_not_linked() -> None:
    card = only_card(renditions=(rendition(path="../../secret.jpg"),), before="", after="")
    assert not card.all("a") and not card.all("img")
    assert "outside this folder, not linked" in card.text


def test_the_page_needs_no_network() -> None:
    html = contact_sheet(report(item(), item(before="https://example.com/x.jpg", after="//example.com/y.jpg")))
    root = Page(html).root
    assert "://" not in html and "@import" not in html and "url(" not in html
    assert not root.all("link") and not root.all("iframe") and not root.all("form") and not root.all("base")
    for node in root.all():
        for key in ("src", "href", "srcset", "action", "poster"):
            value = node.attributes.get(key, "")
            assert value.startswith(("#", "data:image/")) or (":" not in value and not value.startswith("/"))


def test_the_policy_allows_just_this_style_and_this_script() -> None:
    root = page(item())
    (policy,) = [n.attributes["content"] for n in root.all("meta") if "http-equiv" in n.attributes]
    assert policy.startswith("default-src 'none'; img-src data: 'self'") and "unsafe" not in policy
    blocks = [*root.all("style"), *(s for s in root.all("script") if "type" not in s.attributes)]
    assert len(blocks) == 2
    for block in blocks:
        (text,) = block.children
        assert isinstance(text, str)
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy


def test_every_control_has_a_name_and_every_id_is_used_once() -> None:
    root = page(item(), item(sku="FO-2"))
    ids = [node.attributes["id"] for node in root.all() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    labelled = [control for label in root.all("label") for control in label.all("input")]
    for control in [*root.all("input"), *root.all("select")]:
        assert control.attributes.get("aria-label") or control in labelled
    for button in root.all("button"):
        assert button.attributes.get("aria-label") or button.text
    for card in root.all("article"):
        assert card.attributes["aria-labelledby"] in ids
    json.loads(root.all("script", id="words")[0].text)


def test_a_long_name_is_cut_and_direction_marks_are_dropped() -> None:
    title = only_card(title="x" * 10_000).all("h2")[0].text
    assert len(title) == 160 and title.endswith("…")
    assert only_card(title="a\u202egpj.exe\x00\n b").all("h2")[0].text == "a gpj.exe b"


def test_markup_an_item_stays_small() -> None:
    findings = tuple(finding(check, words="A sentence of some fifty characters, as they are.") for check in CHECK)
    parameters = {f"setting_{n}": 0.1 * n for n in range(8)}
    steps = tuple(StepRecord(kind=f"step {n}", stage="s", version=1, parameters=parameters) for n in range(8))
    rich = item(before="", after="", findings=findings[:10], steps=steps)
    files = tuple(rendition(c, findings=findings[10:]) for c in ("amazon", "shop", "third"))
    rich = rich.model_copy(update={"renditions": files})
    one, many = (len(contact_sheet(report(*[rich] * n)).encode()) for n in (1, 101))
    assert (many - one) / 100 < 20_000
