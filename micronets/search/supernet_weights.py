"""The file of a trained supernet's weights, `supernet.npz`, with which several searches go on."""

import json
import os
from dataclasses import asdict

import numpy as np
from keras import ops

from micronets.atomic import atomic_file
from micronets.errors import MicronetsError
from micronets.search.space import SearchSpace
from micronets.search.supernet import Supernet

_SPACE = "space"


def save_weights(supernet: Supernet, path: str | os.PathLike) -> None:
    """Writes all variables, in order, and which search space they are of."""
    arrays = {f"{index:05d}": ops.convert_to_numpy(variable) for index, variable in enumerate(supernet.variables)}
    with atomic_file(path) as beside:
        np.savez(beside, **{_SPACE: np.array(_described(supernet.space)), **arrays})


def load_weights(supernet: Supernet, path: str | os.PathLike) -> None:
    """Gives a supernet the weights of a file; raises MicronetsError where they are of another space, or damaged."""
    try:
        with open(path, "rb") as stream, np.load(stream) as archive:
            space = str(archive[_SPACE])
            arrays = [archive[name] for name in sorted(archive.files) if name != _SPACE]
    except Exception as error:  # whatever zipfile and numpy make of damaged bytes
        raise MicronetsError(f"{path} is damaged; delete it, and it is trained again.") from error
    if space != _described(supernet.space) or len(arrays) != len(supernet.variables):
        raise MicronetsError(f"{path} has the weights of another search space; delete it, and it is trained again.")
    for variable, value in zip(supernet.variables, arrays, strict=True):
        variable.assign(value)


def _described(space: SearchSpace) -> str:
    return json.dumps([type(space).__name__, asdict(space)], sort_keys=True)
