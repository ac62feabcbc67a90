"""Merging, validation, and the one sentence for every mistake."""

from dataclasses import asdict
from typing import Any

import pytest
import yaml

from micronets.configuration import expand, merge, resolve
from micronets.data.speech.vocabulary import TEN_WORDS
from micronets.errors import ConfigurationError, DataError
from micronets.keyword_spotter.options import SpotOptions
from micronets.runtime import build_name, options_of, runtimes_of, split_build_name
from tests.arm_library import library_for
from tests.tflm_library import STAND_IN


def test_the_defaults_are_valid_and_need_no_download(defaults):
    configuration = resolve(defaults)
    assert {task.section("data")["source"] for task in configuration.tasks.values()} == {"generated"}
    assert configuration.boards == ("nucleo-f446re",)


@pytest.mark.parametrize(
    ("name", "tasks"),
    [
        ("speech_commands.yaml", ["kws"]),
        ("mixed_precision.yaml", ["kws"]),
        ("search_strategies.yaml", ["kws"]),
        ("wake_word.yaml", ["kws"]),
        ("visual_wake_words.yaml", ["vww"]),
        ("anomaly_detection.yaml", ["ad"]),
        ("paper.yaml", ["kws", "vww", "ad"]),
    ],
)
def test_every_recipe_is_valid(defaults, repository, tmp_path, name, tasks):
    for clip in (
        "train/normal_id_00_0.wav",
        "test/normal_id_00_1.wav",
        "test/anomaly_id_00_0.wav",
        "train/normal_id_02_0.wav",
    ):
        path = tmp_path / "slider" / clip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for word in TEN_WORDS:
        (tmp_path / word).mkdir()
    recipe = yaml.safe_load((repository / "config" / name).read_text(encoding="utf-8"))
    paths = {f"{task}__data__path": str(tmp_path) for task in tasks}
    configuration = resolve(merge(defaults, merge(recipe, paths)))
    assert list(configuration.tasks) == tasks and all(task.models for task in configuration.tasks.values())


def test_a_search_knows_its_classes_before_the_data_stage(resolved, tmp_path):
    """Of machines these are the ids in the folder, so that a wrong one is told before anything runs."""
    over = {"tasks": ["ad"], "ad": {"data": {"source": "folder", "path": str(tmp_path)}}}
    with pytest.raises(DataError, match="has no machines in it"):
        resolved(over)


def test_a_classifier_of_one_machine_is_refused_and_an_autoencoder_is_not(resolved, tmp_path):
    (tmp_path / "pump").mkdir()
    for number in range(10):
        (tmp_path / "pump" / f"{number}.wav").touch()
    data = {"source": "folder", "path": str(tmp_path / "pump")}
    for name in ("micronet-ad-s", "searched"):
        models = {name: {"search": {}} if name == "searched" else {}}
        with pytest.raises(ConfigurationError, match="one alone, pump_00; .*an autoencoder.*: fc-ae, "):
            resolved({"tasks": ["ad"], "ad": {"data": data, "models": models}})
    assert resolved({"tasks": ["ad"], "ad": {"data": data, "models": {"fc-ae": {}}}}).tasks["ad"].trained


def test_one_class_is_nothing_to_tell_apart(defaults, tmp_path):
    for number in range(5):
        path = tmp_path / "pump" / "normal" / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    over = {**defaults, "tasks": ["ad"], "ad": {"data": {"source": "folder", "path": str(tmp_path)}}}
    with pytest.raises(
        ConfigurationError, match=r"ad.models.searched .* one alone, pump_00; .*: fc-ae, fc-ae-wide, conv"
    ):
        resolve(over)
    over["ad"]["models"] = {"micronet-ad-s": {}}
    with pytest.raises(ConfigurationError, match=r"ad.models.micronet-ad-s .* one alone, pump_00"):
        resolve(over)
    over["ad"]["models"] = {"fc-ae": {}}
    assert list(resolve(over).tasks["ad"].models) == ["fc-ae"]


@pytest.mark.parametrize("task", ["kws", "vww", "ad"])
def test_a_path_that_would_be_ignored_is_refused(defaults, tmp_path, task):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match=f"{task}.data.path is .*, but {task}.data.source is generated"):
            resolve({**defaults, "tasks": [task], f"{task}__data__path": str(path)})


def test_words_that_yaml_takes_for_truth_values_get_a_remedy(resolved):
    with pytest.raises(ConfigurationError, match=r"kws.data.keywords.0 is True, but must be text; put it in quotes"):
        resolved({"kws": {"data": {"keywords": [True, "left"]}}})


@pytest.mark.parametrize("key", ["models", "data__path"])
def test_what_belongs_to_one_task_is_not_given_for_several(resolved, key):
    with pytest.raises(ConfigurationError, match=rf"of the tasks kws, vww; write kws\.{key.replace('__', '.')} "):
        resolved({"tasks": ["kws", "vww"], key: {"ds-cnn-s": {}} if key == "models" else "clips"})


def test_a_task_key_goes_over_a_top_level_key_which_goes_over_the_default(resolved):
    default = resolved({}).tasks["kws"].section("train")
    general = {"train": {"batch_size": 77, "float_epochs": 91}}
    own = {"kws": {"train": {"batch_size": 78}}}
    train = resolved(general | own).tasks["kws"].section("train")
    assert (train["batch_size"], train["float_epochs"]) == (78, 91)
    assert train["learning_rate"] == default["learning_rate"]


def test_a_model_overrides_its_sections_alone(resolved):
    models = {"ds-cnn-s": {"train": {"batch_size": 33}}, "ds-cnn-m": {}}
    task = resolved({"kws": {"models": models, "train": {"batch_size": 44}}}).tasks["kws"]
    assert task.section("train", "ds-cnn-s")["batch_size"] == 33
    assert task.section("train", "ds-cnn-m")["batch_size"] == 44
    assert task.section("train")["batch_size"] == 44


def test_only_tasks_with_a_stream_have_the_section_spot(resolved):
    both = resolved({"tasks": ["kws", "vww"], "spot": {"minutes": 7}})
    assert both.tasks["kws"].section("spot")["minutes"] == 7
    assert "spot" not in both.tasks["vww"].sections
    with pytest.raises(ConfigurationError, match="Unknown configuration key 'vww.spot'"):
        resolved({"tasks": ["vww"], "vww": {"spot": {"minutes": 7}}})


def test_the_defaults_of_spotting_are_those_of_its_command(resolved):
    assert resolved({}).tasks["kws"].section("spot") == asdict(SpotOptions())


def test_the_hop_is_that_of_each_models_features(resolved):
    one_dimensional = {"kws": {"models": {"ds-cnn-1d": {}}}}
    with pytest.raises(ConfigurationError) as caught:
        resolved(one_dimensional)
    times = "step_ms 96, smoothing_ms 480 and refractory_ms 1536"
    assert str(caught.value).endswith(f"features' hop, 32 ms, for instance {times}.")
    mended = {"step_ms": 96, "smoothing_ms": 480, "refractory_ms": 1536}
    assert resolved(one_dimensional | {"spot": mended}).tasks["kws"].section("spot")["step_ms"] == 96


@pytest.mark.parametrize(
    ("spot", "sentence"),
    [
        ({"treshold": 0.5}, "Unknown configuration key 'kws.spot.treshold'; did you mean 'threshold'."),
        (
            {"step_ms": 50},
            "kws.spot.step_ms is 50; it must be a multiple of the features' hop, 20 ms, for instance step_ms 40, "
            "smoothing_ms 480 and refractory_ms 1520.",
        ),
        ({"refractory_ms": 150}, "kws.spot.refractory_ms is 150; it must be a multiple of spot.step_ms (100)."),
    ],
)
def test_a_mistake_in_spotting_is_one_sentence(resolved, spot, sentence):
    with pytest.raises(ConfigurationError) as caught:
        resolved({"kws": {"spot": spot}})
    assert str(caught.value) == sentence


def test_models_are_replaced_and_not_merged(resolved):
    assert list(resolved({"kws": {"models": {"ds-cnn-m": {}}}}).tasks["kws"].models) == ["ds-cnn-m"]


def test_a_name_that_is_not_published_is_searched(resolved):
    configuration = resolved({"kws": {"models": {"mine": {"search": {"epochs": 3}}, "ds-cnn-s": None}}})
    assert configuration.searched == ("mine",)
    assert configuration.tasks["kws"].section("search", "mine")["epochs"] == 3


def test_a_model_may_be_built_for_other_boards(resolved):
    models = {"micronet-kws-l": {"boards": ["nucleo-l4r5zi"]}, "ds-cnn-s": {}}
    task = resolved({"models": models}).tasks["kws"]
    assert task.models["micronet-kws-l"].boards == ("nucleo-l4r5zi",)
    assert task.models["ds-cnn-s"].boards == ("nucleo-f446re",)


def test_keys_of_several_levels_are_expanded_and_go_over_the_levels_above():
    keys = {"a__b__c": 1, "a": {"b": {"c": 2, "d": 3}}, "e.f": 4}
    assert expand(keys) == {"a": {"b": {"c": 1, "d": 3}}, "e": {"f": 4}}


def test_text_from_the_command_line_is_read_as_the_type_that_is_wanted(resolved):
    given = {"train": {"batch_size": "64", "learning_rate": "1e-3"}, "boards": ["nucleo-l4r5zi"], "results": "7"}
    configuration = resolved(given)
    train = configuration.tasks["kws"].section("train")
    assert train["batch_size"] == 64
    assert configuration.results == "7"


def test_no_teacher_where_distillation_has_no_weight(resolved):
    teacher = {"teacher": {"architecture": "ds-cnn-m"}}
    assert resolved({"train": {**teacher, "distillation": {"weight": 0.5}}}).tasks["kws"].teachers == ("ds-cnn-m",)
    assert resolved({"train": {**teacher, "distillation": {"weight": 0}}}).tasks["kws"].teachers == ()
    itself = {"weight": 0.5, "from_float": True}
    assert resolved({"train": {**teacher, "distillation": itself}}).tasks["kws"].teachers == ()


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"sed": 2}, r"'sed'; did you mean 'seed'"),
    ({"seed": -1}, r"seed is -1, but must be at least 0"),
    ({"seed": "x"}, r"seed is 'x', but must be a whole number"),
    ({"tasks": ["kvs"]}, r"unknown task 'kvs'; did you mean 'kws'"),
    ({"tasks": []}, r"tasks is \[\], but must be a list of 1 or more"),
    ({"boards": ["nucleo-f44"]}, r"boards: .*'nucleo-f44'.*nucleo-f446re"),
    ({"train": 3}, r"train must be a mapping"),
    ({"train__batchsize": 3}, r"'kws.train.batchsize'; did you mean 'batch_size'"),
    ({"train": {"learning_rate": "nan"}}, r"kws.train.learning_rate is nan, but must be a finite number"),
    ({"train": {"batch_size": 0}}, r"kws.train.batch_size is 0, but must be at least 1"),
    (
        {"train": {"distillation": {"weight": 1}, "teacher": {"architecture": "ds-cnn-x"}}},
        r"kws.train.teacher.architecture: .*'ds-cnn-x'",
    ),
    ({"data": {"source": "tape"}}, r"kws.data.source is 'tape'; it must be one of generated, folder, download\."),
    ({"data": {"source": "folder"}}, r"kws.data.source is folder, but kws.data.path"),
    ({"data": {"source": "folder", "path": "/no/such"}}, r"kws.data.path: there is no folder /no/such"),
    ({"data": {"source": "folder", "path": __file__}}, r"kws.data.path: there is no folder"),
    (
        {"data": {"generated": {"speakers": "many"}}},
        r"kws.data.generated.speakers is 'many', but must be a whole number",
    ),
    ({"train": {"augmentation": {"noise_volume": -1}}}, r"kws.train.augmentation.noise_volume is -1.* 0 or more"),
    ({"search": {"augmentation": {"shift": 1}}}, r"'kws.search.augmentation.shift'; did you mean 'shift_ms'"),
    ({"model": "a.tflite"}, r"task does not say on what; add task=<name>"),
    ({"model": "no/such.tflite", "task": "kws"}, r"model: there is no file no/such.tflite"),
    ({"task": "kvs"}, r"task: unknown task 'kvs'; did you mean 'kws'"),
    ({"evaluate": {"labels": "yes"}}, r"kws.evaluate.labels"),
    ({"models": {}}, r"kws.models is \{\}, but must be a mapping of 1 or more"),
    ({"models": {"Big Net": {}}}, r"kws.models: the name 'Big Net'"),
    (
        {"train": {"distillation": {"weight": 0.5}, "teacher": {"architecture": "micronet-ad-s"}}},
        r"kws.models.ds-cnn-s reads inputs of shape \[49, 10, 1\], but its teacher micronet-ad-s reads \[32, 32, 1\]",
    ),
    ({"models": {"teachers": {"search": {}}}}, r"kws.models.teachers: .* choose another name"),
    ({"models": {"ds-cnn-xs": {}}}, r"kws.models.ds-cnn-xs .*did you mean 'ds-cnn-s'.* search key"),
    ({"models": {"ds-cnn-s": {"search": {}}}}, r"kws.models.ds-cnn-s .*remove its search key"),
    ({"models": {"ds-cnn-s": {"train": {"epochs": 1}}}}, r"'kws.models.ds-cnn-s.train.epochs'"),
    ({"models": {"ds-cnn-s": {"boards": ["uno"]}}}, r"kws.models.ds-cnn-s.boards: .*'uno'"),
    ({"models": {"mine": {"search": {"board": "uno"}}}}, r"kws.models.mine.search.board: .*'uno'"),
    (
        {"models": {"mine": {"search": {"backbone": {"kind": "mobilenet-v3"}}}}},
        r"search.backbone.kind is 'mobilenet-v3', but must be one of ds-cnn, mobilenet-v2",
    ),
    (
        {"models": {"mine": {"search": {"backbone": {"kind": "mobilenet-v2", "width": 0}}}}},
        r"backbone.width is 0, but must be greater",
    ),
    ({"models": {"mine": {"search": {"max_mops": 0.001}}}}, r"kws.models.mine.search: .*operations.*1,000 are allowed"),
    ({"models": {"micronet-kws-l": {}}}, r"micronet-kws-l .*bytes of flash.*boards key"),
    ({"models": {"ds-cnn-l": {}}}, r"ds-cnn-l .*bytes of SRAM.*boards key"),
]


@pytest.mark.parametrize(("given", "sentence"), MISTAKES, ids=[str(given) for given, _ in MISTAKES])
def test_a_mistake_is_told_in_one_sentence(resolved, given, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        resolved(given)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")


def test_a_file_where_the_data_should_be_is_told(resolved, tmp_path):
    file = tmp_path / "clips.tar.gz"
    file.touch()
    with pytest.raises(ConfigurationError, match="is a file; give a folder"):
        resolved({"data": {"source": "download", "path": str(file)}})


def test_damaged_defaults_are_named(resolved, monkeypatch, tmp_path):
    (tmp_path / "kws.yaml").write_text("train: [", encoding="utf-8")
    monkeypatch.setattr("micronets.configuration.TASKS", tmp_path)
    with pytest.raises(ConfigurationError, match=r"kws\.yaml is not valid YAML"):
        resolved({})


def test_a_profile_on_a_board(resolved):
    profile = resolved({"profile": {"target": "serial:/dev/ttyACM0"}}).tasks["kws"].section("profile", "ds-cnn-s")
    assert profile["target"] == "serial:/dev/ttyACM0"


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"profile": {"target": "usb:1"}}, r"kws\.profile\.target is 'usb:1', but must be of the form"),
        ({"profile": {"target": "serial:"}}, r"kws\.profile\.target is 'serial:', but must be of the form"),
        (
            {"profile": {"target": "serial:/dev/ttyACM0"}, "boards": ["nucleo-f446re", "corstone-300"]},
            r"no support for corstone-300 itself, only for its emulator; choose another board, or emulator",
        ),
    ],
    ids=["word", "no port", "board"],
)
def test_an_impossible_target(resolved, over, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        resolved(over)


def test_every_runtime_of_a_model_is_a_build_of_its_own(resolved, repository, tmp_path):
    library_for("cortex-m4", tmp_path / "tflm-cortex-m4.a")
    include = str(repository / "tests" / "tflm_stand_in" / "include")
    tflm = {"library": str(tmp_path / "tflm-{core}.a"), "include": include}
    boards = ["nucleo-f446re", "nucleo-l4r5zi"]
    models = {"ds-cnn-s": {}, "ds-cnn-m": {"firmware": {"runtimes": ["tflm", "micronets"]}}}
    task = resolved({"boards": boards, "kws": {"models": models, "firmware": {"tflm": tflm}}}).tasks["kws"]
    assert task.models["ds-cnn-s"].builds == ("nucleo-f446re", "nucleo-l4r5zi")
    assert task.models["ds-cnn-m"].builds == (
        "nucleo-f446re/tflm",
        "nucleo-f446re",
        "nucleo-l4r5zi/tflm",
        "nucleo-l4r5zi",
    )


@pytest.mark.parametrize(
    ("tflm", "sentence"),
    [
        (
            {},
            r"kws\.models\.ds-cnn-s\.firmware\.tflm\.library and include must name a library of TensorFlow Lite Micro",
        ),
        (
            {"library": "no/such.a", "include": "x"},
            r"tflm\.library: there is no file no/such\.a; build it .*=cortex-m4\+fp",
        ),
        (
            {"library": __file__, "include": "x"},
            r"tflm\.include: there is no tensorflow/.*micro_interpreter\.h in x; name",
        ),
        (
            {"library": __file__, "include": str(STAND_IN / "include")},
            r"tflm\.library: .*test_configuration\.py is not a static library",
        ),
        ({"libary": "x"}, r"Unknown configuration key 'kws\.firmware\.tflm\.libary'; did you mean 'library'"),
    ],
)
def test_tflm_without_a_library_says_how_to_get_one(resolved, tflm, sentence):
    models = {"ds-cnn-s": {}}
    with pytest.raises(ConfigurationError, match=sentence):
        resolved({"kws": {"models": models, "firmware": {"runtimes": ["tflm"], "tflm": tflm}}})


def test_what_is_said_to_one_runtime_is_not_said_to_the_other():
    section = {"optimise": "size", "runtimes": ["micronets", "tflm"], "tflm": {"library": "l", "include": "i"}}
    assert options_of(section, "micronets") == {"optimise": "size"}
    assert options_of(section, "tflm") == {"optimise": "size", "library": "l", "include": "i"}
    assert [split_build_name(build_name("b", runtime)) for runtime in runtimes_of(section)] == [
        ("b", "micronets"),
        ("b", "tflm"),
    ]


def test_what_a_configuration_leaves_out_is_as_the_default_run_has_it(defaults):
    """As for a workflow that uses this one as a module with a few keys of its own."""
    assert resolve({}) == resolve(defaults)
    partial = resolve({"tasks": ["kws"], "characterise": {"networks": 5}})
    assert partial.results == "results" and partial.characterise == {**defaults["characterise"], "networks": 5}
    with pytest.raises(ConfigurationError, match="characterise is 3, but must be a mapping"):
        resolve({"characterise": 3})


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"kws": {"models": {False: {}}}}, r"kws\.models has the name False, which is no text; put it in quotes"),
        ({"kws": {"models": {5: {}}}}, r"kws\.models has the name 5, which is no text; put it in quotes"),
        ({5: {}}, r"The configuration has the name 5, which is no text"),
        (
            {"kws": {"models": {"a\n": {"search": {"board": "nucleo-f446re"}}}}},
            r"the name 'a\\n' must be made of lower-",
        ),
        (
            {"kws": {"sweep": {"a\n": {"search": {"board": "nucleo-f446re"}, "over": {"seed": [1, 2]}}}}},
            r"the name 'a\\n' must be made of lower-",
        ),
        ({"results": "{task}"}, r"results is '\{task\}', but must be a path without braces"),
        ({"results": "a\n"}, r"results is 'a\\n', but must be a path"),
        ({"results": "a\0b"}, r"results is 'a\\x00b', but must be a path"),
        ({"results": " "}, r"results is ' ', but must be a path"),
    ],
    ids=["no", "number", "number at the top", "line feed", "sweep", "wildcard", "folder's line feed", "zero", "blank"],
)
def test_names_that_lead_astray_are_refused(defaults, over, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        resolve({**defaults, "tasks": ["kws"], **over})
    assert "\n" not in str(caught.value)


def test_a_results_folder_may_have_blanks_and_any_letters(resolved):
    assert resolved({"results": "my results/Größe"}).results == "my results/Größe"
