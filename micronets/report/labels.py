"""Names beside points, placed so that they cover neither points nor one another."""

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from micronets.report.style import MUTED

_DIRECTIONS = [0, 180, 45, 315, 135, 225, 90, 270]
_DISTANCES_POINTS = [7, 13, 22, 34, 50]
_LEADER_FROM_POINTS = 20
_MARKER_RADIUS_POINTS = 5
_PADDING_POINTS = 1.5


@dataclass(frozen=True)
class Label:
    """A name for the point (x, y) in data units."""

    text: str
    x: float
    y: float
    colour: str


def place_labels(axes: Axes, labels: list[Label], obstacles: list[tuple[float, float]], font_size: float) -> list[Bbox]:
    """Writes every label near its point, at the nearest free place; longer ways get a thin leader line.

    Greedy in the order given, so name the most important points first. The axes' limits and layout must be final.

    Args:
        obstacles: further points (data units) that no label may cover.

    Returns:
        The labels' boxes in pixels, in the order given.
    """
    figure = axes.figure
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    pixels_per_point = figure.dpi / 72
    frame = axes.get_window_extent(renderer)
    points = [axes.transData.transform((label.x, label.y)) for label in labels]
    points += [axes.transData.transform(point) for point in obstacles]
    radius = _MARKER_RADIUS_POINTS * pixels_per_point
    occupied = [Bbox.from_extents(x - radius, y - radius, x + radius, y + radius) for x, y in points]
    placed: list[Bbox] = []
    for label, (x, y) in zip(labels, points, strict=False):
        text = axes.text(0, 0, label.text, fontsize=font_size, color=label.colour, transform=None)
        extent = text.get_window_extent(renderer)
        candidates = [
            (distance, _box_beside(x, y, extent.width, extent.height, direction, distance * pixels_per_point))
            for distance in _DISTANCES_POINTS
            for direction in _DIRECTIONS
        ]
        distance, box = min(
            candidates, key=lambda candidate: (_covered(candidate[1], occupied + placed, frame), candidate[0])
        )
        text.set_position((box.x0, box.y0))
        text.set_verticalalignment("bottom")
        text.set_in_layout(False)
        if distance >= _LEADER_FROM_POINTS:
            _leader(axes, x, y, box)
        placed.append(box)
    return placed


def _box_beside(x: float, y: float, width: float, height: float, degrees: float, distance: float) -> Bbox:
    """The box of that size whose edge is `distance` from (x, y) in the direction given."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    centre_x = x + cosine * distance + _sign(cosine) * width / 2
    centre_y = y + sine * distance + _sign(sine) * height / 2
    return Bbox.from_bounds(centre_x - width / 2, centre_y - height / 2, width, height)


def _sign(value: float) -> int:
    return 0 if abs(value) < 1e-9 else int(math.copysign(1, value))


def _covered(box: Bbox, occupied: list[Bbox], frame: Bbox) -> float:
    """Square pixels of `box` that lie on something occupied or outside the frame."""
    padded = box.padded(_PADDING_POINTS)
    shared = sum(_area(Bbox.intersection(padded, other)) for other in occupied)
    return shared + box.width * box.height - _area(Bbox.intersection(box, frame))


def _area(box: Bbox | None) -> float:
    return 0.0 if box is None else box.width * box.height


def _leader(axes: Axes, x: float, y: float, box: Bbox) -> None:
    end_x, end_y = min(max(x, box.x0), box.x1), min(max(y, box.y0), box.y1)
    axes.plot([x, end_x], [y, end_y], color=MUTED, linewidth=0.6, transform=None, zorder=1, scalex=False, scaley=False)
