"""Faults of a firmware: the record that its fault handler leaves, as a sentence."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from micronets.errors import MicronetsError
from micronets.linking.symbols import Symbol, function_at

# struct fault_record of micronets/csrc/boards/host.h
RECORD = struct.Struct("<27I")
_MAGIC = 0x544C4146
_NO_STEP = 0xFFFFFFFF

# Configurable fault status register, DDI 0403 B3.2.15 and, for stack overflow, DDI 0553 D1.2.
_FAULT_CAUSES = {
    0: "instruction access violation",
    1: "data access violation",
    3: "unstacking failed",
    4: "stacking failed: stack overflow",
    8: "instruction fetch from no memory",
    9: "access to an address without memory",
    10: "access to an address without memory",
    12: "stacking failed: stack overflow",
    16: "undefined instruction",
    17: "invalid state",
    18: "invalid return",
    19: "coprocessor access",
    20: "stack overflow",
    24: "unaligned access",
    25: "division by zero",
}


@dataclass(frozen=True)
class Fault:
    """What the processor knew when it faulted.

    Attributes:
        inference: number of the running inference, from 0.
        registers: r0 to r12; where `frame_valid` is false, r0 to r3, r12, lr, pc and psr are not known.
        step: of the network that was running; None where the program does not follow them.
    """

    inference: int
    registers: tuple[int, ...]
    sp: int
    lr: int
    pc: int
    psr: int
    frame_valid: bool
    exception: int
    cfsr: int
    hfsr: int
    mmfar: int
    bfar: int
    step: int | None


def read_fault(record: bytes) -> Fault:
    """The fault in a record of the firmware; raises MicronetsError where it is none."""
    words = RECORD.unpack(record) if len(record) == RECORD.size else (0,)
    if words[0] != _MAGIC:
        raise MicronetsError(f"The firmware reported a fault that cannot be read: {record.hex()}.")
    sp, lr, pc, psr, frame_valid, exception, _, cfsr, hfsr, mmfar, bfar, step = words[15:]
    return Fault(
        inference=words[1],
        registers=words[2:15],
        sp=sp,
        lr=lr,
        pc=pc,
        psr=psr,
        frame_valid=bool(frame_valid),
        exception=exception,
        cfsr=cfsr,
        hfsr=hfsr,
        mmfar=mmfar,
        bfar=bfar,
        step=None if step == _NO_STEP else step,
    )


def describe_fault(fault: Fault, network: str, symbols: Mapping[str, Symbol], place: str) -> str:
    """One sentence with cause and registers.

    Args:
        symbols: of the program that faulted.
        place: ` in <layer>`, or empty where that is not known.
    """
    causes = [cause for bit, cause in _FAULT_CAUSES.items() if fault.cfsr >> bit & 1]
    cause = ", ".join(dict.fromkeys(causes)) or f"exception {fault.exception}"
    if not fault.frame_valid and "stack overflow" not in cause:
        cause += ", the stack pointer outside the RAM: stack overflow"
    if fault.cfsr >> 15 & 1:
        cause += f" at {fault.bfar:#010x}"
    elif fault.cfsr >> 7 & 1:
        cause += f" at {fault.mmfar:#010x}"
    if fault.frame_valid:
        function = function_at(symbols, fault.pc)
        place += f", at pc={fault.pc:#010x}" + (f" ({function})" if function else "")
    named = {f"r{index}": value for index, value in enumerate(fault.registers)}
    if not fault.frame_valid:
        named = {name: value for name, value in named.items() if name not in ("r0", "r1", "r2", "r3", "r12")}
    else:
        named |= {"lr": fault.lr, "pc": fault.pc, "psr": fault.psr}
    named |= {"sp": fault.sp, "cfsr": fault.cfsr, "hfsr": fault.hfsr}
    return f"The firmware of {network} faulted in inference {fault.inference}{place}: {cause}; " + " ".join(
        f"{name}={value:08x}" for name, value in named.items()
    )
