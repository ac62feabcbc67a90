from pathlib import Path

import pytest
import yaml

from micronets.benchmark.peers import load_peers
from micronets.boards import load_boards
from micronets.errors import ConfigurationError
from micronets.report.published_figures import load_publication
from micronets.timing.published_latencies import LATENCIES_FILE, load_published_latencies


def test_figures_become_cycles() -> None:
    published = load_published_latencies()
    found = {(entry.software, entry.version): entry.cycles for entry in published.submissions}
    # 47.78 ms at 120 MHz; 52.746 inferences in a second at 216 MHz.
    assert found["Plumerai", "MLPerf Tiny v1.1"]["nucleo-l4r5zi"]["kws01"] == pytest.approx(47.78 * 120e3)
    assert found["Bosch HALE", "1.0.175, MLPerf Tiny v1.2"]["disco-f746ng"]["kws01"] == pytest.approx(216e6 / 52.746)
    assert all(entry.source for entry in published.submissions)


def test_agrees_with_what_is_said_of_the_same_elsewhere() -> None:
    published = load_published_latencies()
    boards = load_boards()
    for name, board in published.boards.items():
        if name in boards:
            assert (board.core, board.clock_hz) == (boards[name].core, boards[name].clock_hz)
    (tflm,) = [entry for entry in published.submissions if entry.software == "TFLM + CMSIS-NN"]
    for task in ("kws", "vww", "ad"):
        for model, figures in load_publication(task).figures.items():
            if model in published.macs:
                assert published.macs[model] == pytest.approx(figures.mops * 1e6 / 2)
                for board, latency_ms in figures.latency_ms.items():
                    if model in tflm.cycles[board]:
                        assert tflm.cycles[board][model] / boards[board].clock_hz * 1e3 == pytest.approx(latency_ms)
    (onnc,) = [entry for entry in published.submissions if entry.estimated_ms]
    peers = {model.title: model.peers["ONNC"].latency_ms for model in load_peers().models if "ONNC" in model.peers}
    assert onnc.estimated_ms["nucleo-l4r5zi"] == {
        "kws01": peers["KWS ref"],
        "vww01": peers["VWW ref"],
        "ad01": peers["AD ref"],
    }


@pytest.mark.parametrize("spoilt", ["board", "network", "unit", "record"])
def test_damaged_file(spoilt: str, tmp_path: Path) -> None:
    content = yaml.safe_load(LATENCIES_FILE.read_text(encoding="utf-8"))
    entry = content["submissions"][0]
    if spoilt == "board":
        entry["ms"]["abacus"] = {"kws01": 1.0}
    elif spoilt == "network":
        entry["ms"]["nucleo-l4r5zi"]["kws99"] = 1.0
    elif spoilt == "unit":
        entry["per_s"] = entry["ms"]
    else:
        del content["cortex_m4_record"]["figures"]
    path = tmp_path / "latencies.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"{path} is damaged"):
        load_published_latencies(path)
