from dataclasses import replace

import pytest

from micronets.boards import find_board
from micronets.timing.energy import Duty, energy_json

F446 = find_board("nucleo-f446re")


def test_energy_and_average_power() -> None:
    # 0.16 W for 50 ms are 8 mJ; ten times a second that is half of the time: 80 mW, and half of 2 mA x 3 V.
    found = energy_json(F446, 50.0, "measured", 0.0, Duty(10, 2.0, 3.0))
    assert found["energy_mj"] == pytest.approx(8)
    assert found["duty_cycle"] == pytest.approx(0.5)
    assert found["sleep_power_mw"] == pytest.approx(6)
    assert found["average_power_mw"] == pytest.approx(80 + 3)
    assert found["latency"] == "measured"
    # 0.151 to 0.168 W were measured: 0.009 W of 0.16 W.
    assert found["energy_error_percent"] == pytest.approx(5.62, abs=0.01)
    estimated = energy_json(F446, 50.0, "estimated", 4.0, Duty(10, 2.0, 3.0))
    assert estimated["energy_error_percent"] == pytest.approx((5.625**2 + 4**2) ** 0.5, abs=0.01)
    assert "Table 4" in found["active_power_source"]


def test_the_paper() -> None:
    """Table 4: 0.426 s on the F446RE and 0.187 s on the F746ZG take 70.56 and 83.16 mJ."""
    for name, latency_ms, energy_mj in (("nucleo-f446re", 426, 70.56), ("nucleo-f746zg", 187, 83.16)):
        found = energy_json(find_board(name), latency_ms, "measured", 0.0, Duty(1, None, 3.3))
        assert found["energy_mj"] == pytest.approx(energy_mj, rel=0.05)


def test_no_average_without_sleep_power_or_where_it_is_too_slow() -> None:
    assert energy_json(F446, 50.0, "estimated", 4.0, Duty(10, None, 3.3))["average_power_mw"] is None
    too_slow = energy_json(F446, 50.0, "estimated", 4.0, Duty(21, 0.1, 3.3))
    assert too_slow["average_power_mw"] is None and too_slow["duty_cycle"] == pytest.approx(1.05)
    assert energy_json(F446, 50.0, "estimated", 4.0, Duty(20, 0.1, 3.3))["average_power_mw"] == pytest.approx(160)


def test_nothing_without_power_or_latency() -> None:
    assert energy_json(F446, None, "estimated", 4.0, Duty(1, 0.1, 3.3)) is None
    assert energy_json(replace(F446, active_power_w=None), 50.0, "estimated", 4.0, Duty(1, 0.1, 3.3)) is None
