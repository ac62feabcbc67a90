"""What keeps layers above their floor: which kinds of instructions and waits their estimated cycles consist of."""

from collections.abc import Mapping
from dataclasses import dataclass

from micronets.profile.result import INVOKE, Profile
from micronets.timing.cycle_models import CycleModel
from micronets.timing.cycles import LayerCounts

PRODUCTS = "multiply-accumulates"
ARITHMETIC = "other arithmetic"
TRANSFERS = "loads and stores"
FLASH = "waits for the flash"
BRANCHES = "branches"

_ARITHMETIC = ("alu", "multiply", "divide", "fp_alu", "fp_mac", "fp_divide")
_BRANCHES = ("branch", "table_branch")


@dataclass(frozen=True)
class LayerCost:
    """One layer on a Cortex-M4.

    Attributes:
        cycles: estimated.
        floor_cycles: of its multiply-accumulates alone, two a cycle.
        causes: shares of `cycles`, the largest first; requantisation, addresses and unpacking are `other arithmetic`.
    """

    name: str
    cycles: float
    floor_cycles: float
    causes: Mapping[str, float]

    @property
    def share_of_floor(self) -> float:
        """1 where nothing but the multiply-accumulates takes time."""
        return self.floor_cycles / self.cycles


def layer_costs(profile: Profile) -> list[LayerCost]:
    """Every layer of a profile of a board whose own cycle model is known (`transfer` None), in order."""
    if profile.model is None:
        return []
    macs = dict(zip(profile.firmware.layers, profile.firmware.layer_macs, strict=True))
    return [
        LayerCost(name, counts.cycles, macs[name] / 2, _causes(counts, counts.cycles, profile.model))
        for name, counts in profile.layers
        if name != INVOKE and counts.cycles
    ]


def worst_layers(costs: list[LayerCost], most: int = 3) -> list[LayerCost]:
    """Those with the most cycles above their floor, the worst first."""
    return sorted(costs, key=lambda cost: cost.floor_cycles - cost.cycles)[:most]


def _causes(counts: LayerCounts, cycles: float, model: CycleModel) -> dict[str, float]:
    def fixed(*kinds: str) -> float:
        return sum(counts.classes.get(kind, 0) * model.fixed[kind] for kind in kinds)

    parts = {
        PRODUCTS: fixed("mac"),
        ARITHMETIC: fixed(*_ARITHMETIC),
        FLASH: counts.flash_loads * model.flash_load_cycles,
        BRANCHES: fixed(*_BRANCHES) + counts.taken_branches * model.taken_branch,
    }
    parts[TRANSFERS] = cycles - sum(parts.values())  # what they cost depends on their neighbours
    return {cause: part / cycles for cause, part in sorted(parts.items(), key=lambda item: -item[1])}


def describe_layers(title: str, profile: Profile) -> str:
    """Shares of the floor layer by layer, and the three worst layers with what their cycles consist of."""
    costs = layer_costs(profile)
    shares = " ".join(f"{100 * cost.share_of_floor:.0f}" for cost in costs)
    lines = [f"{title}: share of the floor by layer, in %: {shares}", "  most cycles above the floor:"]
    for cost in worst_layers(costs):
        milliseconds = cost.cycles / profile.firmware.board.clock_hz * 1e3
        causes = ", ".join(f"{100 * share:.0f} % {cause}" for cause, share in cost.causes.items())
        lines.append(f"    {cost.name}, {milliseconds:.2f} ms*, {100 * cost.share_of_floor:.0f} % floor: {causes}")
    return "\n".join(lines)
