"""How a file says that it was made: the IPTC DigitalSourceType, derived from the steps that ran."""

from __future__ import annotations

import re
from typing import Literal
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from packshot.step import Origin

SourceType = Literal[
    "algorithmicallyEnhanced", "composite", "compositeCapture", "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
]  # fmt: skip
BASE = "http://cv.iptc.org/newscodes/digitalsourcetype/"

# A real product cut out by software and set on an even colour is an enhanced photo.  A rendered set has no generative
# AI in it, which `compositeSynthetic` would say.  IPTC NewsCodes, digitalsourcetype, release of 2024-10-23.
BY_BACKDROP: dict[Origin, SourceType] = {
    "drawn": "algorithmicallyEnhanced",
    "photographed": "compositeCapture",
    "rendered": "composite",
    "painted": "compositeSynthetic",
}
ENLARGED: SourceType = "compositeWithTrainedAlgorithmicMedia"
# Terms that a photo may already have and that no later edit makes untrue.
LASTING = frozenset(
    {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic", "algorithmicMedia",
     "virtualRecording", "digitalArt", "digitalCreation"}
)  # fmt: skip
_RIGHTS = {
    "{http://purl.org/dc/elements/1.1/}rights": "dc:rights",
    "{http://purl.org/dc/elements/1.1/}creator": "dc:creator",
    "{http://ns.adobe.com/photoshop/1.0/}Credit": "photoshop:Credit",
    "{http://ns.adobe.com/xap/1.0/rights/}UsageTerms": "xmpRights:UsageTerms",
    "{http://ns.adobe.com/xap/1.0/rights/}WebStatement": "xmpRights:WebStatement",
}


def source_type(backdrop: Origin, photo_xmp: bytes, *, enlarged: bool = False) -> str:
    """The term for a product on a backdrop of that origin; a photo that was generated stays declared as such.

    enlarged: by a model, which changed the product's own pixels: that weighs more than any backdrop.
    """
    already = declared(photo_xmp)
    return already if already in LASTING else ENLARGED if enlarged else BY_BACKDROP[backdrop]


def declared(xmp: bytes) -> str:
    """The term in an XMP packet, without its address; empty where there is none."""
    match = re.search(rb"digitalsourcetype/(\w{1,64})", xmp, re.IGNORECASE)
    return match.group(1).decode("ascii") if match else ""


def packet(term: str, *, photo_xmp: bytes, tool: str) -> bytes:
    """An XMP packet with the term, the holder of the photo's rights, and the tool."""
    rights = "".join(
        f"<{name}>{_value(element)}</{name}>" for name, element in _rights_of(photo_xmp) if _value(element)
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{BASE}{term}</Iptc4xmpExt:DigitalSourceType>"
        f"<xmp:CreatorTool>{escape(tool)}</xmp:CreatorTool>{rights}"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def _rights_of(xmp: bytes) -> list[tuple[str, Element]]:
    if not xmp:
        return []
    try:
        root = defusedxml.ElementTree.fromstring(xmp.strip(b"\0"))
    except (ParseError, DefusedXmlException, ValueError):
        return []  # a packet nobody can read holds no rights
    return [(name, element) for tag, name in _RIGHTS.items() if (element := root.find(f".//{tag}")) is not None]


def _value(element: Element) -> str:
    """A property's text: plain, or the entries of its list, or the first of its languages."""
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    for kind in ("Alt", "Seq", "Bag"):
        container = element.find(f"{rdf}{kind}")
        if container is not None:
            entries = [escape(li.text) for li in container.findall(f"{rdf}li") if li.text]
            language = ' xml:lang="x-default"' if kind == "Alt" else ""
            listed = "".join(f"<rdf:li{language}>{e}</rdf:li>" for e in entries[: 1 if kind == "Alt" else 20])
            return f"<rdf:{kind}>{listed}</rdf:{kind}>" if listed else ""
    return escape((element.text or "").strip())
