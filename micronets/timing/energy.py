"""Energy of an inference, and average power where one is due so often and the board sleeps in between.

As the paper has it (MicroNets, arXiv 2010.11267, section 3.4): a board's power while computing does not depend on the
network, so that energy is power times latency.
"""

import math
from dataclasses import dataclass

from micronets.boards import Board


@dataclass(frozen=True)
class Duty:
    """How often an inference is due, and what the board takes in between.

    Attributes:
        sleep_current_ma: None where nobody has said.
    """

    frames_per_second: float
    sleep_current_ma: float | None
    supply_v: float

    @property
    def sleep_power_w(self) -> float | None:
        """Supply times current."""
        return None if self.sleep_current_ma is None else self.sleep_current_ma / 1e3 * self.supply_v


def energy_error_percent(board: Board, latency_error_percent: float) -> float | None:
    """Of power times latency: half the range of the measured power and the latency's error, as if independent.

    None where no power is known, or not its range.
    """
    if board.active_power_w is None or board.active_power_range_w is None:
        return None
    low_w, high_w = board.active_power_range_w
    spread_percent = 100 * max(board.active_power_w - low_w, high_w - board.active_power_w) / board.active_power_w
    return round(math.hypot(latency_error_percent, spread_percent), 2)


def energy_json(
    board: Board, latency_ms: float | None, basis: str, latency_error_percent: float, duty: Duty
) -> dict | None:
    """For `profile.json`: figures with their sources; None where power or latency is not known.

    Args:
        basis: `measured` or `estimated`, how the latency came about.
        latency_error_percent: its mean error, 0 of a measured one.
    """
    power_w = board.active_power_w
    if power_w is None or latency_ms is None:
        return None
    share = latency_ms / 1e3 * duty.frames_per_second
    sleep_w = duty.sleep_power_w
    average_w = None
    if sleep_w is not None and share <= 1:
        average_w = share * power_w + (1 - share) * sleep_w
    return {
        "latency": basis,
        "active_power_w": power_w,
        "active_power_source": board.active_power_source,
        "energy_mj": round(power_w * latency_ms, 6),
        "energy_error_percent": energy_error_percent(board, latency_error_percent),
        "frames_per_second": duty.frames_per_second,
        "duty_cycle": round(share, 6),
        "sleep_power_mw": None if sleep_w is None else round(sleep_w * 1e3, 6),
        "sleep_power_source": "profile.sleep_current_ma and profile.supply_v of the configuration",
        "average_power_mw": None if average_w is None else round(average_w * 1e3, 6),
    }
