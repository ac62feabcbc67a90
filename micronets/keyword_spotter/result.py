"""What listening to a stream gives, and how it is written down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from micronets.atomic import write_bytes, write_json, write_text
from micronets.boards import Board
from micronets.data.speech.spoken_stream import SpokenStream
from micronets.evaluation import Score
from micronets.keyword_spotter.build import ENTRY, FUNCTIONS, Memory
from micronets.keyword_spotter.operating_points import OperatingPoint, operating_picture
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.picture import stream_picture
from micronets.keyword_spotter.run import Listened
from micronets.keyword_spotter.score import StreamScore
from micronets.keyword_spotter.settings import DetectorSettings
from micronets.linking.build import STACK_BYTES
from micronets.linking.firmware import Firmware
from micronets.timing.cycle_models import find_cycle_model

_FRAME = FUNCTIONS[0]


@dataclass(frozen=True)
class Work:
    """What the processor does: `cycles` are estimated, None where there is no cycle model for the board."""

    instructions: float
    cycles: float | None

    def to_json(self, board: Board) -> dict[str, float | None]:
        """With milliseconds at the board's clock."""
        ms = None if self.cycles is None else round(1e3 * self.cycles / board.clock_hz, 6)
        cycles = None if self.cycles is None else round(self.cycles, 2)
        return {"instructions": round(self.instructions, 2), "estimated_cycles": cycles, "estimated_ms": ms}


@dataclass(frozen=True, eq=False)
class SpotResult:
    """A stream heard by one network's program on one board's emulator.

    Attributes:
        points: what other thresholds would have detected.
        memory: by part of the program; see `build.memory_by_part`.
    """

    firmware: Firmware
    options: SpotOptions
    settings: DetectorSettings
    stream: SpokenStream
    listened: Listened
    scored: StreamScore
    points: tuple[OperatingPoint, ...]
    memory: Mapping[str, Memory]

    @property
    def frame(self) -> Work:
        """The features of one hop of audio, and what calls them."""
        return self._work(_FRAME, ENTRY)

    @property
    def inference(self) -> Work:
        """One inference, from the window of features to the detection."""
        return self._work(*FUNCTIONS[1:])

    @property
    def load(self) -> float | None:
        """Share of the time that the processor is busy; above 1 it does not keep up. None without a cycle model."""
        frame, inference = self.frame.cycles, self.inference.cycles
        if frame is None or inference is None:
            return None
        step_s = self.settings.step_hops * self.settings.hop_ms / 1e3
        return (self.settings.step_hops * frame + inference) / (self.firmware.board.clock_hz * step_s)

    def _work(self, *functions: str) -> Work:
        costs = [self.listened.costs[name] for name in functions]
        cycles = [cost.cycles for cost in costs]
        known = [value for value in cycles if value is not None]
        return Work(sum(cost.instructions for cost in costs), sum(known) if len(known) == len(cycles) else None)

    def to_json(self) -> dict[str, Any]:
        """Everything but the audio and the posteriors."""
        board, costs, model = self.firmware.board, self.listened.costs, find_cycle_model(self.firmware.board)
        return {
            "network": self.firmware.network,
            "board": board.name,
            "core": board.core,
            "clock_hz": board.clock_hz,
            "emulator": board.emulator,
            "labels": list(self.settings.labels),
            "options": asdict(self.options),
            "stream": {"seconds": self.stream.seconds, "words": len(self.stream.events)},
            "score": self.scored.to_json(),
            "detections": [
                {**asdict(judged.detection), "verdict": judged.verdict, "word": judged.event and judged.event.word}
                for judged in self.scored.judged
            ],
            "missed": [asdict(event) for event in self.scored.missed],
            "operating_points": [asdict(point) for point in self.points],
            "frame": self.frame.to_json(board),
            "inference": self.inference.to_json(board),
            "load": None if self.load is None else round(self.load, 4),
            "cycle_model": None if model is None else model.to_json(),
            "functions": {
                name: {"calls": cost.calls, **Work(cost.instructions, cost.cycles).to_json(board)}
                for name, cost in costs.items()
            },
            "most_instructions_in_a_hop": self.listened.instructions,
            "stack_bytes": self.listened.stack_bytes,
            "flash_bytes": {part: memory.flash_bytes for part, memory in self.memory.items()},
            "linked_ram_bytes": {part: memory.linked_ram_bytes for part, memory in self.memory.items()},
        }

    def figures(self) -> dict[str, float]:
        """The most telling ones, by name."""
        counts = self.scored.to_json()
        figures = {f"spot_{name}": counts[name] for name in ("hits", "misses", "wrong_words", "false_alarms")}
        return figures | {"spot_false_alarms_per_hour": self.scored.false_alarms_per_hour}

    def summary(self) -> str:
        """The figures in words, one kind a line."""
        board, counts, settings = self.firmware.board, self.scored.to_json(), self.settings
        rate = counts["false_alarms_per_hour"]
        lines = [
            f"{self.firmware.network} on {board.name} ({board.core}, {board.clock_hz / 1e6:g} MHz), emulated: "
            f"{self.stream.seconds / 60:.1f} minutes, {counts['keywords']} keywords",
            f"  hits          {counts['hits']:5}  {_share(counts['hit_share'])}",
            f"  misses        {counts['misses']:5}",
            f"  wrong words   {counts['wrong_words']:5}",
            f"  false alarms  {counts['false_alarms']:5}  {rate['value']:.1f} an hour (95 %: {rate['low']:.1f} to "
            f"{rate['high']:.1f}); {counts['false_alarms_on_other_words']} on other words, "
            f"{counts['false_alarms_repeated']} on a word again, {counts['false_alarms_in_noise']} in noise",
            f"  a frame of {settings.hop_ms} ms: {_work(self.frame, board)}",
            f"  an inference every {settings.step_hops * settings.hop_ms} ms: {_work(self.inference, board)}",
        ]
        model = find_cycle_model(board)
        if self.load is not None and model is not None:
            late = "" if self.load < 1 else ": it does not keep up, set spot.step_ms higher"
            lines.append(f"  busy {100 * self.load:.0f} % of the time{late} (mean error {model.errors.mean:.1%})")
        flash = {part: memory.flash_bytes for part, memory in self.memory.items()}
        ram = {part: memory.linked_ram_bytes for part, memory in self.memory.items()}
        for what, parts in (("flash", flash), ("RAM", ram)):
            told = ", ".join(f"{part} {size:,}" for part, size in parts.items() if size)
            lines.append(f"  {what:5} {sum(parts.values()):,} bytes: {told}")
        lines.append(
            f"  deepest stack {self.listened.stack_bytes} bytes of the {STACK_BYTES:,} among the harness's RAM"
        )
        return "\n".join(lines)

    def save(self, directory: Path) -> None:
        """Writes `stream.png`, `operating_points.png`, `summary.txt` and last `spot.json`, each whole or not at all."""
        for picture in (
            stream_picture(self.stream, self.listened.answers, self.scored, self.settings),
            operating_picture(self.points, self.settings),
        ):
            write_bytes(Path(directory) / f"{picture.name}.png", picture.png)
        write_text(Path(directory) / "summary.txt", self.summary() + "\n")
        write_json(Path(directory) / "spot.json", self.to_json())


def _share(content: dict[str, float] | None) -> str:
    if content is None:
        return ""
    share = Score.from_json(content)
    return f"{100 * share.value:.1f} % (95 %: {100 * share.low:.1f} to {100 * share.high:.1f})"


def _work(work: Work, board: Board) -> str:
    text = f"{work.instructions:,.0f} instructions"
    return text if work.cycles is None else f"{text}, {1e3 * work.cycles / board.clock_hz:.2f} ms estimated"
