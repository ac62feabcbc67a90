"""The generated C run on this machine."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from micronets.csrc import CSRC
from micronets.device_features.sound import Parameters, write_features
from micronets.linking.host import SANITIZERS, build_program

_MAIN = CSRC / "host" / "features.c"


@pytest.fixture
def run_on_host(tmp_path: Path) -> Callable[..., np.ndarray]:
    """Windows that the C gives on this machine, with sanitizers: (audio, parameters, scale, zero point)."""

    def run(audio: np.ndarray, parameters: Parameters, scale: float, zero_point: int) -> np.ndarray:
        features = write_features(parameters, scale, zero_point, tmp_path)
        program = build_program(features, tmp_path / "features", (_MAIN,), flags=("-O1", *SANITIZERS))
        done = subprocess.run([program], input=audio.tobytes(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return np.frombuffer(done.stdout, np.int8).reshape(-1, features.frames, features.values)

    return run
