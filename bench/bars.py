"""A picture of pushdeploy beside the floor and beside what people use: bars, as SVG."""

from dataclasses import dataclass
from html import escape

from bench import dependency, load_window, push_to_live, rollback
from bench.figures import Book, Figure, shown
from bench.peers import CAPISTRANO, TUTORIAL

LIVE = "push → live"
WIDTH = 760
LEFT, RIGHT = 150, 110
ROW, BAR, HEAD, GAP = 24, 14, 30, 16

STYLE = """\
text { font: 12px sans-serif; fill: #333 } .title { font-weight: bold } .end { text-anchor: end }
.ours { fill: #0b6bcb } .floor { fill: #bbb } .other { fill: #d98a2b }
.spread { stroke: #333; stroke-width: 1.5 } .axis { stroke: #999 }"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure of the book, and what stands before it."""

    label: str
    kind: str
    """`ours`, `floor` or `other`: its colour."""
    measure: str
    side: str
    name: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars on one scale."""

    title: str
    bars: tuple[Bar, ...]


def _peers(measure: str, name: str) -> tuple[Bar, ...]:
    return tuple(
        Bar(peer.name, "other", measure.format(peer=peer.name), peer.name, name)
        for peer in (TUTORIAL, CAPISTRANO)
    )


def _beside_the_floor(title: str, measure: str) -> Panel:
    bars = (
        Bar("floor", "floor", measure, "floor", "sum"),
        Bar("pushdeploy", "ours", measure, "pushdeploy", LIVE),
    )
    return Panel(f"{title}: seconds from git push to live", (*bars, *_peers(measure, LIVE)))


PANELS = (
    _beside_the_floor("Code only", push_to_live.MEASURE),
    _beside_the_floor("A dependency added, cold cache", dependency.COLD),
    _beside_the_floor("A dependency added, warm cache", dependency.WARM),
    Panel(
        "Rollback: seconds from the command to live",
        (
            Bar("pushdeploy, warm", "ours", rollback.WARM, "pushdeploy", "whole command"),
            Bar("pushdeploy, cold", "ours", rollback.COLD, "pushdeploy", rollback.LIVE),
            *_peers(f"{rollback.OTHERS}, {{peer}}", rollback.LIVE),
        ),
    ),
    Panel(
        "Requests lost in a deploy",
        (
            Bar("pushdeploy", "ours", load_window.MEASURE, "pushdeploy", "lost"),
            *_peers(load_window.MEASURE, "lost"),
        ),
    ),
)


def picture(book: Book) -> str:
    """The panels of which something was measured, one below the other."""
    figures = {(one.measure, one.side, one.name): one for one in book.figures}
    parts, y = [], GAP
    for panel in PANELS:
        found = [
            (bar, figures[key])
            for bar in panel.bars
            if (key := (bar.measure, bar.side, bar.name)) in figures
        ]
        if found:
            parts.append(f'<g transform="translate(0 {y})">\n{_drawn(panel, found)}\n</g>')
            y += HEAD + ROW * len(found) + GAP
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        "<title>pushdeploy beside the floor and beside two hooks</title>",
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="white"/>',
        *parts,
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def _drawn(panel: Panel, found: list[tuple[Bar, Figure]]) -> str:
    most = max(max(figure.values) for _, figure in found) or 1.0
    parts = [f'<text class="title" x="{GAP}" y="14">{escape(panel.title)}</text>']
    for row, (bar, figure) in enumerate(found):
        top = HEAD + ROW * row
        middle = top + BAR / 2
        low, high = _x(min(figure.values), most), _x(max(figure.values), most)
        width = round(_x(figure.median, most) - LEFT, 1)
        text = escape(shown(figure.median, figure.unit))
        parts += [
            f'<text class="end" x="{LEFT - 8}" y="{middle + 4}">{escape(bar.label)}</text>',
            f'<rect class="{bar.kind}" x="{LEFT}" y="{top}" width="{width}" height="{BAR}"/>',
            f'<line class="spread" x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>',
            f'<text x="{high + 8}" y="{middle + 4}">{text}</text>',
        ]
    bottom = HEAD + ROW * len(found) - (ROW - BAR) / 2
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{HEAD - 4}" y2="{bottom}"/>')
    return "\n".join(parts)


def _x(value: float, most: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * value / most, 1)
