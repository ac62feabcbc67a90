"""The Cortex-M cores that networks are compiled for, and all that is to be known of a core by its name."""

from dataclasses import dataclass
from enum import Enum, auto

from micronets.errors import ConfigurationError


class Extension(Enum):
    """What a core has beyond the plain Thumb instructions, as far as kernels use it."""

    NONE = auto()
    DSP = auto()
    """Packed 16-bit arithmetic."""
    HELIUM = auto()
    """The vector extension MVE, and the packed arithmetic."""


class Timing(Enum):
    """How the cycles of a program on a core are estimated (`micronets.timing`)."""

    COUNTED = auto()
    """By the cost of every instruction."""
    CARRIED_OVER = auto()
    """From those on a core whose cycles are counted."""


@dataclass(frozen=True)
class Core:
    """A processor core.

    Attributes:
        name: as GCC spells it in `-mcpu`.
        float_flags: GCC's, for the floating-point registers, on which all of a program must agree.
        more_flags: GCC's, against faults of GCC.
        dual_issue: it issues two instructions at a time; kernels then read a word ahead.
        timing: None where its cycles are not estimated.
        objdump_architecture: where objdump does not see from a program what instructions it may hold.
        tflm_architecture: TARGET_ARCH of TensorFlow Lite Micro's makefile, targets/cortex_m_generic_makefile.inc, that
            agrees with `float_flags`.
        architectures: Tag_CPU_arch of object files for it; Armv6-M goes by two numbers.
        fp_architecture: their Tag_FP_arch, one of `FP_ARCHITECTURES`.
    """

    name: str
    extension: Extension
    float_flags: tuple[str, ...]
    more_flags: tuple[str, ...] = ()
    dual_issue: bool = False
    timing: Timing | None = None
    objdump_architecture: str | None = None
    tflm_architecture: str = ""
    architectures: tuple[int, ...] = ()
    fp_architecture: int = 0

    @property
    def has_hard_float(self) -> bool:
        """Whether floating-point arguments go in floating-point registers."""
        return self.fp_architecture != 0

    @property
    def gcc_flags(self) -> tuple[str, ...]:
        """All that all code for it is compiled with."""
        return ("-mthumb", f"-mcpu={self.name}", *self.float_flags, *self.more_flags)


_VFPV4, _FPV5 = 6, 8
FP_ARCHITECTURES = {0: "no floating-point unit", _VFPV4: "FPv4", _FPV5: "FPv5"}
"""Names of floating-point units by their number in build attributes, Tag_FP_arch."""

_SOFT = ("-mfloat-abi=soft",)
_FPU4 = ("-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
_FPU5 = ("-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")

CORES = {
    core.name: core
    for core in (
        Core("cortex-m0plus", Extension.NONE, _SOFT, tflm_architecture="cortex-m0plus", architectures=(11, 12)),
        Core("cortex-m3", Extension.NONE, _SOFT, tflm_architecture="cortex-m3", architectures=(10,)),
        Core(
            "cortex-m4",
            Extension.DSP,
            _FPU4,
            timing=Timing.COUNTED,
            tflm_architecture="cortex-m4+fp",
            architectures=(13,),
            fp_architecture=_VFPV4,
        ),
        Core(
            "cortex-m7",
            Extension.DSP,
            _FPU5,
            dual_issue=True,
            timing=Timing.CARRIED_OVER,
            tflm_architecture="cortex-m7+fp",
            architectures=(13,),
            fp_architecture=_FPV5,
        ),
        Core(
            "cortex-m33",
            Extension.DSP,
            _FPU5,
            timing=Timing.CARRIED_OVER,
            tflm_architecture="cortex-m33",
            architectures=(17,),
            fp_architecture=_FPV5,
        ),
        Core(
            "cortex-m55",
            Extension.HELIUM,
            ("-mfloat-abi=hard",),
            # Turning loops into counted ones, GCC 12.2 at -Os forgets what it knows of the counter after the loop, and
            # so wrote a word too many where a loop by twos is followed by a test for the odd one.
            more_flags=("-fno-branch-count-reg",),
            objdump_architecture="armv8.1-m.main",
            tflm_architecture="cortex-m55",
            architectures=(21,),
            fp_architecture=_FPV5,
        ),
    )
}
"""By name."""


def find_core(name: str) -> Core:
    """Raises ConfigurationError for a core that is not known."""
    if name not in CORES:
        raise ConfigurationError(f"Unknown core {name!r}; known are {', '.join(CORES)}.")
    return CORES[name]
