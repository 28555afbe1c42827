"""Where things lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
# Real photos are not part of the project; where they lie beside it, tests use them too.
PHOTOS = ROOT.parent / "shared" / "photos"
# So are the schemas and vocabularies of other parties.
SCHEMAS = PHOTOS.parent / "schemas"
# Rendered ones whose mattes, cameras and lights are known.
SYNTH = PHOTOS.parent / "synth"
# Small files as other programs write them, that are easily read wrongly.
CASES = PHOTOS.parent / "cases"
