import pytest

from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.published import PUBLISHED, published_architecture
from micronets.report.published_figures import load_publication


@pytest.mark.parametrize("name", PUBLISHED)
def test_operations_of_the_paper_belong_to_our_network_of_the_same_name(name):
    figures = load_publication("kws").figures[name]
    assert costs(published_architecture(name)).paper_ops / 1e6 == pytest.approx(figures.mops, rel=0.005)


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
