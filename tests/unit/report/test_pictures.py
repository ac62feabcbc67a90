import dataclasses

import numpy as np
import pytest

from micronets.report.confusion import confusion_picture
from micronets.report.layer_costs import layers_picture
from micronets.report.memory_map import coloured, draw_plan
from micronets.report.records import Buffer, Width
from micronets.report.search_pictures import search_pictures
from micronets.report.sources import read_results
from micronets.report.training_pictures import training_picture
from micronets.style import blank_figure

BOARD = "nucleo-f446re"


@pytest.fixture
def results(results_folder):
    results_folder.searched("searched", max_mops=None)
    results_folder.everything("searched", 0.9, 6_000_000, 45.0)
    return read_results("kws", {"searched": [BOARD]}, results_folder.root)


@pytest.fixture
def model(results):
    return results.models[0]


def test_a_rectangle_per_buffer_in_bytes_and_steps(model):
    firmware = model.builds[0].firmware
    axes = blank_figure(6, 4).subplots()
    draw_plan(axes, firmware)
    assert all(patch.get_hatch() is None for patch in axes.patches)  # this plan shares nothing
    drawn = {(patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) for patch in axes.patches}
    assert drawn == {
        (
            buffer.first_step - 0.5,
            buffer.offset_bytes,
            buffer.last_step - buffer.first_step + 1,
            buffer.size_bytes,
        )
        for buffer in firmware.buffers
    }
    assert [label.get_text() for label in axes.get_xticklabels()] == list(firmware.steps)


def test_what_two_buffers_share_is_hatched(model):
    buffers = (Buffer("input", 100, 300, 0, 1), Buffer("output", 0, 200, 1, 2), Buffer("later", 0, 400, 3, 3))
    axes = blank_figure(6, 4).subplots()
    draw_plan(axes, dataclasses.replace(model.builds[0].firmware, buffers=buffers, arena_bytes=400))
    (shared,) = [patch for patch in axes.patches if patch.get_hatch()]
    assert (shared.get_x(), shared.get_width(), shared.get_y(), shared.get_height()) == (0.5, 1, 100, 100)


def test_buffers_that_touch_differ_in_colour():
    places = [(0, 100, 0, 1), (100, 50, 1, 2), (0, 90, 2, 3), (100, 50, 3, 4), (0, 100, 4, 5), (150, 20, 1, 1)]
    chosen = coloured([Buffer("buffer", *place) for place in places])
    assert len({colour for _, colour in chosen}) > 1
    for one, colour in chosen:
        for other, other_colour in chosen:
            apart_in_time = one.last_step + 1 < other.first_step or other.last_step + 1 < one.first_step
            apart = one.offset_bytes + one.size_bytes < other.offset_bytes
            if one is not other and not apart_in_time and not apart and other.offset_bytes <= one.offset_bytes:
                if other.offset_bytes + other.size_bytes >= one.offset_bytes:
                    assert colour != other_colour


def test_a_diverged_training_is_drawn(model):
    model.training.history[["loss", "validation_loss"]] = float("nan")
    assert training_picture(model).png


def test_words_of_the_confusion_matrix_name_the_worst_class(results, model):
    counts = np.diag(np.full(12, 40))
    counts[2, 2], counts[2, 7] = 29, 11  # up taken for off
    np.copyto(model.export.confusion, counts)
    words = confusion_picture(model).alternative
    assert "up 72 %" in words
    assert words.endswith("most often up is taken for off.")


def test_a_class_without_examples_does_not_hurt(results, model):
    counts = np.diag(np.full(12, 40))
    counts[3] = 0
    np.copyto(model.export.confusion, counts)
    assert "down 0 %" in confusion_picture(model).alternative


def test_search_pictures_tell_course_and_widths(model):
    course, widths = search_pictures(model)
    assert f"30 epochs; the network found needs {model.costs.flash_bytes:,} bytes of flash" in course.alternative
    assert widths.alternative.startswith("stem: 84 of 276, block 1: 112 of 276, block 2: 56 of 276, block 3: skipped")


def test_many_widths_have_a_row_each(model):
    widths = tuple(Width(f"place {number}", 40, 4 * number) for number in range(1, 11)) * 3
    few, many = (
        search_pictures(dataclasses.replace(model, search=dataclasses.replace(model.search, widths=part)))[1]
        for part in (widths[:12], widths)
    )
    assert many.alternative.count(" of 40") == 30
    heights = [int.from_bytes(picture.png[20:24], "big") for picture in (few, many)]
    assert heights[1] > 1.5 * heights[0]


def test_training_words_give_the_best_epochs(model):
    history = model.training.history
    best = history[history["phase"] == "float"]["validation_accuracy"].max()
    assert f"float {100 * best:.1f} %" in training_picture(model).alternative


def test_layers_words_name_the_dearest(model):
    build = model.builds[0]
    dearest = build.profile.layers.sort_values("instructions").iloc[-1]
    assert layers_picture(model, build).alternative.startswith(f"Most instructions: {dearest['layer']} with")


def test_layers_show_flash_where_it_is_kept_apart(model):
    build = model.builds[0]
    picture = layers_picture(model, build)
    own = build.profile.layers[["flash_code_bytes", "flash_constant_bytes"]].sum().sum()
    assert own > 0 and f"{own:,.0f} bytes" in picture.caption and "flash" in picture.title
    apart = build.profile.layers.assign(flash_code_bytes=None, flash_constant_bytes=None)
    without = layers_picture(
        model, dataclasses.replace(build, profile=dataclasses.replace(build.profile, layers=apart))
    )
    assert "flash" not in without.title + without.caption
    assert without.alternative == picture.alternative
