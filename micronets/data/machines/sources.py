"""Where the recordings of machines come from: a folder, the challenge's archives on the network, or generated ones."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micronets.data.archive import unpacked_digest
from micronets.data.download import fetch
from micronets.data.machines.layout import find_clips, label_of
from micronets.data.machines.options import MachineOptions
from micronets.data.machines.synthesis import MACHINES, generate_machines, identity_name
from micronets.data.zip_archive import unzip
from micronets.errors import ConfigurationError

logger = logging.getLogger(__name__)

_GENERATED = "generated"


@dataclass(frozen=True)
class Archive:
    """dev_data_{machine}.zip of the challenge's development set (Zenodo, record 3678171).

    Attributes:
        md5: that Zenodo publishes; it has no other.
        ids: of the machine's specimens in it.
    """

    md5: str
    ids: tuple[str, ...]


_MIMII_IDS = ("00", "02", "04", "06")

ARCHIVES: dict[str, Archive] = {
    "ToyCar": Archive("4dec75ca8d9f666aa9e4c1894a740501", ("01", "02", "03", "04")),
    "ToyConveyor": Archive("03b6aa1bfd09a39d53af0ba39f71fa91", ("01", "02", "03")),
    "fan": Archive("649bdfc06263ae7a838963f43b6641e6", _MIMII_IDS),
    "pump": Archive("90e7091ef722b7238a7f1009365779cd", _MIMII_IDS),
    "slider": Archive("da24a757719f0d94d5aa2d646bbfdc86", _MIMII_IDS),
    "valve": Archive("34d2672f55bb041589ef79c10dc89934", _MIMII_IDS),
}
"""By machine."""


def find_source(
    options: MachineOptions, directory: Path, beside: Path, seed: int, processes: int
) -> tuple[Path, dict[str, Any]]:
    """The folder of recordings; generates or downloads them first if it has to.

    Generated recordings become part of the prepared dataset; downloaded archives and what is unpacked from them stay in
    `data.path`, or beside the prepared dataset, for every later run.

    Args:
        options: the section `data`.
        directory: where the prepared dataset will be.
        beside: where it is being made.
        seed: of the generated machines.

    Returns:
        The folder, and what dataset.json says of the source.

    Raises:
        ConfigurationError: a machine is neither generated nor to be downloaded.
        DataError: an archive cannot be fetched or unpacked.
    """
    if options.source == "generated":
        _check_machines(options, [machine.name for machine in MACHINES])
        folder = beside / _GENERATED
        generate_machines(options.generated, folder, seed, processes)
        return folder, {"kind": "generated", "folder": _GENERATED}
    if options.source == "download":
        return _download(options, directory), {"kind": "download", "url": options.download.url}
    return Path(options.path), {"kind": "folder", "folder": options.path}


def expected_labels(options: MachineOptions) -> tuple[str, ...]:
    """The classes that the data stage will find, unless recordings turn out unusable.

    Raises DataError where the folder lacks a machine, ConfigurationError where it is neither generated nor to be
    downloaded.
    """
    if options.source == "generated":
        ids = [identity_name(number) for number in range(options.generated.ids)]
        known = [machine.name for machine in MACHINES]
        _check_machines(options, known)
        return _labels(dict.fromkeys(options.machines or known, ids))
    if options.source == "download":
        return _labels({machine: archive.ids for machine, archive in _chosen_archives(options).items()})
    clips = find_clips(Path(options.path), options.machines, options.mimii_snr_db, seed=0)
    return tuple(sorted(label_of(clips).unique()))


def _labels(ids: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(f"{machine}_{identity}" for machine in ids for identity in ids[machine]))


def _check_machines(options: MachineOptions, known: Collection[str]) -> None:
    unknown = [machine for machine in options.machines if machine not in known]
    if unknown:
        raise ConfigurationError(
            f"data.machines: there is no {unknown[0]} with data.source {options.source}, only {', '.join(known)}; "
            "choose of these, or another source"
        )


def _chosen_archives(options: MachineOptions) -> dict[str, Archive]:
    _check_machines(options, ARCHIVES)
    return {machine: ARCHIVES[machine] for machine in options.machines or ARCHIVES}


def _download(options: MachineOptions, directory: Path) -> Path:
    place = Path(options.path) if options.path else directory.parent / "download"
    root = place / "dcase2020"
    for machine, archive in _chosen_archives(options).items():
        if unpacked_digest(root / machine):
            logger.info("%s is there already", root / machine)
            continue
        packed = place / f"dev_data_{machine}.zip"
        digest = fetch(f"{options.download.url.rstrip('/')}/{packed.name}", packed, "", md5=archive.md5)
        unzip(packed, root / machine, digest)
    return root
