"""What profiling a firmware gives, and how it is written down."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micronets.atomic import write_json, write_text
from micronets.evaluation import Score
from micronets.hardware.measure import Measurement
from micronets.linking.firmware import Firmware
from micronets.timing.cycle_models import CycleModel
from micronets.timing.cycles import LayerCounts
from micronets.timing.energy import Duty, energy_error_percent, energy_json

LAYER_COLUMNS = (
    "layer",
    "instructions",
    "taken_branches",
    "flash_loads",
    "ram_loads",
    "ram_stores",
    "estimated_cycles",
    "estimated_ms",
    "estimated_error_percent",
    "macs",
    "share_of_floor",
    "flash_code_bytes",
    "flash_constant_bytes",
    "note",
)

INVOKE = "network_invoke"
REFERENCE_KERNEL = "reference kernel"

LayerRow = dict[str, Any]
"""Values by the columns `LAYER_COLUMNS`."""


@dataclass(frozen=True)
class Profile:
    """Figures of one firmware on its board's emulator.

    Attributes:
        inputs: test inputs that were run.
        compared_outputs: how many outputs there was an expected one for; `different_outputs` of them were not equal bit
            for bit.
        scores: of the outputs by name; empty where the right answers are not known.
        instructions: lowest and highest count of one inference over all inputs.
        layers: counts of the first input by layer function; the last entry is `network_invoke` itself.
        model: behind the cycle estimates; None where there is none for the board, and then the estimates
            are None as well.
        stack_bytes: deepest stack of an inference.
        measured: what the board itself said; None where only the emulator was asked.
        duty: how often an inference is due, for the average power.
        features: what computing the network's input from sounds costs, as `FeatureProfile.to_json` gives it; None where
            it does not come from sounds.
    """

    firmware: Firmware
    inputs: int
    compared_outputs: int
    different_outputs: int
    scores: Mapping[str, Score]
    instructions: tuple[int, int]
    layers: tuple[tuple[str, LayerCounts], ...]
    model: CycleModel | None
    stack_bytes: int
    measured: Measurement | None = None
    duty: Duty = Duty(frames_per_second=1.0, sleep_current_ma=None, supply_v=3.3)
    features: Mapping[str, Any] | None = None

    @property
    def cycles(self) -> float | None:
        """Estimated cycles of the first input's inference."""
        if self.model is None:
            return None
        return sum(counts.cycles or 0.0 for _, counts in self.layers)

    @property
    def latency_ms(self) -> float | None:
        """Estimated latency of the first input's inference at the board's clock."""
        return None if self.cycles is None else self._milliseconds(self.cycles)

    @property
    def energy_mj(self) -> float | None:
        """Active power of the board times the latency, None where the power is not known."""
        power_w = self.firmware.board.active_power_w
        return None if self.latency_ms is None or power_w is None else power_w * self.latency_ms

    @property
    def ram_bytes(self) -> int:
        """RAM of the program as it runs: static data, the arena among it, and the deepest stack of an inference."""
        linked = self.firmware.linked_ram_bytes
        return linked.network + linked.harness + self.stack_bytes

    @property
    def error_percent(self) -> float | None:
        """Mean error of the estimates, None where there are none."""
        return None if self.model is None else round(100 * self.model.errors.mean, 2)

    def _milliseconds(self, cycles: float) -> float:
        return cycles / self.firmware.board.clock_hz * 1e3

    def layer_rows(self) -> list[LayerRow]:
        """One row per layer function with the columns `LAYER_COLUMNS`.

        `estimated_error_percent` is the model's mean error on whole networks: of single layers nothing is published.
        `share_of_floor` is the time that the multiply-accumulates alone would take at two a cycle, divided by the
        estimated time. `flash_*_bytes` are the layer's own, without kernels, which serve many layers. `note` is
        `REFERENCE_KERNEL` where a slow one runs the layer, else empty.
        """
        firmware = self.firmware
        macs = dict(zip(firmware.layers, firmware.layer_macs, strict=True))
        flash = dict(zip(firmware.layers, firmware.layer_flash_bytes, strict=False))
        rows: list[LayerRow] = []
        for name, counts in self.layers:
            cycles = counts.cycles
            count, own = macs.get(name), flash.get(name)
            rows.append(
                {
                    "layer": name,
                    "instructions": counts.instructions,
                    "taken_branches": counts.taken_branches,
                    "flash_loads": counts.flash_loads,
                    "ram_loads": counts.ram_loads,
                    "ram_stores": counts.ram_stores,
                    "estimated_cycles": None if cycles is None else round(cycles, 2),
                    "estimated_ms": None if cycles is None else round(self._milliseconds(cycles), 6),
                    "estimated_error_percent": self.error_percent,
                    "macs": count,
                    "share_of_floor": round(count / 2 / cycles, 4) if count and cycles else None,
                    "flash_code_bytes": None if own is None else own.code,
                    "flash_constant_bytes": None if own is None else own.constants,
                    "note": REFERENCE_KERNEL if name in firmware.reference_layers else "",
                }
            )
        return rows

    def to_json(self) -> dict:
        """For `profile.json`; conforms to `profile.schema.json`."""
        firmware, flash, ram = self.firmware, self.firmware.flash_bytes, self.firmware.linked_ram_bytes
        classes: dict[str, int] = {}
        for _, counts in self.layers:
            for kind, count in counts.classes.items():
                classes[kind] = classes.get(kind, 0) + count
        estimate = None
        if self.model is not None:
            estimate = {
                **self.model.to_json(),
                "cycles": round(self.cycles or 0.0, 2),
                "latency_ms": round(self.latency_ms or 0.0, 6),
                "latency_error_percent": self.error_percent,
                "share_of_floor": round(sum(firmware.layer_macs) / 2 / self.cycles, 4) if self.cycles else None,
                "energy_mj": None if self.energy_mj is None else round(self.energy_mj, 6),
                "energy_error_percent": energy_error_percent(firmware.board, self.error_percent or 0.0),
            }
        basis, latency_ms, error_percent = "estimated", self.latency_ms, self.error_percent or 0.0
        if self.measured is not None:
            basis, latency_ms, error_percent = "measured", self.measured.latency_ms, 0.0
        estimates = {name: counts.cycles for name, counts in self.layers}
        return {
            "network": firmware.network,
            "runtime": firmware.runtime.name,
            "board": firmware.board.name,
            "core": firmware.board.core,
            "clock_hz": firmware.board.clock_hz,
            "emulator": firmware.board.emulator,
            "inputs": self.inputs,
            "outputs": {
                "compared": self.compared_outputs,
                "different": self.different_outputs,
                "bit_exact": self.different_outputs == 0 if self.compared_outputs else None,
                "scores": {name: score.to_json() for name, score in self.scores.items()},
            },
            "counted": {
                "instructions_min": self.instructions[0],
                "instructions_max": self.instructions[1],
                "instructions": sum(counts.instructions for _, counts in self.layers),
                "instruction_classes": dict(sorted(classes.items())),
                "taken_branches": sum(counts.taken_branches for _, counts in self.layers),
                "flash_loads": sum(counts.flash_loads for _, counts in self.layers),
                "ram_loads": sum(counts.ram_loads for _, counts in self.layers),
                "ram_stores": sum(counts.ram_stores for _, counts in self.layers),
                "flash_stores": 0,
                "stack_bytes": self.stack_bytes,
                "macs": sum(firmware.layer_macs),
            },
            "estimated": estimate,
            "measured": None if self.measured is None else self.measured.to_json(estimates),
            "energy": energy_json(firmware.board, latency_ms, basis, error_percent, self.duty),
            "flash_bytes": {
                "network_code": flash.network_code,
                "network_constants": flash.network_constants,
                "network": flash.network,
                "network_layers": sum(layer.code + layer.constants for layer in firmware.layer_flash_bytes) or None,
                "network_parts": dict(firmware.flash_parts) or None,
                "harness": flash.harness,
                "total": flash.total,
                "board": firmware.board.flash_bytes,
            },
            "ram_bytes": {
                "network": ram.network,
                "harness": ram.harness,
                "stack": self.stack_bytes,
                "total": self.ram_bytes,
                "board": firmware.board.sram_bytes,
            },
            "features": None if self.features is None else dict(self.features),
            "layers": [
                {**row, "instruction_classes": dict(sorted(counts.classes.items()))}
                for row, (_, counts) in zip(self.layer_rows(), self.layers, strict=True)
            ],
        }

    def save(self, directory: Path) -> None:
        """Writes `profile.json` and `layers.csv`, each atomically."""
        table = io.StringIO()
        writer = csv.DictWriter(table, LAYER_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.layer_rows())
        write_text(Path(directory) / "layers.csv", table.getvalue())
        write_json(Path(directory) / "profile.json", self.to_json())
