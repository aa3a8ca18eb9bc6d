"""Plot: how a figure grows with the number of tickets, as one SVG picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from xml.sax.saxutils import escape

Point = tuple[int, float]  # how many tickets, and the figure in milliseconds

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 56, WIDTH - 250, 20, HEIGHT - 44
GREY = "#475569"
COLOURS = ("#0f6fde", "#c2410c", "#15803d", "#7c3aed", "#be185d", "#0e7490", "#a16207")
STEPS = (10, 20, 25, 50, 100, 250, 500, 1000)
MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a point stands: tickets to the right on a logarithmic axis, milliseconds upward."""

    sizes: Sequence[int]
    top: float

    def x(self, size: int) -> float:
        """Return pixels from the left."""
        first, last = log10(self.sizes[0]), log10(self.sizes[-1])
        return LEFT + (log10(size) - first) / ((last - first) or 1.0) * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        """Return pixels from the top."""
        return BOTTOM - value / self.top * (BOTTOM - TOP)


def draw(lines: Mapping[str, Sequence[Point]]) -> str:
    """Return the picture, one line per page, their names at the right, the slowest on top."""
    points = [point for each in lines.values() for point in each]
    scale = Scale(sorted({size for size, _ in points}), max(value for _, value in points) * 1.1)
    slowest_first = sorted(lines.items(), key=lambda each: -each[1][-1][1])
    apart = (BOTTOM - TOP) / max(len(lines), 1)
    drawn = [
        _line(f"{points[-1][1]:.0f} ms  {name}", points, scale, number, TOP + 8 + number * apart)
        for number, (name, points) in enumerate(slowest_first)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="12" '
        f'font-family="system-ui, sans-serif"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f"{_axes(scale)}{''.join(drawn)}</svg>\n"
    )


def _axes(scale: Scale) -> str:
    step = next((step for step in STEPS if scale.top / step <= MOST_STEPS), STEPS[-1])
    parts = [_text((LEFT + RIGHT) / 2, HEIGHT - 8, "tickets", "middle")]
    for value in range(0, int(scale.top) + 1, step):
        parts.append(f'<path d="M{LEFT} {scale.y(value):.1f}H{RIGHT}" stroke="#e2e8f0"/>')
        parts.append(_text(LEFT - 8, scale.y(value) + 4, f"{value} ms", "end"))
    parts += [_text(scale.x(size), BOTTOM + 18, f"{size:,}", "middle") for size in scale.sizes]
    return "".join(parts)


def _line(words: str, points: Sequence[Point], scale: Scale, number: int, y: float) -> str:
    """Draw one page's line, and a thin one from its end to its name."""
    colour = COLOURS[number % len(COLOURS)]
    dashes = ' stroke-dasharray="5 3"' if number >= len(COLOURS) else ""
    places = [f"{scale.x(size):.1f} {scale.y(value):.1f}" for size, value in points]
    return (
        f'<path d="M{"L".join(places)}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        f'<path d="M{places[-1]}L{RIGHT + 24} {y - 4:.1f}" stroke="{colour}" stroke-opacity=".35"/>'
        f"{_text(RIGHT + 28, y, words, 'start', colour)}"
    )


def _text(x: float, y: float, words: str, anchor: str, colour: str = GREY) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
