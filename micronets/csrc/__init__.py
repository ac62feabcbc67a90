"""The C of the project, as data of the package: kernels, feature computation, the programs around a network.

`kernels/` and `include/` are what a compiled network needs, `features/` is its input from audio or a camera; `app/` and
`boards/` are the programs around it, `tflm/` puts TensorFlow Lite Micro in the place of a compiled network, `plugin/`
counts instructions in the emulator, `host/` runs a network or features on this machine.
"""

from importlib.resources import files
from pathlib import Path

CSRC = Path(str(files(__name__)))
KERNELS = CSRC / "kernels"
BOARDS = CSRC / "boards"
INCLUDE = CSRC / "include"
"""Headers that a compiled network takes with it."""

LICENCE = "SPDX-License-Identifier: Apache-2.0"
LICENCE_LINE = f"/* {LICENCE} */"
"""Begins all C that ends up in somebody's product, generated C too."""
