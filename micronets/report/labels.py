"""Names beside points, placed so that they cover neither points nor one another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from micronets.style import MUTED

_DIRECTIONS = (0, 180, 45, 315, 135, 225, 90, 270, 20, 340, 160, 200, 70, 290, 110, 250)
_DISTANCES_POINTS = (7, 12, 18, 26, 36, 50, 68)
_LEADER_FROM_POINTS = 18
_MARKER_RADIUS_POINTS = 5
_PADDING_POINTS = 1.5
_POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Label:
    """A name for the point (x, y) in data units."""

    text: str
    x: float
    y: float
    colour: str


def place_labels(axes: Axes, labels: Sequence[Label], obstacles: Sequence[Bbox], font_size: float) -> list[Bbox]:
    """Writes every label near its point, at the nearest free place; longer ways get a thin leader line.

    Greedy in the order given, so name the most important points first. The axes' limits and layout must be final.

    Args:
        obstacles: boxes in pixels that no label should cover; the points are obstacles anyway.
        font_size: in points.

    Returns:
        The labels' boxes in pixels, in the order given.
    """
    pixels_per_point = axes.figure.dpi / _POINTS_PER_INCH
    frame = axes.get_window_extent()
    points = [tuple(axes.transData.transform((label.x, label.y))) for label in labels]
    occupied = [*obstacles, *(_box_around(point, _MARKER_RADIUS_POINTS * pixels_per_point) for point in points)]
    placed: list[Bbox] = []
    for label, point in zip(labels, points, strict=True):
        # Offsets in points, because the picture is saved at several resolutions.
        text = axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=font_size,
            color=label.colour,
            verticalalignment="bottom",
            annotation_clip=False,
            path_effects=[withStroke(linewidth=2, foreground="white")],
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
        )
        text.set_in_layout(False)
        size = text.get_window_extent()
        distance, box = _nearest_free(point, (size.width, size.height), occupied, frame, pixels_per_point)
        text.set_position(((box.x0 - point[0]) / pixels_per_point, (box.y0 - point[1]) / pixels_per_point))
        if distance < _LEADER_FROM_POINTS:
            assert text.arrow_patch is not None
            text.arrow_patch.set_visible(False)
        occupied.append(box)
        placed.append(box)
    return placed


def boxes_along(path: Sequence[tuple[float, float]], spacing: float = 4.0) -> list[Bbox]:
    """Small boxes that cover a line through the points of `path`, all in pixels: the line as an obstacle."""
    boxes = []
    for (start_x, start_y), (end_x, end_y) in pairwise(path):
        count = max(math.ceil(math.hypot(end_x - start_x, end_y - start_y) / spacing), 1)
        for index in range(count + 1):
            share = index / count
            point = (start_x + share * (end_x - start_x), start_y + share * (end_y - start_y))
            boxes.append(_box_around(point, spacing / 2))
    return boxes


def _nearest_free(
    point: tuple[float, float],
    size: tuple[float, float],
    occupied: Sequence[Bbox],
    frame: Bbox,
    pixels_per_point: float,
) -> tuple[float, Bbox]:
    """Distance in points and box of the place that covers least; of equals the nearest."""
    places = [
        (distance, _box_beside(point, size, direction, distance * pixels_per_point))
        for distance in _DISTANCES_POINTS
        for direction in _DIRECTIONS
    ]
    padding = _PADDING_POINTS * pixels_per_point
    extents = np.array([box.extents for box in occupied])
    return min(places, key=lambda place: (round(_covered(place[1], extents, frame, padding), 3), place[0]))


def _box_around(point: tuple[float, float], radius: float) -> Bbox:
    return Bbox.from_bounds(point[0] - radius, point[1] - radius, 2 * radius, 2 * radius)


def _box_beside(point: tuple[float, float], size: tuple[float, float], degrees: float, distance: float) -> Bbox:
    """The box of that size whose nearest edge or corner is `distance` from the point in the direction given."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    width, height = size
    centre_x = point[0] + cosine * distance + _sign(cosine) * width / 2
    centre_y = point[1] + sine * distance + _sign(sine) * height / 2
    return Bbox.from_bounds(centre_x - width / 2, centre_y - height / 2, width, height)


def _sign(value: float) -> int:
    return 0 if abs(value) < 1e-9 else int(math.copysign(1, value))


def _covered(box: Bbox, occupied: np.ndarray, frame: Bbox, padding: float) -> float:
    """Square pixels of the padded box that are occupied, and of the box outside the frame.

    `occupied` is float64 of shape (n, 4): x0, y0, x1, y1 of every box.
    """
    padded = box.padded(padding)
    widths = np.minimum(occupied[:, 2], padded.x1) - np.maximum(occupied[:, 0], padded.x0)
    heights = np.minimum(occupied[:, 3], padded.y1) - np.maximum(occupied[:, 1], padded.y0)
    shared = float(np.sum(np.maximum(widths, 0) * np.maximum(heights, 0)))
    inside = Bbox.intersection(box, frame)
    return shared + box.width * box.height - (0.0 if inside is None else inside.width * inside.height)
