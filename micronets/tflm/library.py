"""A static library of TensorFlow Lite Micro with its headers, as its own makefile leaves them."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from micronets.compiler.cores import find_core
from micronets.errors import BuildError, ConfigurationError
from micronets.linking.archive import defines, read_build_attributes

CORE_PLACEHOLDER = "{core}"
"""Stands in the name of a library for the core of a board, so that one name serves boards of several cores."""

CMSIS_NN_PREFIX = "arm_"

_RESOLVER = "tensorflow/lite/micro/micro_mutable_op_resolver.h"
_SCHEMA = "tensorflow/lite/schema/schema_generated.h"
_LOG = "_Z11MicroPrintfPKcz"
_FLATBUFFERS = "flatbuffers/flatbuffers.h"
_HEADERS = ("tensorflow/lite/micro/micro_interpreter.h", _RESOLVER, _SCHEMA)

# Where TFLM's makefile and its script create_tflm_tree.py put the headers that its own include.
_THIRD_PARTY = tuple(
    f"{folder}/{part}"
    for folder in ("tensorflow/lite/micro/tools/make/downloads", "third_party")
    for part in ("flatbuffers/include", "gemmlowp", "ruy", "kissfft")
)

_ADD_METHOD = re.compile(
    r"TfLiteStatus\s+(Add\w+)\s*\([^{};]*\)\s*\{\s*return\s+AddBuiltin\(\s*BuiltinOperator_(\w+)\s*,"
)
_OPERATOR_CODE = re.compile(r"\bBuiltinOperator_(\w+)\s*=\s*(\d+)")


@dataclass(frozen=True)
class TflmLibrary:
    """Where library and headers are.

    Attributes:
        library: `libtensorflow-microlite.a`.
        include: the folder that `tensorflow/` lies in: a checkout, or a tree that create_tflm_tree.py has made.
    """

    library: Path
    include: Path

    @classmethod
    def find(cls, library: str, include: str, core: str) -> "TflmLibrary":
        """The configured library for a core; raises ConfigurationError where it or a header is not there.

        Args:
            library: path; see `library_path`.
            core: as the boards' file spells it.

        A library that was built for another core is refused, too, and so is one whose headers include flatbuffers',
        which are not there.
        """
        if not library or not include:
            raise ConfigurationError(
                f"library and include must name a library of TensorFlow Lite Micro and its sources; {_how(core)}."
            )
        found = cls(library_path(library, core), Path(include))
        if not found.library.is_file():
            tried = " or ".join(map(str, _candidates(library, core)))
            raise ConfigurationError(f"library: there is no file {tried}; {_how(core)}.")
        for header in _HEADERS:
            if not (found.include / header).is_file():
                raise ConfigurationError(
                    f"include: there is no {header} in {found.include}; name the folder of TensorFlow Lite Micro's "
                    "sources that tensorflow/ lies in."
                )
        _check_core(found.library, core)
        if _FLATBUFFERS in found._read(_SCHEMA) and not any(
            (folder / _FLATBUFFERS).is_file() for folder in found.include_directories
        ):
            raise ConfigurationError(
                f"include: {_FLATBUFFERS}, which TensorFlow Lite Micro's headers include, is not in {found.include}; "
                "name the folder in which its library was built: its makefile downloads what it needs."
            )
        return found

    @property
    def include_directories(self) -> tuple[Path, ...]:
        """For the compiler."""
        return (self.include, *(self.include / part for part in _THIRD_PARTY if (self.include / part).is_dir()))

    def has_cmsis_nn(self) -> bool:
        """Whether CMSIS-NN's kernels are in the library; all their names begin alike."""
        return any(name.startswith(CMSIS_NN_PREFIX) for name in read_build_attributes(self.library))

    def has_log(self) -> bool:
        """Whether it can log; what includes its headers must be compiled as it was. Build type `release` cannot."""
        return defines(self.library, _LOG)

    def sha256(self) -> str:
        """Of the library."""
        return hashlib.sha256(self.library.read_bytes()).hexdigest()

    def operator_names(self) -> dict[int, str]:
        """Names of the schema's built-in operators by their codes, such as 3: `CONV_2D`."""
        names = {int(code): name for name, code in _OPERATOR_CODE.findall(self._read(_SCHEMA)) if name != "MIN"}
        if not names:
            raise BuildError(f"{self.include / _SCHEMA} lists no operators; is it TensorFlow Lite Micro's?")
        return names

    def add_methods(self) -> dict[str, str]:
        """The resolver's methods by the operator that they add, such as `CONV_2D`: `AddConv2D`."""
        methods = {operator: method for method, operator in _ADD_METHOD.findall(self._read(_RESOLVER))}
        if not methods:
            raise BuildError(f"{self.include / _RESOLVER} has no methods Add...; is it TensorFlow Lite Micro's?")
        return methods

    def _read(self, header: str) -> str:
        try:
            return (self.include / header).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BuildError(f"{self.include / header} cannot be read ({error}).") from error


def library_path(library: str, core: str) -> Path:
    """The library for a core: `{core}` in its name stands for the core, or for what TFLM's makefile calls it.

    The makefile's `cortex-m4` has no floating-point registers, so that its `cortex-m4+fp` goes before.
    """
    candidates = _candidates(library, core)
    return next((path for path in candidates if path.is_file()), candidates[0])


def _candidates(library: str, core: str) -> list[Path]:
    names = dict.fromkeys((find_core(core).tflm_architecture, core))
    return list(dict.fromkeys(Path(library.replace(CORE_PLACEHOLDER, name)) for name in names))


def _check_core(library: Path, core: str) -> None:
    """Raises ConfigurationError where an object file in it was compiled for another core."""
    try:
        members = read_build_attributes(library)
    except BuildError as error:
        raise ConfigurationError(f"library: {error}") from error
    if not members:
        raise ConfigurationError(f"library: {library} holds no object files for Arm; {_how(core)}.")
    for name, attributes in members.items():
        if not attributes.fits(find_core(core)):
            raise ConfigurationError(
                f"library: {library} was built for {attributes} ({name}), not for a {core}; {_how(core)}."
            )


def _how(core: str) -> str:
    arch = find_core(core).tflm_architecture
    return (
        "build it in a checkout of TensorFlow Lite Micro with `make -f tensorflow/lite/micro/tools/make/Makefile "
        f"TARGET=cortex_m_generic TARGET_ARCH={arch} OPTIMIZED_KERNEL_DIR=cmsis_nn microlite`, and name "
        "gen/.../lib/libtensorflow-microlite.a and the checkout"
    )
