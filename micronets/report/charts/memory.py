"""Where a network lives: the arena's buffers over the layers, to zoom into, and its share of the board's memories."""

from itertools import combinations

from micronets.report.charts.chart import Chart, Spec, chart_spec, tips, values
from micronets.report.memory_map import coloured, shared_part
from micronets.report.records import Build, Firmware, Model
from micronets.style import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SKY, VERMILION

_LEAST_LABELLED_SHARE = 0.06
_MOST_LABELS = 24
_FLASH_COLOURS = (BLUE, SKY, GREEN, PURPLE)


def memory_charts(model: Model, build: Build) -> list[Chart]:
    """The arena, where its buffers are known, and the board's memories; empty where there is no firmware."""
    if build.firmware is None:
        return []
    return [*([_arena(build, build.firmware)] if build.firmware.buffers else []), _board(build, build.firmware)]


def _arena(build: Build, firmware: Firmware) -> Chart:
    rows = []
    for buffer, colour in coloured(firmware.buffers):
        rows.append(
            {
                "name": buffer.name,
                "from": buffer.first_step - 0.5,
                "to": buffer.last_step + 0.5,
                "bottom": buffer.offset_bytes,
                "top": buffer.offset_bytes + buffer.size_bytes,
                "size": buffer.size_bytes,
                "written": _step(firmware, buffer.first_step),
                "read": _step(firmware, buffer.last_step),
                "colour": colour,
            }
        )
    overlaps = []
    for one, other in combinations(firmware.buffers, 2):
        if (part := shared_part(one, other)) is not None:
            first_step, last_step, bottom, top = part
            corners = {"from": first_step - 0.5, "to": last_step + 0.5, "bottom": bottom, "top": top}
            overlaps.append({"name": f"{one.name} and {other.name}", **corners})
    count = max(len(firmware.steps), 1 + max(buffer.last_step for buffer in firmware.buffers))
    x = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [-0.5, count - 0.5], "nice": False},
        "axis": {"title": "step", "grid": False, "format": "d", "tickMinStep": 1},
    }
    y = {
        "field": "bottom",
        "type": "quantitative",
        "scale": {"domain": [0, firmware.arena_bytes], "nice": False},
        "axis": {"title": "offset in the arena, bytes", "format": "~s"},
    }
    place = {"x": x, "x2": {"field": "to"}, "y": y, "y2": {"field": "top"}}
    tooltip = tips(
        name="buffer",
        size=("bytes", ",d"),
        bottom=("from offset", ",d"),
        top=("to offset", ",d"),
        written="from",
        read="to",
    )
    layers: list[Spec] = [
        {
            "data": values(rows),
            "params": [{"name": "zoom", "select": "interval", "bind": "scales"}],
            "mark": {"type": "rect", "stroke": "white", "strokeWidth": 1, "clip": True},
            "encoding": {
                **place,
                "color": {"field": "colour", "type": "nominal", "scale": None},
                "tooltip": tooltip,
            },
        },
        {
            "data": values(overlaps),
            "mark": {"type": "rect", "filled": False, "stroke": INK, "strokeDash": [3, 2], "clip": True},
            "encoding": {**place, "tooltip": tips(name="written over what has been read")},
        },
    ]
    if len(rows) <= _MOST_LABELS:
        layers.append(
            {
                "data": values(rows),
                "transform": [
                    {"filter": f"datum.size >= {_LEAST_LABELLED_SHARE * firmware.arena_bytes}"},
                    {"calculate": "(datum.from + datum.to) / 2", "as": "middle"},
                    {"calculate": "(datum.bottom + datum.top) / 2", "as": "centre"},
                ],
                "mark": {"type": "text", "fontSize": 9, "color": INK, "clip": True},
                "encoding": {
                    "x": {"field": "middle", "type": "quantitative"},
                    "y": {"field": "centre", "type": "quantitative"},
                    "text": {"field": "size", "type": "quantitative", "format": ",d"},
                },
            }
        )
    return Chart(
        f"Arena on {build.place}, {firmware.arena_bytes:,} bytes",
        "Each rectangle is a buffer, as high as it is large, as wide as it is needed; dashed where a kernel writes "
        "over what it has read. Hover for names and sizes; scroll to zoom, drag to move, double-click to see all.",
        f"{len(rows)} buffers over {count} steps.",
        chart_spec({"layer": layers}, 300),
        wide=count > 30,
    )


def _step(firmware: Firmware, step: int) -> str:
    """The output is read after the last layer."""
    return firmware.steps[step] if step < len(firmware.steps) else "the caller"


def _board(build: Build, firmware: Firmware) -> Chart:
    board = build.board
    stack = build.profile.stack_bytes if build.profile else 0
    other = firmware.flash_bytes - firmware.weights_bytes - firmware.code_bytes
    in_flash = {"weights": firmware.weights_bytes, "code": firmware.code_bytes}
    if firmware.flash_parts:
        in_flash = {part.replace("c_library", "C library"): size for part, size in firmware.flash_parts.items()}
    parts = (
        *(("flash", part, size, board.flash_bytes) for part, size in in_flash.items()),
        ("flash", "benchmark program", other, board.flash_bytes),
        ("SRAM", "arena", firmware.arena_bytes, board.sram_bytes),
        ("SRAM", "stack", stack, board.sram_bytes),
        ("SRAM", "other data", firmware.static_ram_bytes - firmware.arena_bytes, board.sram_bytes),
    )
    rows = [
        {"memory": memory, "part": part, "order": order, "bytes": size, "share": size / board_bytes}
        for order, (memory, part, size, board_bytes) in enumerate(parts)
        if size > 0
    ]
    names = [part for _, part, _, _ in parts]
    colours = [*_FLASH_COLOURS[: len(in_flash)], MUTED, VERMILION, ORANGE, "#B5BCC4"]
    spec = chart_spec(
        {
            "data": values(rows),
            "mark": {"type": "bar", "height": {"band": 0.7}},
            "encoding": {
                "y": {"field": "memory", "type": "nominal", "axis": {"title": None, "grid": False}},
                "x": {
                    "field": "share",
                    "type": "quantitative",
                    "scale": {"domain": [0, 1]},
                    "axis": {"title": "of the board's memory", "format": ".0%", "tickCount": 4},
                },
                "color": {"field": "part", "type": "nominal", "scale": {"domain": names, "range": colours}},
                "order": {"field": "order"},
                "tooltip": tips(memory="memory", part="part", bytes=("bytes", ",d"), share=("of the board's", ".1%")),
            },
        },
        96,
    )
    ram = "" if build.ram_bytes is None else f", {build.ram_bytes:,} of {board.sram_bytes:,} bytes of SRAM"
    words = f"{firmware.flash_bytes:,} of {board.flash_bytes:,} bytes of flash{ram}"
    return Chart(f"Memories of {build.place}", f"The program takes {words}.", words, spec)
