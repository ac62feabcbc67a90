"""The files of the paper's networks that Arm has released, which carry the paper's training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from micronets.paper.figures import PaperNetwork, load_paper


@dataclass(frozen=True)
class ReleasedFiles:
    """By network: files that the data at hand can score, and of the others, why not."""

    files: Mapping[str, Path] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def find_released(folder: str, labels: Mapping[str, Sequence[str]]) -> ReleasedFiles:
    """Looks for Arm's files in a folder, which need not be there.

    Args:
        labels: of the classes of every task's data, by task.
    """
    files: dict[str, Path] = {}
    reasons: dict[str, str] = {}
    for network in load_paper().networks:
        reason = _why_not(network, folder, labels)
        if reason:
            reasons[network.name] = reason
        elif network.released is not None:
            files[network.name] = Path(folder, network.released.file)
    return ReleasedFiles(files, reasons)


def _why_not(network: PaperNetwork, folder: str, labels: Mapping[str, Sequence[str]]) -> str:
    """Empty where the file can be scored."""
    released = network.released
    if released is None:
        return "Arm has released no file of it"
    if not released.labels:
        return "Arm's file has 8 outputs that nobody has named, the paper's data 4 machines"
    path = Path(folder, released.file)
    if not path.is_file():
        return f"Arm's {released.file} is not in the folder of the key paper.released"
    if path.stat().st_size != released.bytes:
        return f"{released.file} in the folder of paper.released is not the file that Arm has released"
    if network.task not in labels:
        return f"the task {network.task} is not in this run"
    if set(labels[network.task]) - set(released.labels):
        return f"the data of {network.task} has other classes than Arm's file"
    return ""
