"""What a file says of how it was made."""

from __future__ import annotations

import json
import time

import defusedxml.ElementTree
import pytest

from packshot.disclosure import BASE, BY_BACKDROP, ENLARGED, declared, packet, source_type
from packshot.step import Origin
from places import SCHEMAS

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
{inner}</rdf:Description></rdf:RDF></x:xmpmeta>"""


def photo_saying(term: str) -> bytes:
    inner = f"<Iptc4xmpExt:DigitalSourceType>{BASE}{term}</Iptc4xmpExt:DigitalSourceType>"
    return XMP.format(inner=inner).encode()


@pytest.mark.parametrize(
    ("origin", "term"),
    [
        ("drawn", "algorithmicallyEnhanced"),
        ("photographed", "compositeCapture"),
        ("rendered", "composite"),  # no generative AI: neither claimed nor denied
        ("painted", "compositeSynthetic"),
    ],
)
def test_each_origin_of_a_backdrop_has_its_term(origin: Origin, term: str) -> None:
    assert source_type(origin, b"") == term
    assert source_type(origin, photo_saying("digitalCapture")) == term


@pytest.mark.parametrize("origin", ["drawn", "photographed", "rendered", "painted"])
def test_a_model_that_enlarged_the_product_weighs_more_than_the_backdrop(origin: Origin) -> None:
    assert source_type(origin, b"", enlarged=True) == "compositeWithTrainedAlgorithmicMedia"
    assert source_type(origin, photo_saying("digitalArt"), enlarged=True) == "digitalArt"


def test_only_terms_of_the_vocabulary_that_are_in_force_are_written() -> None:
    file = SCHEMAS / "iptc" / "digitalsourcetype.json"
    if not file.is_file():
        pytest.skip("needs IPTC's vocabulary in ../shared/schemas, which is not there")
    terms = {term["id"]: term for term in json.loads(file.read_text("utf-8"))["terms"]}
    for term in (*BY_BACKDROP.values(), ENLARGED):
        assert "retired" not in terms[term], term
    assert "Generative AI" not in terms[BY_BACKDROP["rendered"]]["label"]


@pytest.mark.parametrize("term", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "digitalArt"])
@pytest.mark.parametrize("origin", ["drawn", "photographed", "rendered"])
def test_a_photo_that_was_generated_stays_declared_as_such(origin: Origin, term: str) -> None:
    assert source_type(origin, photo_saying(term)) == term


def test_the_term_is_read_back_from_the_packet_and_the_packet_is_xml() -> None:
    result = packet("compositeCapture", photo_xmp=b"", tool="Packshot <1> & more")
    assert declared(result) == "compositeCapture"
    root = defusedxml.ElementTree.fromstring(result)
    assert root.find(".//{http://ns.adobe.com/xap/1.0/}CreatorTool").text == "Packshot <1> & more"
    assert root.find(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType").text.startswith(BASE)


def test_a_term_is_found_as_an_attribute_too_and_nothing_where_there_is_none() -> None:
    assert declared(f'<rdf:Description Iptc4xmpExt:DigitalSourceType="{BASE}digitalArt"/>'.encode()) == "digitalArt"
    assert declared(b"") == declared(b"\xff\xfe\0\0 no xml") == ""


def test_rights_survive_and_are_escaped_anew() -> None:
    inner = (
        "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>© Müller &amp; Söhne &lt;b&gt;</rdf:li></rdf:Alt></dc:rights>"
        "<dc:creator><rdf:Seq><rdf:li>Anna</rdf:li><rdf:li>Bob</rdf:li></rdf:Seq></dc:creator>"
        "<photoshop:Credit>Studio 9</photoshop:Credit>"
        "<xmpRights:WebStatement>https://example.com/?a=1&amp;b=2</xmpRights:WebStatement>"
        "<dc:title>secret project</dc:title>"
    )
    result = packet("compositeCapture", photo_xmp=XMP.format(inner=inner).encode(), tool="Packshot")
    root = defusedxml.ElementTree.fromstring(result)
    rdf, dc = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://purl.org/dc/elements/1.1/}"
    assert root.find(f".//{dc}rights/{rdf}Alt/{rdf}li").text == "© Müller & Söhne <b>"
    assert [li.text for li in root.findall(f".//{dc}creator/{rdf}Seq/{rdf}li")] == ["Anna", "Bob"]
    assert root.find(".//{http://ns.adobe.com/photoshop/1.0/}Credit").text == "Studio 9"
    assert root.find(".//{http://ns.adobe.com/xap/1.0/rights/}WebStatement").text == "https://example.com/?a=1&b=2"
    assert b"secret" not in result


BOMB = (
    b'<!DOCTYPE a [<!ENTITY x "ha">'
    + b"".join(b'<!ENTITY x%d "%s">' % (n, b"&x%s;" % (str(n - 1).encode() if n else b"") * 20) for n in range(12))
    + b"]><a>&x11;</a>"
)
OUTSIDE = (
    b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    + XMP.format(inner="<photoshop:Credit>&f;</photoshop:Credit>").encode()
)


@pytest.mark.parametrize(
    "hostile", [BOMB, OUTSIDE, b"<a><b></a>", b"\0\0\0", b"<" * 10_000, "<a>ü</a>".encode("utf-16"), b"<a/>\xff\xff"]
)
def test_a_hostile_packet_gives_a_clean_one(hostile: bytes) -> None:
    started = time.process_time()
    result = packet("algorithmicallyEnhanced", photo_xmp=hostile, tool="Packshot")
    assert time.process_time() - started < 1  # of the processor, which others may share
    assert result == packet("algorithmicallyEnhanced", photo_xmp=b"", tool="Packshot")
