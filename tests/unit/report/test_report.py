import matplotlib.image
import pandas as pd

from micronets.report import report
from micronets.report.runtime_pictures import runtime_pictures
from micronets.report.sources import read_results
from micronets.report.table import tables
from micronets.report.trade_offs import trade_off_pictures

BOARD = "nucleo-f446re"


def test_a_network_trained_elsewhere_has_a_row_like_others(results_folder):
    results_folder.trained_elsewhere("ds-cnn-s", 0.8)
    table = report("kws", {"ds-cnn-s": ["nucleo-f446re"]}, results_folder.root, results_folder.task / "report")
    (row,) = table.to_dict("records")
    assert row["kind"] == "tflite" and row["int8_accuracy_percent"] == row["emulator_accuracy_percent"] == 80
    assert pd.isna(row["float_accuracy_percent"]) and row["macs"] == 2_000_000
    text = (results_folder.task / "report" / "summary.txt").read_text(encoding="utf-8").splitlines()
    assert text[2].split()[:5] == ["ds-cnn-s", "nucleo-f446re", "-", "80.0", "%"]
    assert (results_folder.task / "report" / "pictures" / "ds-cnn-s_confusion.png").is_file()
    assert not (results_folder.task / "report" / "pictures" / "ds-cnn-s_training.png").exists()


def test_every_picture_is_a_file(whole_report):
    names = {path.stem for path in (whole_report / "pictures").glob("[!.]*")}
    per_model = {"training", "confusion", f"{BOARD}_memory", f"{BOARD}_layers"}
    expected = {f"{model}_{name}" for model in ("micronet-kws-s", "ds-cnn-s", "searched") for name in per_model}
    expected |= {"searched_search", "searched_widths"}
    expected |= {f"accuracy_{cost}" for cost in ("flash", "ram", "instructions", "latency")}
    assert names == expected


def test_pictures_are_drawn(whole_report):
    for path in (whole_report / "pictures").glob("[!.]*"):
        pixels = matplotlib.image.imread(path)
        assert min(pixels.shape[:2]) > 300
        assert len({tuple(pixel) for pixel in pixels[::3, ::3].reshape(-1, pixels.shape[2]).tolist()}) > 20


def test_csv_and_text_hold_the_models(whole_report):
    table = pd.read_csv(whole_report / "summary.csv")
    assert table["model"].tolist() == ["micronet-kws-s", "ds-cnn-s", "searched"]
    assert table["instructions"].tolist() == [9_412_345, 4_023_456, 6_201_234]
    assert table["bit_exact"].tolist() == [True] * 3
    text = (whole_report / "summary.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 2 + 3


def test_equal_results_give_equal_bytes(results_folder):
    results_folder.searched("searched", epochs=4)
    results_folder.everything("searched", 0.9, 6_000_000, 45.0)
    contents = []
    for name in ("first", "second"):
        report("kws", {"searched": [BOARD]}, results_folder.root, results_folder.root / name)
        paths = sorted(path for path in (results_folder.root / name).rglob("[!.]*.*") if path.suffix != ".html")
        contents.append({path.name: path.read_bytes() for path in paths})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 10 + 2


def test_pictures_of_models_that_are_gone_go_too(results_folder):
    results_folder.published("ds-cnn-s")
    results_folder.train("ds-cnn-s", 0.85, 0.85)
    directory = results_folder.task / "report"
    report("kws", {"ds-cnn-s": [BOARD]}, results_folder.root, directory)
    assert [path.name for path in (directory / "pictures").glob("[!.]*")] == ["ds-cnn-s_training.png"]
    report("kws", {}, results_folder.root, directory)
    assert list((directory / "pictures").glob("[!.]*")) == []


def test_no_models_at_all(results_folder):
    table = report("kws", {}, results_folder.root, results_folder.task / "report")
    assert table.empty


def test_both_runtimes_stand_side_by_side(results_folder):
    tflm = f"{BOARD}/tflm"
    results_folder.published("ds-cnn-s")
    results_folder.everything("ds-cnn-s", 0.85, 4_000_000, 30.0)
    results_folder.firmware("ds-cnn-s", tflm, arena_bytes=50_000)
    results_folder.profile("ds-cnn-s", 7_000_000, 60.0, board=tflm, bit_exact=False, inputs=100)
    table = report("kws", {"ds-cnn-s": [BOARD, tflm]}, results_folder.root, results_folder.task / "report")
    assert table["board"].tolist() == [BOARD, BOARD]
    assert table["runtime"].tolist() == ["micronets", "tflm"]
    assert table["instructions"].tolist() == [4_000_000, 7_000_000]
    own_bytes, tflm_bytes = table["arena_bytes"]
    assert tflm_bytes == 50_000
    # Against the arena on the board, not against that of the host's interpreter, 62,932 bytes.
    assert table["arena_share_of_tflm"][0] == own_bytes / 50_000
    assert pd.isna(table["arena_share_of_tflm"][1])
    found = read_results("kws", {"ds-cnn-s": [BOARD, tflm]}, results_folder.root)
    glance, memory = tables(found)
    assert [(row.kind, row.board) for row in glance.rows] == [("baseline", BOARD), ("with TFLM", BOARD)]
    assert [row.paper is None for row in glance.rows] == [False, True]
    assert memory.rows[1].cells[1][0].value == "50.0" and glance.rows[1].cells[-1][0].value == "97 of 100"
    lines = (results_folder.task / "report" / "summary.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1:3] for line in lines[2:]] == [[BOARD, "85.4"], [f"{BOARD},", "TFLM"]]
    pictures = {path.name for path in (results_folder.task / "report" / "pictures").glob("[!.]*")}
    assert f"ds-cnn-s_{BOARD}_tflm_layers.png" in pictures and f"ds-cnn-s_{BOARD}_layers.png" in pictures
    assert f"ds-cnn-s_{BOARD}_tflm_memory.png" not in pictures
    words = trade_off_pictures(found)[-1].alternative
    assert "30 milliseconds" in words and "60 milliseconds" not in words
    words = runtime_pictures(found)[0].alternative
    own_ram, tflm_ram = table["ram_bytes"]
    assert words == (
        f"ds-cnn-s: 1.00 of TFLM's flash, whole program, {own_ram / tflm_ram:.2f} of TFLM's RAM with stack, "
        "0.57 of TFLM's instructions"
    )


def test_several_boards_stand_side_by_side(results_folder):
    boards = [BOARD, "nucleo-l4r5zi"]
    results_folder.published("ds-cnn-s")
    results_folder.everything("ds-cnn-s", 0.85, 4_000_000, 30.0)
    results_folder.firmware("ds-cnn-s", "nucleo-l4r5zi")
    results_folder.profile("ds-cnn-s", 4_000_000, 45.0, board="nucleo-l4r5zi", bit_exact=False, inputs=100)
    table = report("kws", {"ds-cnn-s": boards}, results_folder.root, results_folder.task / "report")
    assert table["board"].tolist() == boards
    found = read_results("kws", {"ds-cnn-s": boards}, results_folder.root)
    other = tables(found)[0].rows[1]
    assert (other.board, other.cells[-1][0].value) == ("nucleo-l4r5zi", "97 of 100")
    assert other.cells[0][3].detail == "of 100"
    words = trade_off_pictures(found)[-1].alternative
    assert "30 milliseconds" in words and "45 milliseconds" in words
