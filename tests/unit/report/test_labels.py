import itertools

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from micronets.report.labels import Label, boxes_along, place_labels
from micronets.style import blank_figure, styled


def drawn(points, obstacles=()):
    """Boxes of labels at `points`, the frame, and the points in pixels."""
    with styled():
        figure = blank_figure(6, 4)
        axes = figure.subplots()
        axes.set_xlim(0, 10)
        axes.set_ylim(0, 10)
        figure.draw_without_rendering()
        labels = [Label(f"network-{index}", x, y, "black") for index, (x, y) in enumerate(points)]
        boxes = place_labels(axes, labels, [Bbox(axes.transData.transform(box)) for box in obstacles], 8.5)
        return boxes, axes.get_window_extent(), axes.transData.transform(points), axes


def overlap(one, other):
    shared = Bbox.intersection(one, other)
    return 0 if shared is None else shared.width * shared.height


@pytest.mark.parametrize("seed", range(6))
def test_labels_of_crowded_points_keep_clear_of_points_and_of_one_another(seed):
    points = np.random.default_rng(seed).normal((5, 5), (1.2, 1.0), (12, 2)).tolist()
    boxes, frame, pixels, _ = drawn(points)
    for one, other in itertools.combinations(boxes, 2):
        assert overlap(one, other) == 0
    for box in boxes:
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
        assert not any(box.contains(*point) for point in pixels)


def test_a_lonely_label_stands_right_beside_its_point():
    (box,), _, ((x, y),), _ = drawn([(5, 5)])
    assert 0 < box.x0 - x < 15
    assert box.y0 < y < box.y1


def test_a_label_at_the_right_edge_stays_inside():
    (box,), frame, ((x, _),), _ = drawn([(9.9, 5)])
    assert box.x1 < x < frame.x1


def test_obstacles_are_avoided():
    obstacle = [(5, 4), (9, 6)]
    (box,), _, _, axes = drawn([(5, 5)], [obstacle])
    assert overlap(box, Bbox(axes.transData.transform(obstacle))) == 0


def test_boxes_cover_a_line_without_gaps():
    boxes = boxes_along([(0, 0), (30, 40), (30, 40), (100, 40)], spacing=4)
    for share in np.linspace(0, 1, 200):
        assert any(box.contains(30 * share, 40 * share) for box in boxes)
        assert any(box.contains(30 + 70 * share, 40) for box in boxes)
    assert not any(box.contains(50, 50) for box in boxes)


def test_texts_stand_where_their_boxes_are():
    boxes, _, _, axes = drawn([(5, 5), (5.1, 5.1), (5.2, 4.9)])
    for box, text in zip(boxes, axes.texts, strict=True):
        extent = text.get_window_extent()
        # the extent of an annotation includes its leader
        assert extent.x0 <= box.x0 + 1 and box.x1 - 1 <= extent.x1
        assert extent.y0 <= box.y0 + 1 and box.y1 - 1 <= extent.y1
