import pytest

from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.published import PUBLISHED, published_architecture
from micronets.report.published_figures import load_publication

FIGURES = {name: figures for task in ("kws", "vww", "ad") for name, figures in load_publication(task).figures.items()}


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name in FIGURES and FIGURES[name].mops is not None])
def test_operations_of_the_paper_belong_to_our_network_of_the_same_name(name):
    # The two decimals of small figures; and the released MicroNet-VWW-2 differs a little from the paper's.
    error = {"micronet-vww-2": 0.04, "fc-ae": 0.02}.get(name, 0.005)
    assert costs(published_architecture(name)).paper_ops / 1e6 == pytest.approx(FIGURES[name].mops, rel=error)


def test_units_are_bytes_and_milliseconds():
    figures = load_publication("kws").figures["micronet-kws-m"]
    assert (figures.binary_bytes, figures.tflite_bytes, figures.sram_bytes) == (252_000, 163_000, 103_300)
    assert figures.latency_ms["nucleo-f446re"] == 426


def test_a_task_without_published_figures_has_none():
    publication = load_publication("gestures")
    assert publication.figures == {}
    assert "2010.11267" in publication.source


@pytest.mark.parametrize("text", ["kws: {}", "source: x\nkws: {net: {latency_s: {}}}", "source: x\nkws: [1]", "- 1"])
def test_damaged_figures_are_named(tmp_path, text):
    path = tmp_path / "figures.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="figures.yaml is damaged"):
        load_publication("kws", path)
