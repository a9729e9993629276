"""Draws how honest the confidence is, on simulated crowds, and prints the same as a table.

reliability_diagram.py [--seeds N] [--out FILE]

The picture goes to docs/explanation/reliability.svg: a point for each bin of confidence, as large as it holds items,
beside the diagonal on which an honest engine lies.
"""

import argparse
import math
from pathlib import Path

from leye_workers.bench.certainty import Bin, reliability
from leye_workers.bench.figures import Extent

ROOT = Path(__file__).parents[1]
EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.94, 0.96, 0.98, 0.99, 1.0)
SIDE, MARGIN = 400, 56
LOWEST = 0.3
"""Where both axes begin; with few classes nothing lies below."""


def main() -> None:
    """Measure, draw, print."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--seeds", type=int, default=Extent().seeds)
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "explanation" / "reliability.svg")
    chosen = options.parse_args()
    bins = reliability(Extent(seeds=chosen.seeds), EDGES)
    chosen.out.write_text(drawn(bins), encoding="utf-8")
    print(table(bins))


def table(bins: list[Bin]) -> str:
    """The bins as Markdown."""
    rows = [f"| {b.low:.2f}–{b.high:.2f} | {b.said:.3f} | {b.right:.3f} | {b.items:,} |" for b in bins]
    return "\n".join(["| said | mean | right | items |", "| --- | --- | --- | --- |", *rows])


def drawn(bins: list[Bin]) -> str:
    """The bins as a picture."""
    most = max(b.items for b in bins)
    points = [
        f'<circle cx="{_x(b.said):.1f}" cy="{_y(b.right):.1f}" r="{3 + 7 * math.sqrt(b.items / most):.1f}"/>'
        for b in bins
    ]
    ticks = [n / 10 for n in range(round(LOWEST * 10), 11)]
    below = [f'<text x="{_x(t):.1f}" y="{_y(LOWEST) + 20:.1f}" text-anchor="middle">{t:.1f}</text>' for t in ticks]
    beside = [f'<text x="{_x(LOWEST) - 8:.1f}" y="{_y(t) + 4:.1f}" text-anchor="end">{t:.1f}</text>' for t in ticks]
    size = SIDE + 2 * MARGIN
    diagonal = f"M{_x(LOWEST):.1f} {_y(LOWEST):.1f}L{_x(1):.1f} {_y(1):.1f}"
    grid = "".join(f"M{_x(t):.1f} {_y(LOWEST):.1f}V{_y(1):.1f}M{_x(LOWEST):.1f} {_y(t):.1f}H{_x(1):.1f}" for t in ticks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" aria-labelledby="title"'
        ' font-family="sans-serif" font-size="13" fill="#1a1a1a">',
        '<title id="title">Share of items that are right, by the confidence said; the table beside it has the'
        " figures</title>",
        f'<rect width="{size}" height="{size}" fill="#ffffff"/>',
        f'<path d="{grid}" stroke="#dddddd"/>',
        f'<path d="{diagonal}" stroke="#595959" stroke-dasharray="6 4"/>',
        f'<g fill="#0b5cad">{"".join(points)}</g>',
        *below,
        *beside,
        f'<text x="{size / 2}" y="{size - 10}" text-anchor="middle">confidence said</text>',
        f'<text transform="translate(16 {size / 2}) rotate(-90)" text-anchor="middle">share that is right</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(share: float) -> float:
    return MARGIN + SIDE * (share - LOWEST) / (1 - LOWEST)


def _y(share: float) -> float:
    return MARGIN + SIDE * (1 - share) / (1 - LOWEST)


if __name__ == "__main__":
    main()
