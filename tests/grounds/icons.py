"""The icons for home screens, drawn from the mark (static/disc.svg): `python -m tests.grounds.icons` draws them anew.

The mark is made for the sixteen pixels of a tab. Where there is room, its horizon is thin and nothing of the disc shows
below it. On paper, since a home screen may have any colour; what a phone cuts to a shape of its own (maskable, Apple's)
has paper to the edges, and the mark within the part that every shape leaves.
"""

from pathlib import Path

import typst

STATIC = Path(__file__).resolve().parents[2] / "asanokai" / "static"
PAPER = "#fbf9f4"
MARK = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path d="M10 25A10 10 0 1 1 22 25Z" fill="#c8381f"/><path d="M2 25h28" stroke="#8a8378" stroke-width="0.9"/></svg>"""

ICONS = {
    # name: (pixels, how much of the width the mark takes, how round the corners are)
    "icon-192.png": (192, 0.76, 0.2),
    "icon-512.png": (512, 0.76, 0.2),
    "maskable-512.png": (512, 0.66, 0.0),
    "apple-touch-icon.png": (180, 0.72, 0.0),
}


def draw(size: int, part: float, round_by: float) -> bytes:
    """A square PNG of so many pixels."""
    source = f"""
        #set page(width: {size}pt, height: {size}pt, margin: 0pt, fill: none)
        #place(rect(width: 100%, height: 100%, fill: rgb("{PAPER}"), radius: {size * round_by}pt))
        #place(center + horizon, image(bytes(```{MARK}```.text), width: {part * 100}%))
    """
    drawn = typst.compile(source.encode(), format="png", ppi=72)
    assert isinstance(drawn, bytes)  # a list of them for several pages
    return drawn


if __name__ == "__main__":
    (STATIC / "icons").mkdir(exist_ok=True)
    for name, how in ICONS.items():
        (STATIC / "icons" / name).write_bytes(draw(*how))
