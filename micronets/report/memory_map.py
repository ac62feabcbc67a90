"""Where a network lives: its buffers in the arena over time, and its share of the board's memories."""

from collections.abc import Sequence
from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from micronets.report.records import Buffer, Build, Firmware, Model
from micronets.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    ORANGE,
    SKY,
    VERMILION,
    WIDE_INCHES,
    Picture,
    blank_figure,
    finish,
    label_bytes,
    styled,
)

_BUFFER_COLOURS = ("#9CCBEB", "#F3C677", "#93D4BF", "#E3B3CF", "#CDC5B4")
_LEAST_LABELLED_SHARE = 0.04
_LEAST_LABELLED_UPRIGHT = 0.2
_MOST_NAMED_STEPS = 18


def memory_picture(model: Model, build: Build) -> Picture | None:
    """Memory plan and use of one model on one board; None where there is no firmware, or its buffers are not known."""
    if build.firmware is None or not build.firmware.buffers:
        return None
    with styled():
        deep = max(len(build.firmware.steps) - _MOST_NAMED_STEPS, 0)
        figure = blank_figure(WIDE_INCHES + 0.12 * deep, 4.2)
        plan, use = figure.subplots(1, 2, width_ratios=[2.6, 1])
        draw_plan(plan, build.firmware)
        _draw_use(use, build)
        firmware = build.firmware
        return finish(
            figure,
            f"{model.name}_{build.picture_name}_memory",
            f"Memory map on {build.place}",
            "Left: each rectangle is a buffer, as high as it is large, as wide as it is needed; hatched where "
            "the kernel writes over what it has read. "
            "Right: shares of the board's memories.",
            f"Arena {firmware.arena_bytes:,} bytes in {len(firmware.buffers)} buffers; "
            f"program {firmware.flash_bytes:,} of {build.board.flash_bytes:,} bytes of flash.",
        )


def draw_plan(axes: Axes, firmware: Firmware) -> None:
    """Buffers as rectangles: steps along the horizontal axis, offsets in bytes along the vertical one."""
    for buffer, colour in coloured(firmware.buffers):
        _draw_buffer(axes, buffer, colour, firmware)
    for one, other in combinations(firmware.buffers, 2):
        _hatch_shared(axes, one, other)
    axes.axhline(firmware.arena_bytes, color=INK, linewidth=1)
    axes.set_title(f"Arena, {firmware.arena_bytes:,} bytes")
    axes.set_xlim(-0.5, len(firmware.steps) - 0.5)
    axes.set_ylim(0, firmware.arena_bytes * 1.03)
    if len(firmware.steps) <= _MOST_NAMED_STEPS:
        axes.set_xticks(range(len(firmware.steps)), firmware.steps, rotation=45, ha="right", rotation_mode="anchor")
        axes.tick_params(axis="x", labelsize=8)
    else:  # names would lie on one another
        axes.set_xlabel("step")
    axes.set_ylabel("offset in the arena")
    axes.grid(axis="x", visible=False)
    label_bytes(axes.yaxis)


def coloured(buffers: Sequence[Buffer]) -> list[tuple[Buffer, str]]:
    """Buffers in the order of their steps, each in the colour least used among those that its rectangle touches."""
    chosen: list[tuple[Buffer, str]] = []
    for buffer in sorted(buffers, key=lambda buffer: (buffer.first_step, buffer.last_step, buffer.offset_bytes)):
        beside = [colour for other, colour in chosen if _touch(buffer, other)]
        chosen.append((buffer, min(_BUFFER_COLOURS, key=beside.count)))
    return chosen


def _touch(one: Buffer, other: Buffer) -> bool:
    in_time = one.first_step <= other.last_step + 1 and other.first_step <= one.last_step + 1
    in_space = (
        one.offset_bytes <= other.offset_bytes + other.size_bytes
        and other.offset_bytes <= one.offset_bytes + one.size_bytes
    )
    return in_time and in_space


def _draw_buffer(axes: Axes, buffer: Buffer, colour: str, firmware: Firmware) -> None:
    width = buffer.last_step - buffer.first_step + 1
    corner = (buffer.first_step - 0.5, buffer.offset_bytes)
    axes.add_patch(Rectangle(corner, width, buffer.size_bytes, facecolor=colour, edgecolor="white", linewidth=1.2))
    deep = len(firmware.steps) > _MOST_NAMED_STEPS
    if buffer.size_bytes >= (_LEAST_LABELLED_UPRIGHT if deep else _LEAST_LABELLED_SHARE) * firmware.arena_bytes:
        middle = (corner[0] + width / 2, buffer.offset_bytes + buffer.size_bytes / 2)
        text = axes.text(*middle, f"{buffer.size_bytes:,}", ha="center", va="center", fontsize=7.5, color=INK, zorder=4)
        text.set_rotation(90 if deep else 0)


def shared_part(one: Buffer, other: Buffer) -> tuple[int, int, int, int] | None:
    """First and last step, first byte and the one after the last that belong to both buffers; None where none do."""
    first_step, last_step = max(one.first_step, other.first_step), min(one.last_step, other.last_step)
    bottom = max(one.offset_bytes, other.offset_bytes)
    top = min(one.offset_bytes + one.size_bytes, other.offset_bytes + other.size_bytes)
    return (first_step, last_step, bottom, top) if first_step <= last_step and bottom < top else None


def _hatch_shared(axes: Axes, one: Buffer, other: Buffer) -> None:
    if (part := shared_part(one, other)) is not None:
        first_step, last_step, bottom, top = part
        width = last_step - first_step + 1
        corner = (first_step - 0.5, bottom)
        axes.add_patch(Rectangle(corner, width, top - bottom, fill=False, hatch="///", edgecolor="white", linewidth=0))


def _draw_use(axes: Axes, build: Build) -> None:
    firmware, board = build.firmware, build.board
    assert firmware is not None
    flash = [
        ("weights", firmware.weights_bytes, BLUE),
        ("code", firmware.code_bytes, SKY),
        ("benchmark", firmware.flash_bytes - firmware.weights_bytes - firmware.code_bytes, MUTED),
    ]
    stack = build.profile.stack_bytes if build.profile else 0
    sram = [
        ("arena", firmware.arena_bytes, VERMILION),
        ("stack", stack, ORANGE),
        ("other data", firmware.static_ram_bytes - firmware.arena_bytes, MUTED),
    ]
    for position, (parts, size_bytes) in enumerate(((flash, board.flash_bytes), (sram, board.sram_bytes))):
        _stack_bar(axes, position, parts, size_bytes)
    axes.set_title("Board")
    axes.set_xticks([0, 1], [f"flash\n{board.flash_bytes:,} B", f"SRAM\n{board.sram_bytes:,} B"])
    axes.set_xlim(-0.55, 1.55)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(axis="x", visible=False)
    axes.figure.legend(loc="outside lower center", ncols=6, fontsize=8, handlelength=1, columnspacing=1.2)


def _stack_bar(axes: Axes, position: int, parts: list[tuple[str, int, str]], size_bytes: int) -> None:
    axes.bar(position, 1, width=0.7, color=FAINT)
    bottom = 0.0
    for name, used_bytes, colour in parts:
        if used_bytes > 0:
            axes.bar(position, used_bytes / size_bytes, bottom=bottom, width=0.7, color=colour, label=name)
            bottom += used_bytes / size_bytes
    axes.text(position, bottom + 0.015, f"{100 * bottom:.1f} %", ha="center", va="bottom", fontsize=9)
