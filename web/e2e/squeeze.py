"""Make the goldens of `screens.spec.ts` small: in a palette they look the same to the comparison."""

from pathlib import Path

from PIL import Image

folder = Path(__file__).parent / "screens.spec.ts-snapshots"
for path in sorted(folder.glob("*.png")):
    with Image.open(path) as picture:
        if picture.mode != "P":
            picture.convert("RGB").quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                path, optimize=True
            )
print(f"{sum(path.stat().st_size for path in folder.glob('*.png')) / 1e6:.2f} MB")
