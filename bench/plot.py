"""A picture of what a deploy costs against the size of things: four small curves, as SVG."""

from dataclasses import dataclass
from html import escape
from math import log10

from bench import at_once, large_repo, many_apps, many_attempts
from bench.figures import Book

LIVE = "push → live"
WIDTH, HEIGHT = 380, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 24, 44, 46
LINES = 4
"""Horizontal ones, beside the axis."""

STYLE = """\
text { font: 12px sans-serif; fill: #333 } .title { font-weight: bold } .end { text-anchor: end }
.middle { text-anchor: middle } .axis { stroke: #999 } .line { stroke: #e4e4e4 }
.ours { stroke: #0b6bcb; fill: #0b6bcb } .floor { stroke: #888; fill: #888 }
.ours path, .floor path { fill: none; stroke-width: 2 } .floor path { stroke-dasharray: 5 4 }
.small { font-size: 11px; fill: #666 } .ours text, .floor text { stroke: none }"""

Point = tuple[float, float, float, float]
"""The size, then the median, the least and the most of the seconds."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the small pictures."""

    title: str
    across: str
    measure: str
    names: tuple[tuple[str, str], ...]
    """Figures to draw: the class of each curve, and the figure's name."""


PANELS = (
    Panel(
        "Files in the repo, one of them changed",
        "files (to 500 MB)",
        large_repo.MEASURE,
        (("ours", LIVE), ("floor", "floor")),
    ),
    Panel("Attempts in the app's history", "attempts", many_attempts.MEASURE, (("ours", LIVE),)),
    Panel("Apps on the host", "apps", many_apps.MEASURE, (("ours", LIVE),)),
    Panel(
        "Deploys at once, on two processors",
        "deploys",
        at_once.MEASURE,
        (("ours", f"{LIVE}, the slowest"),),
    ),
)


def size_of(side: str) -> int | None:
    """`2,000 files, 50 MB` is 2000; a comparison has none."""
    first = side.split(maxsplit=1)[0].replace(",", "")
    return int(first) if first.isdigit() and " beside " not in side else None


def points(book: Book, measure: str, name: str) -> list[Point]:
    """A curve."""
    found = []
    for one in book.figures:
        size = size_of(one.side)
        if (one.measure, one.name) == (measure, name) and size is not None:
            found.append((float(size), one.median, min(one.values), max(one.values)))
    return sorted(found)


def picture(book: Book) -> str:
    """All panels, two in a row."""
    drawn = [
        f'<g transform="translate({index % 2 * WIDTH} {index // 2 * HEIGHT})">\n{one}\n</g>'
        for index, one in enumerate(_panel(book, panel) for panel in PANELS)
    ]
    size = f'width="{2 * WIDTH}" height="{2 * HEIGHT}" viewBox="0 0 {2 * WIDTH} {2 * HEIGHT}"'
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        "<title>Seconds from git push to live, against the size of things</title>",
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="white"/>',
        *drawn,
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def _panel(book: Book, panel: Panel) -> str:
    curves = [(kind, name, points(book, panel.measure, name)) for kind, name in panel.names]
    every = [point for _, _, found in curves for point in found]
    top = _round_up(max((most for *_, most in every), default=1.0))
    sizes = sorted({size for size, *_ in every})
    parts = [f'<text class="title" x="{LEFT}" y="18">{escape(panel.title)}</text>']
    parts.append(f'<text class="small" x="{LEFT}" y="34">seconds from git push to live</text>')
    parts += _grid(top)
    parts += _sizes(sizes, panel.across)
    for kind, name, found in curves:
        parts += _curve(kind, name, found, sizes, top, named=len(curves) > 1)
    return "\n".join(parts)


def _grid(top: float) -> list[str]:
    parts = []
    for number in range(LINES + 1):
        seconds = top * number / LINES
        y = _y(seconds, top)
        line = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"'
        parts.append(f'<line class="{"line" if number else "axis"}" {line}/>')
        parts.append(f'<text class="end" x="{LEFT - 6}" y="{y + 4}">{seconds:g}</text>')
    return parts


def _sizes(sizes: list[float], across: str) -> list[str]:
    parts = [
        f'<text class="middle" x="{_x(size, sizes)}" y="{HEIGHT - BOTTOM + 18}">{size:,.0f}</text>'
        for size in sizes
    ]
    middle = (LEFT + WIDTH - RIGHT) // 2
    label = f'<text class="small middle" x="{middle}" y="{HEIGHT - 10}">{escape(across)}</text>'
    return [*parts, label]


def _curve(
    kind: str, name: str, found: list[Point], sizes: list[float], top: float, *, named: bool
) -> list[str]:
    places = [(_x(size, sizes), _y(middle, top)) for size, middle, _, _ in found]
    parts = [f'<g class="{kind}">']
    parts.append(f'<path d="M {" L ".join(f"{x} {y}" for x, y in places)}"/>')
    for (x, y), (_, _, least, most) in zip(places, found, strict=True):
        low, high = _y(least, top), _y(most, top)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{low}" y2="{high}" stroke-opacity="0.5"/>')
        parts.append(f'<circle cx="{x}" cy="{y}" r="3.5"/>')
    if named and places:
        x, y = places[0]
        parts.append(f'<text x="{x + 8}" y="{y - 8}">{escape(name)}</text>')
    return [*parts, "</g>"]


def _x(size: float, sizes: list[float]) -> float:
    """By the logarithm: the sizes are about ten times one another."""
    room = WIDTH - LEFT - RIGHT - 40
    low, high = log10(sizes[0]), log10(sizes[-1])
    share = (log10(size) - low) / (high - low) if high > low else 0.5
    return round(LEFT + 20 + room * share, 1)


def _y(seconds: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * seconds / top, 1)


def _round_up(seconds: float) -> float:
    """To a number whose quarters are short."""
    return next(top for top in (0.4, 1, 2, 3, 4, 6, 8, 12, 20, 40, 100, 1000) if top >= seconds)
