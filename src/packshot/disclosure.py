"""What a file says of how it was made: the IPTC DigitalSourceType, derived from what really happened."""

from __future__ import annotations

import re
from typing import Literal
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from packshot.step import Origin

SourceType = Literal[
    "algorithmicallyEnhanced", "compositeCapture", "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia"
]
BASE = "http://cv.iptc.org/newscodes/digitalsourcetype/"

# A real product cut out by software and set on an even colour is an enhanced photo; two photos laid together, or a
# photo in a rendered or generated scene, have terms of their own.  IPTC NewsCodes, digitalsourcetype, 2025.
_BY_BACKDROP: dict[Origin, SourceType] = {
    "drawn": "algorithmicallyEnhanced",
    "photographed": "compositeCapture",
    "rendered": "compositeSynthetic",
    "painted": "compositeWithTrainedAlgorithmicMedia",
}
# What a photo may already say of itself that no later edit makes untrue.
_LASTING = frozenset(
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


def source_type(backdrop: Origin, photo_xmp: bytes) -> str:
    """The term for a product on a backdrop of that origin; a photo that was generated stays declared as such."""
    already = declared(photo_xmp)
    return already if already in _LASTING else _BY_BACKDROP[backdrop]


def declared(xmp: bytes) -> str:
    """The term an XMP packet carries, without its address; empty where there is none."""
    found = re.search(rb"digitalsourcetype/(\w{1,64})", xmp, re.IGNORECASE)
    return found.group(1).decode("ascii") if found else ""


def packet(term: str, *, photo_xmp: bytes, tool: str) -> bytes:
    """An XMP packet that carries the term, who holds the rights to the photo, and the tool."""
    kept = "".join(f"<{name}>{_value(element)}</{name}>" for name, element in _rights_of(photo_xmp) if _value(element))
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{BASE}{term}</Iptc4xmpExt:DigitalSourceType>"
        f"<xmp:CreatorTool>{escape(tool)}</xmp:CreatorTool>{kept}"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def _rights_of(xmp: bytes) -> list[tuple[str, Element]]:
    if not xmp:
        return []
    try:
        root = defusedxml.ElementTree.fromstring(xmp.strip(b"\0"))
    except (ParseError, DefusedXmlException, ValueError):
        return []  # a packet nobody can read holds no rights
    return [(name, found) for tag, name in _RIGHTS.items() if (found := root.find(f".//{tag}")) is not None]


def _value(element: Element) -> str:
    """A property's text again: plain, or the first entry of its list or of its languages."""
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    for kind in ("Alt", "Seq", "Bag"):
        container = element.find(f"{rdf}{kind}")
        if container is not None:
            entries = [escape(li.text) for li in container.findall(f"{rdf}li") if li.text]
            language = ' xml:lang="x-default"' if kind == "Alt" else ""
            listed = "".join(f"<rdf:li{language}>{e}</rdf:li>" for e in entries[: 1 if kind == "Alt" else 20])
            return f"<rdf:{kind}>{listed}</rdf:{kind}>" if listed else ""
    return escape((element.text or "").strip())
