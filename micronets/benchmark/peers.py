"""What other runtimes reach with published models, from `peers.yaml`."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from micronets.errors import ConfigurationError

PEERS_FILE = Path(__file__).with_name("peers.yaml")


@dataclass(frozen=True)
class Target:
    """Latency on NUCLEO-L4R5ZI at 120 MHz, and static RAM of the network."""

    latency_ms: float
    network_ram_bytes: int


@dataclass(frozen=True)
class PeerFigures:
    """One runtime on one model; None where a figure is not published."""

    latency_ms: float
    kind: Literal["measured", "estimated"]
    network_ram_bytes: int | None = None
    flash_bytes: int | None = None
    m4_instructions: int | None = None
    m55_instructions: int | None = None


@dataclass(frozen=True)
class KnownModel:
    """A published model: what we aim at with it, and the figures of other runtimes by their name."""

    title: str
    sha256: str
    at_most: Target
    goal: Target
    peers: Mapping[str, PeerFigures]

    @property
    def fastest(self) -> tuple[str, PeerFigures]:
        """The runtime with the lowest latency."""
        return min(self.peers.items(), key=lambda item: item[1].latency_ms)


@dataclass(frozen=True)
class NetworkTarget:
    """What we aim at with a published network of random weights: latency on NUCLEO-L4R5ZI at 120 MHz."""

    latency_ms: float
    goal_ms: float | None = None
    m55_instructions: int | None = None


@dataclass(frozen=True)
class Peers:
    """All of `peers.yaml`.

    Attributes:
        sources: where the figures of each runtime come from.
        code_bytes_at_most: code of a network, beside its constants.
        m55_share_at_most: of the instructions of `TFLM + CMSIS-NN` on a Cortex-M55.
        networks: by the name of a published network.
    """

    sources: Mapping[str, str]
    code_bytes_at_most: int
    m55_share_at_most: float
    models: tuple[KnownModel, ...]
    networks: Mapping[str, NetworkTarget]

    def find(self, tflite: Path) -> KnownModel | None:
        """The entry for this very file, whatever its name."""
        digest = hashlib.sha256(tflite.read_bytes()).hexdigest()
        return next((model for model in self.models if model.sha256 == digest), None)


def load_peers(path: str | os.PathLike = PEERS_FILE) -> Peers:
    """Raises ConfigurationError where the file is damaged or a runtime has no source."""
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        models = tuple(
            KnownModel(
                title=title,
                sha256=entry["sha256"],
                at_most=Target(**entry["at_most"]),
                goal=Target(**entry["goal"]),
                peers={name: PeerFigures(**figures) for name, figures in entry["peers"].items()},
            )
            for title, entry in content["models"].items()
        )
        networks = {name: NetworkTarget(**entry) for name, entry in content["networks"].items()}
        peers = Peers(content["sources"], content["code_bytes_at_most"], content["m55_share_at_most"], models, networks)
    except (KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} is damaged near {error!r}; restore it from the repository.") from error
    unsourced = {name for model in models for name in model.peers} - set(peers.sources)
    if unsourced:
        raise ConfigurationError(f"{path} gives no source for {', '.join(sorted(unsourced))}.")
    return peers
