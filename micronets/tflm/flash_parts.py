"""What of TensorFlow Lite Micro an object file is, so that its flash is told apart."""

import re
from collections.abc import Callable
from pathlib import Path

from micronets.linking.firmware import NETWORK_OBJECT
from micronets.tflm.library import CMSIS_NN_PREFIX, TflmLibrary

MODEL, KERNELS, INTERPRETER, C_LIBRARY = "model", "kernels", "interpreter", "c_library"
FLASH_PARTS = (MODEL, KERNELS, INTERPRETER, C_LIBRARY)
"""In the order in which they are shown."""

_KERNEL_FOLDERS = ("tensorflow/lite/micro/kernels", "tensorflow/lite/kernels", "signal/micro/kernels")
_OTHER_FOLDERS = ("tensorflow/lite/micro", "tensorflow/lite/core/api", "tensorflow/lite/core/c")
_SOURCES = (".cc", ".cpp", ".c", ".h")
_MEMBER = re.compile(rf"{NETWORK_OBJECT}library-\d+\.a\((.+)\)")


def flash_part(library: TflmLibrary) -> Callable[[str], str]:
    """A function from an object file's name in the linker map to one of `FLASH_PARTS`.

    *Model* is the `.tflite`; *kernels* are the library's members with a source of their name among TFLM's kernels, and
    those of CMSIS-NN; *interpreter* is the rest of the library, resolver, and the code around both; *c_library* is what
    they need of the C, C++ and compiler's libraries.
    """
    kernels = _stems(library.include, _KERNEL_FOLDERS, deep=True) - _stems(library.include, _OTHER_FOLDERS, deep=False)

    def part(name: str) -> str:
        if (member := _MEMBER.fullmatch(name)) is not None:
            stem = member[1].split(".")[0]
            return KERNELS if stem in kernels or stem.startswith(CMSIS_NN_PREFIX) else INTERPRETER
        if not name.startswith(NETWORK_OBJECT):
            return C_LIBRARY
        return MODEL if name.endswith("-model.o") else INTERPRETER

    return part


def _stems(include: Path, folders: tuple[str, ...], *, deep: bool) -> set[str]:
    found = set()
    for folder in folders:
        paths = (include / folder).glob("**/*" if deep else "*")
        found |= {path.name.split(".")[0] for path in paths if path.suffix in _SOURCES}
    return found
