"""Where the recordings of machines come from: a folder, or generated ones."""

from pathlib import Path
from typing import Any

from micronets.data.machines.layout import find_clips, label_of
from micronets.data.machines.options import MachineOptions
from micronets.data.machines.synthesis import MACHINES, generate_machines, identity_name

_GENERATED = "generated"


def find_source(options: MachineOptions, beside: Path, seed: int, processes: int) -> tuple[Path, dict[str, Any]]:
    """The folder of recordings; generates them first if it has to, as a part of the prepared dataset.

    Args:
        options: the section `data`.
        beside: where the prepared dataset is being made.
        seed: of the generated machines.

    Returns:
        The folder, and what dataset.json says of the source.
    """
    if options.source == "generated":
        folder = beside / _GENERATED
        generate_machines(options.generated, folder, seed, processes)
        return folder, {"kind": "generated", "folder": _GENERATED}
    return Path(options.path), {"kind": "folder", "folder": options.path}


def expected_labels(options: MachineOptions) -> tuple[str, ...]:
    """The classes that the data stage will find, unless recordings turn out unusable.

    Raises DataError where the folder has none of the machines.
    """
    if options.source == "generated":
        chosen = [machine.name for machine in MACHINES if not options.machines or machine.name in options.machines]
        ids = range(options.generated.ids)
        return tuple(sorted(f"{machine}_{identity_name(identity)}" for machine in chosen for identity in ids))
    clips = find_clips(Path(options.path), options.machines, options.mimii_snr_db, seed=0)
    return tuple(sorted(label_of(clips).unique()))
