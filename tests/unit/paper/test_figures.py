"""The paper's own figures, and Arm's files."""

import pytest

from micronets.errors import ConfigurationError
from micronets.paper.architectures import describe_layers, describe_widths
from micronets.paper.figures import load_paper
from micronets.paper.released import find_released
from micronets.published import PUBLISHED, mobilenet_v2, published_architecture

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "_silence_", "_unknown_")


def test_networks_known_by_name_have_the_layers_of_table_5(paper):
    assert len(paper.architectures) == 6
    for name, widths in paper.architectures.items():
        assert describe_layers(published_architecture(name)) == describe_widths(widths)


def test_bottlenecks_are_described_by_expansion_and_projection():
    stages = [[(4, 8)], [(28, 24), (28, 20)], [(9, 9)], [(9, 9)], [(9, 9)], [(9, 9)], [(9, 9)]]
    text = describe_layers(mobilenet_v2("any", (50, 50, 1), 12, stages, 128))
    assert text == "3x3, 12 | (4, 8) (28, 24)/2 (28, 20) (9, 9)/2 (9, 9)/2 (9, 9) (9, 9)/2 (9, 9) | head 128"


def test_a_network_has_a_name_here_or_a_reason_why_not(paper):
    for network in paper.networks:
        assert (network.name in PUBLISHED) != bool(network.unknown), network.name


def test_energy_over_latency_is_a_power_of_the_boards(paper):
    """A figure in a wrong column or unit would not be: about 0.16 and 0.45 W."""
    for network in paper.networks:
        for board, energy_mj in network.energy_mj.items():
            if network.name != "mobilenet-v2-s":  # whose energies the paper has misplaced
                low, high = {"nucleo-f446re": (0.15, 0.17), "nucleo-f746zg": (0.42, 0.48)}[board]
                assert low <= energy_mj / 1e3 / network.latency_s[board] <= high, network.name


def test_estimates_of_the_paper_are_marked(paper):
    network = paper.network("micronet-ad-s")
    assert network.is_estimate("latency_s", "nucleo-f746zg") and not network.is_estimate("latency_s", "nucleo-f446re")
    assert paper.network("conv-ae").is_estimate("tflite_kb")


@pytest.mark.parametrize("text", ["boards: {}", "boards: {S: {bord: x}}", "- 1"])
def test_damaged_figures_are_named(tmp_path, text):
    path = tmp_path / "figures.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="figures.yaml is damaged"):
        load_paper(path)


def test_arms_files_are_known_by_name_and_size_and_scored_on_data_of_their_classes(tmp_path):
    (tmp_path / "kws_micronet_s.tflite").write_bytes(bytes(114_512))
    (tmp_path / "kws_micronet_m.tflite").write_bytes(bytes(5))
    found = find_released(str(tmp_path), {"kws": WORDS})
    assert found.files == {"micronet-kws-s": tmp_path / "kws_micronet_s.tflite"}
    assert "is not the file that Arm has released" in found.reasons["micronet-kws-m"]
    assert "not in the folder" in found.reasons["micronet-kws-l"]
    assert "8 outputs" in found.reasons["micronet-ad-s"]
    assert "Arm has released no file" in found.reasons["ds-cnn-s"]
    other = find_released(str(tmp_path), {"kws": ("open", "close")})
    assert other.files == {} and "other classes" in other.reasons["micronet-kws-s"]
    assert "not in this run" in find_released(str(tmp_path), {}).reasons["micronet-kws-s"]
