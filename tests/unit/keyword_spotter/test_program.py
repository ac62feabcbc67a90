"""The program on the emulator, on this machine and on an emulated board against the reference in numpy."""

import re

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.errors import BoardError, EmulatorError, ModelError
from micronets.hardware.port import open_port
from micronets.keyword_spotter.build import (
    FUNCTIONS,
    build_for_board,
    build_for_emulator,
    build_for_host,
    memory_by_part,
    spotter_sources,
)
from micronets.keyword_spotter.detector import detect, posteriors
from micronets.keyword_spotter.run import listen_on_emulator, listen_on_host
from micronets.keyword_spotter.score import Detection
from micronets.keyword_spotter.serial_audio import check_detections, listen_on_board
from micronets.linking.host import SANITIZERS
from tests.emulated_board import emulated_board
from tests.unit.keyword_spotter.conftest import HOP_MS, HOP_SAMPLES, LABELS

SILENT = """
#include "audio.h"
size_t mn_audio_read(int16_t *samples, size_t count)
{
    static int calls;
    for (size_t i = 0; i < count; i++) {
        samples[i] = 0;
    }
    return ++calls <= 3 ? count : 0;
}
"""


@pytest.fixture(scope="module")
def listened(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("emulator")
    firmware = build_for_emulator(built.sources, built.board, folder)
    return firmware, listen_on_emulator(firmware, built.sources, built.audio)


def test_emulator_and_host_answer_as_the_reference(built, listened, tmp_path):
    answers = listened[1].answers
    likely = posteriors(built.outputs, built.sources.table)
    sums, detected = detect(likely, built.sources.settings)
    assert np.array_equal(answers.posteriors, likely)
    assert np.array_equal(answers.sums, sums)
    assert np.array_equal(answers.detected, detected)
    # 13 frames of 10 ms, then a step of 20 ms; 4 s of audio
    assert answers.time_ms.tolist() == list(range(130, 4001, 20))
    assert 5 < np.sum(detected >= 0) < len(detected) / 2
    host = build_for_host(built.sources, tmp_path / "spotter", flags=("-O1", *SANITIZERS))
    assert listen_on_host(host, built.sources, built.audio) == answers


def test_costs_by_function_add_up_to_what_ran(built, listened):
    firmware, run = listened
    assert list(run.costs) == [*FUNCTIONS, "spotter_hop"]
    hops, inferences = len(built.audio) // HOP_SAMPLES, len(run.answers.time_ms)
    calls = {name: cost.calls for name, cost in run.costs.items()}
    assert calls == {name: inferences for name in FUNCTIONS} | {"mn_features_push": hops, "spotter_hop": hops}
    inference = sum(run.costs[name].instructions for name in FUNCTIONS)
    assert inference < run.instructions < 1.01 * inference
    assert all(cost.cycles > cost.instructions / 2 for cost in run.costs.values())
    # the stack of the network, of the hop's function, and not the whole of what there is
    assert 100 < run.stack_bytes < 1000


def test_memory_by_part_is_all_of_the_program(built, listened):
    firmware, _ = listened
    parts = memory_by_part(firmware.map)
    assert sum(part.flash_bytes for part in parts.values()) == firmware.flash_bytes.total
    assert sum(part.linked_ram_bytes for part in parts.values()) == firmware.linked_ram_bytes.total
    assert parts["network"].linked_ram_bytes >= built.sources.compiled.arena_bytes
    # 13 frames of 10 values and their count; the window of posteriors and the sums
    assert 134 <= parts["features"].linked_ram_bytes < 150
    window, classes = built.sources.settings.window, len(LABELS)
    assert window * classes + 2 * classes < parts["spotter"].linked_ram_bytes < 2 * HOP_SAMPLES + 100
    assert 0 < parts["features"].flash_bytes < 1000 and 0 < parts["spotter"].flash_bytes < 2000


def test_a_board_hears_audio_over_its_serial_port(built, listened, tmp_path):
    board = find_board("netduinoplus2")
    elf = build_for_board(built.sources, board, tmp_path)
    answers = listened[1].answers
    said = np.flatnonzero((answers.detected >= 0) & (answers.time_ms <= 1000))
    assert len(said) > 3
    with emulated_board(elf) as name, open_port(name) as port:
        heard = listen_on_board(port, built.audio[: 100 * HOP_SAMPLES], HOP_SAMPLES)
    assert [detection.time_ms for detection in heard] == answers.time_ms[said].tolist()
    assert [detection.label for detection in heard] == [LABELS[index] for index in answers.detected[said]]
    full = 256 * built.sources.settings.window
    averages = answers.sums[said, answers.detected[said]] / full
    assert all(0 <= average - detection.average < 0.01 for average, detection in zip(averages, heard, strict=True))


class BadLine:
    """A serial line that cuts the fifth piece of audio short, and changes a bit of the tenth."""

    def __init__(self, port) -> None:
        self.name, self.read, self._port, self._count = port.name, port.read, port, 0

    def write(self, data: bytes) -> None:
        self._count += 1
        damaged = {5: data[:100], 10: data[:-9] + bytes([data[-9] ^ 4]) + data[-8:]}
        self._port.write(damaged.get(self._count, data))


def test_what_the_line_damages_is_sent_again(built, listened, tmp_path):
    elf = build_for_board(built.sources, find_board("netduinoplus2"), tmp_path)
    answers = listened[1].answers
    said = np.flatnonzero((answers.detected >= 0) & (answers.time_ms <= 260))
    assert len(said) > 0
    with emulated_board(elf) as name, open_port(name) as port:
        heard = listen_on_board(BadLine(port), built.audio[: 26 * HOP_SAMPLES], HOP_SAMPLES)
    assert [detection.time_ms for detection in heard] == answers.time_ms[said].tolist()
    assert [detection.label for detection in heard] == [LABELS[index] for index in answers.detected[said]]


def test_a_board_with_a_microphone_of_its_own(built, tmp_path):
    (tmp_path / "microphone.c").write_text(SILENT, encoding="utf-8")
    elf = build_for_board(built.sources, find_board("netduinoplus2"), tmp_path, (tmp_path / "microphone.c",))
    said = b""
    with emulated_board(elf) as name, open_port(name) as port:
        while b"ended\r\n" not in said:
            said += port.read()
    assert said.endswith(b"listens\r\nthe audio has ended\r\n")


class Scripted:
    """A port behind which a board says what it is told to; `clock` goes on by 0.2 s with every piece."""

    name = "port"

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)
        self.sent = []
        self.clock = 0.0

    def read(self) -> bytes:
        self.clock += 0.2
        return self.said.pop(0) if self.said else b""

    def write(self, data: bytes) -> None:
        self.sent.append(data)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"", "silent for"),
        (b"keyword spotter on board listens\r\n\x05", "silent for"),
        (b"\x05\x00e-[fault 3 in inference 1]\r\n\x05\x01", "fault 3"),
        (b"\x05\x07", "asks for hop 7"),
    ],
)
def test_a_board_that_does_not_play_along(said, sentence):
    with pytest.raises(BoardError, match=sentence):
        listen_on_board(Scripted(said), np.zeros(3 * HOP_SAMPLES, np.int16), HOP_SAMPLES, timeout_s=0.1)


def test_lost_audio_is_sent_again_and_a_request_that_crossed_it_is_not_answered(monkeypatch):
    detected = b"detected left at 20 ms, average 71 %\r\n"
    crossed, lost = b"\x05\x00", b"\x05\x00"
    port = Scripted(b"\x05", b"\x00", crossed, b"", lost, b"\x05\x01" + detected + b"\x05", b"\x02")
    monkeypatch.setattr("micronets.keyword_spotter.serial_audio.time.monotonic", lambda: port.clock)
    audio = np.repeat(np.arange(2, dtype=np.int16), HOP_SAMPLES)
    (detection,) = listen_on_board(port, audio, HOP_SAMPLES, timeout_s=5)
    assert (detection.label, detection.time_ms, detection.average) == ("left", 20, 0.71)
    first, second = (bytes([0xA5, number]) + audio[HOP_SAMPLES * number :][:HOP_SAMPLES].tobytes() for number in (0, 1))
    assert [sent[:-2] for sent in port.sent] == [first, first, second]


def test_other_detections_than_the_emulators_are_told():
    heard = [Detection(1000, "left", 0.8), Detection(3000, "right", 0.8)]
    check_detections(heard, [Detection(1000, "left", 0.81), Detection(3000, "right", 0.8)], "port")
    with pytest.raises(BoardError, match="'right' at 3000 ms where the emulator detected 'left' at 3000 ms"):
        check_detections(heard, [heard[0], Detection(3000, "left", 0.8)], "port")
    with pytest.raises(BoardError, match="nothing more where the emulator detected 'right' at 3000 ms"):
        check_detections(heard[:1], heard, "port")


def test_labels_and_outputs_must_fit(built, tmp_path):
    settings = built.sources.settings.__class__(("yes", "no"), 10, 2, 3, 300, 5)
    with pytest.raises(ModelError, match="has 4 outputs, but there are 2 labels"):
        spotter_sources(built.sources.compiled, built.sources.features, settings, tmp_path / "settings")


def test_audio_shorter_than_a_hop(built, listened):
    with pytest.raises(EmulatorError, match="less than one hop"):
        listen_on_emulator(listened[0], built.sources, np.zeros(HOP_SAMPLES - 1, np.int16))


def test_audio_shorter_than_a_window_gives_no_answer(built, listened):
    run = listen_on_emulator(listened[0], built.sources, built.audio[: 12 * HOP_SAMPLES])
    assert len(run.answers.time_ms) == 0


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m55"])
def test_other_cores_give_the_same_answers(built, listened, tmp_path, core):
    board = find_board({"cortex-m0plus": "frdm-kl25z", "cortex-m55": "corstone-300"}[core])
    compiled = compile_network(built.tflite, tmp_path / "src", core=core)
    sources = spotter_sources(compiled, built.sources.features, built.sources.settings, tmp_path / "settings")
    firmware = build_for_emulator(sources, board, tmp_path)
    assert listen_on_emulator(firmware, sources, built.audio).answers == listened[1].answers


DMA = """
#include <stddef.h>
#include <stdint.h>
void microphone_start(int16_t *ring, uint32_t samples);
uint32_t microphone_left(void);
static const int16_t said[] = { %s };
static int16_t *place;
static uint32_t size, written;
void microphone_start(int16_t *ring, uint32_t samples)
{
    place = ring;
    size = samples;
}
/* Time goes on whenever somebody asks: seven samples further, then silence for ever. */
uint32_t microphone_left(void)
{
    for (int i = 0; i < 7; i++, written++) {
        place[written %% size] = written < sizeof said / sizeof *said ? said[written] : 0;
    }
    return size - written %% size;
}
"""


def test_the_manuals_microphone_brings_every_sample_in_order(built, listened, repository, tmp_path):
    page = (repository / "docs" / "keyword_spotter.md").read_text(encoding="utf-8")
    (code,) = re.findall(r'^```c title="microphone.c"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL)
    heard_ms = 1000
    audio = built.audio[: HOP_SAMPLES * heard_ms // HOP_MS]
    (tmp_path / "microphone.c").write_text(code, encoding="utf-8")
    (tmp_path / "dma.c").write_text(DMA % ", ".join(map(str, audio)), encoding="utf-8")
    files = (tmp_path / "microphone.c", tmp_path / "dma.c")
    answers = listened[1].answers
    expected = [
        (LABELS[index], int(time_ms))
        for index, time_ms in zip(answers.detected, answers.time_ms, strict=True)
        if index >= 0 and time_ms <= heard_ms
    ]
    elf = build_for_board(built.sources, find_board("netduinoplus2"), tmp_path, files)
    said = ""
    with emulated_board(elf) as name, open_port(name) as port:
        while f"at {expected[-1][1]} ms, average" not in said:
            said += port.read().decode()
    found = re.findall(r"detected (\w+) at (\d+) ms", said)
    assert [(label, int(time_ms)) for label, time_ms in found[: len(expected)]] == expected
