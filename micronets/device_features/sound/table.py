"""A profile of features as text for a terminal."""

from micronets.device_features.sound.build import FRAME_STAGES, WINDOW
from micronets.device_features.sound.measure import Cost, FeatureProfile


def feature_table(profile: FeatureProfile) -> str:
    """One line for every stage of a frame, for the frame, and for a window; then the memories."""
    firmware = profile.firmware
    rows = [(FRAME_STAGES[name], name, cost) for name, cost in profile.stages.items()]
    rows += [("a frame", "", profile.frame), ("a window, the network's input", WINDOW, profile.window)]
    width = max(len(what) for what, _, _ in rows)
    functions = max(len(function) for _, function, _ in rows)
    board, flash = firmware.board, firmware.flash_bytes
    lines = [
        f"{profile.name} on {board.name} ({board.core}, {board.clock_hz / 1e6:g} MHz): "
        f"{profile.windows} windows compared with the reference, all equal bit for bit",
        f"{'':{width}} {'':{functions}} {'instructions':>12} {'cycles*':>9} {'ms*':>7}",
    ]
    for what, function, cost in rows:
        lines.append(
            f"{what:{width}} {function:{functions}} {cost.instructions:>12,.0f} {_estimates(cost, board.clock_hz)}"
        )
    lines += [
        "instructions are counted, cycles (*) estimated",
        f"flash: {flash.network_code:,} code + {flash.network_constants:,} constants = {flash.network:,} bytes",
        f"RAM: {firmware.linked_ram_bytes.network:,} bytes, deepest stack {profile.stack_bytes:,}",
    ]
    return "\n".join(lines)


def _estimates(cost: Cost, clock_hz: int) -> str:
    if cost.cycles is None:
        return f"{'-':>9} {'-':>7}"
    return f"{cost.cycles:>9,.0f} {cost.cycles / clock_hz * 1e3:>7.3f}"
