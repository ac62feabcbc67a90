"""What a configured model may be: a network known by name or in a file, one trained elsewhere, or many in a sweep."""

import json
from pathlib import Path

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution
from micronets.errors import ConfigurationError
from micronets.export.writer import write_tflite
from tests.networks import random_network


@pytest.fixture
def own_architecture(tmp_path) -> Path:
    layers = (Convolution(16, (3, 3), (2, 2)), AveragePooling(), Convolution(12, activation="linear"))
    Architecture("anything", (49, 10, 1), layers).save(tmp_path / "architecture.json")
    return tmp_path / "architecture.json"


def test_a_network_of_ones_own_is_a_file(resolved, own_architecture):
    models = {"mine": {"architecture": str(own_architecture)}, "ds-cnn-s": {}}
    configuration = resolved({"kws": {"models": models, "train": {"teacher": {"architecture": "mine"}}}})
    mine = configuration.tasks["kws"].models["mine"]
    assert mine.architecture == Architecture.load(own_architecture) and mine.architecture_path == str(own_architecture)
    assert configuration.given == ("mine",) and configuration.searched == ()


@pytest.mark.parametrize(
    ("own", "change", "sentence"),
    [
        ({"search": {}}, {}, "has both an architecture and a search"),
        ({"architecture": "nowhere.json"}, {}, "mine.architecture: there is no file nowhere.json"),
        ({}, {"input_shape": [32, 32, 1]}, r"mine: kws has inputs of \(49, 10, 1\) or .*, not of \(32, 32, 1\)"),
        ({}, {"layers": [{"kind": "convolutions"}]}, "mine.architecture: .*architecture.json.*Not an architecture"),
        (
            {},
            {"layers": [{"kind": "average_pooling"}, {"kind": "convolution", "channels": 3}]},
            r"ends in 3 channels, but kws.data leads to 12 classes \(down, go",
        ),
        ({}, {"layers": [{"kind": "convolution", "channels": 9000}, {"kind": "average_pooling"}]}, "feature map of"),
    ],
)
def test_a_file_that_is_no_network_for_the_task_is_refused(resolved, own_architecture, own, change, sentence):
    content = json.loads(own_architecture.read_text(encoding="utf-8")) | change
    own_architecture.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=sentence):
        resolved({"kws": {"models": {"mine": {"architecture": str(own_architecture)} | own}}})


@pytest.fixture
def tflite(tmp_path) -> Path:
    """An int8 network for keyword spotting with twelve outputs."""
    layers = (Convolution(8, (3, 3), (2, 2)), AveragePooling(), Convolution(12, activation="linear"))
    write_tflite(random_network(Architecture("anything", (49, 10, 1), layers)), tmp_path / "mine.tflite")
    return tmp_path / "mine.tflite"


def test_a_tflite_file_is_neither_searched_nor_trained(resolved, tflite):
    over = {"kws": {"models": {"mine": {"tflite": str(tflite), "evaluate": {"scale": 2}}, "ds-cnn-s": {}}}}
    configuration = resolved(over)
    task = configuration.tasks["kws"]
    assert (configuration.searched, configuration.given) == ((), ())
    assert (configuration.trained_elsewhere, configuration.trained) == (("mine",), ("ds-cnn-s",))
    assert [model.name for model in task.trained] == ["ds-cnn-s"]
    assert (task.section("evaluate", "mine")["scale"], task.section("evaluate")["scale"]) == (2, 1)
    taught = {"kws": {**over["kws"], "train": {"distillation": {"weight": 0.5}, "teacher": {"architecture": "mine"}}}}
    with pytest.raises(ConfigurationError, match="mine is a .tflite file, which cannot teach"):
        resolved(taught)


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"tflite": "nowhere.tflite"}, "models.mine.tflite: there is no file nowhere.tflite"),
        ({"search": {}}, "is neither searched nor trained; remove search"),
        ({"train": {"float_epochs": 3}}, "is neither searched nor trained; remove train"),
        ({"evaluate": {"input_shape": [10, 49, 1]}}, r"has inputs of \(49, 10, 1\) or .*, not of \(10, 49, 1\)"),
        ({"evaluate": {"labels": ["a", "b"]}}, r"mine.tflite has 12 outputs, but there are 2 classes \(a, b\)"),
        ({"evaluate": {"lables": []}}, "lables"),
    ],
)
def test_what_a_tflite_file_cannot_be_is_told_before_any_job(resolved, tflite, own, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        resolved({"kws": {"models": {"mine": {"tflite": str(tflite), **own}}}})
    assert "\n" not in str(caught.value)


def test_a_tflite_file_must_suit_the_task(resolved, tflite, tmp_path):
    mine = {"models": {"mine": {"tflite": str(tflite)}}}
    with pytest.raises(ConfigurationError, match=r"vww.models.mine.tflite: vww has square inputs"):
        resolved({"tasks": ["vww"], "vww": mine})
    words = {"data": {"keywords": ["yes", "no"]}}
    with pytest.raises(
        ConfigurationError, match="has 12 outputs, but there are 4 classes .*in kws.models.mine.evaluate"
    ):
        resolved({"kws": mine | words})
    with pytest.raises(ConfigurationError, match="mine is searched or trained for one task and a file for another"):
        resolved({"tasks": ["kws", "ad"], "kws": mine, "ad": {"models": {"mine": {"search": {"max_mops": 4}}}}})
    (tmp_path / "cut.tflite").write_bytes(tflite.read_bytes()[:500])
    with pytest.raises(ConfigurationError, match="cut.tflite: damaged .tflite file"):
        resolved({"kws": {"models": {"mine": {"tflite": str(tmp_path / "cut.tflite")}}}})
    with pytest.raises(ConfigurationError, match="ds-cnn-s is a published network; give the one in .* another name"):
        resolved({"kws": {"models": {"ds-cnn-s": {"tflite": str(tflite)}}}})
    with pytest.raises(ConfigurationError, match="evaluate is for a network that is a .tflite file"):
        resolved({"kws": {"models": {"ds-cnn-s": {"evaluate": {"scale": 2}}}}})


SWEEP = {"search": {"board": "nucleo-f446re"}, "over": {"search.max_mops": [2, 4], "seed": [1, 2, 3]}}


def test_a_sweep_makes_models_in_place_of_the_default_ones(resolved):
    task = resolved({"kws": {"sweep": {"net": SWEEP}}}).tasks["kws"]
    assert len(task.models) == 6
    model = task.models["net-max-mops-4-seed-3"]
    assert (model.seed, model.group, model.sections["search"]["max_mops"]) == (3, "net-max-mops-4", 4)
    assert task.groups["net-max-mops-4"]["search"]["max_mops"] == 4 and len(task.groups) == 2
    beside = resolved({"kws": {"models": {"ds-cnn-s": {}}, "sweep": {"net": SWEEP}}}).tasks["kws"]
    assert len(beside.models) == 7 and beside.models["ds-cnn-s"].group == "" and beside.models["ds-cnn-s"].seed == 1


def test_a_published_network_is_swept_over_under_other_names(resolved):
    sweep = {"architecture": "ds-cnn-s", "over": {"train.weight_bits": [8, 4]}}
    task = resolved({"kws": {"sweep": {"s": sweep}}}).tasks["kws"]
    assert [(m.name, m.published, m.sections["train"]["weight_bits"]) for m in task.models.values()] == [
        ("s-weight-bits-8", "ds-cnn-s", 8),
        ("s-weight-bits-4", "ds-cnn-s", 4),
    ]
    assert task.models["s-weight-bits-8"].architecture is not None


@pytest.mark.parametrize(
    ("sweep", "sentence"),
    [
        ({"net": {"over": {}}}, r"kws\.sweep\.net\.over is \{\}, but must be a mapping of 1 or more"),
        ({"net": {**SWEEP, "over": {"train.weight_bits": [8, 5]}}}, r"train\.weight_bits is 5, but must be one of"),
        ({"net": {**SWEEP, "over": {"nothing.there": [1]}}}, r"[Uu]nknown configuration key .*nothing"),
        ({"net": {**SWEEP, "over": {"seed": 3}}}, r"kws\.sweep\.net\.over\.seed is 3, but must be a list"),
        ({"No": SWEEP}, r"kws\.sweep: the name 'No' must be made of lower-case letters"),
    ],
    ids=["empty", "value", "key", "no list", "name"],
)
def test_a_mistake_in_a_sweep_is_named(resolved, sweep, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        resolved({"kws": {"sweep": sweep}})


def test_searches_that_differ_in_their_budgets_alone_share_a_supernet(resolved):
    search = {"strategy": "evolution", "share_weights": True}
    alone = {"search": {"strategy": "evolution"}}
    grid = {"search.max_mops": [2, 8], "seed": [1, 2]}
    task = resolved({"kws": {"models": {"own": alone}, "sweep": {"net": {"search": search, "over": grid}}}}).tasks[
        "kws"
    ]
    of = {f"net-max-mops-{mops}-seed-{seed}": f"net-max-mops-8-seed-{seed}" for mops in (2, 8) for seed in (1, 2)}
    assert task.supernet_of == of
    assert {name: len(members) for name, members in task.supernets.items()} == dict.fromkeys(of.values(), 2)
    epochs = task.section("search", "own")["epochs"]
    assert (task.work("search", "own", 1).epochs, task.work("search", next(iter(of)), 1).epochs) == (epochs, 0)
    assert task.work("supernet", "net-max-mops-8-seed-1", 1).epochs == epochs


@pytest.mark.parametrize("strategy", ["dnas", "random", ["dnas", "evolution"]])
def test_other_strategies_cannot_share_weights(resolved, strategy):
    search = {"strategy": strategy, "share_weights": True}
    with pytest.raises(ConfigurationError, match="search.share_weights is true, but search.strategy begins with"):
        resolved({"kws": {"models": {"mine": {"search": search}}}})
