"""Accesses to memory that a program must not make."""

from micronets.emulator.plugin import Counts
from micronets.errors import EmulatorError
from micronets.linking.firmware import Firmware
from micronets.linking.symbols import function_at, read_symbols


def check_accesses(firmware: Firmware, counts: Counts) -> None:
    """Raises EmulatorError where the firmware wrote to flash or left its memory."""
    for access in counts.accesses:
        if access.flash_stores or access.other_loads or access.other_stores:
            what = "writes to flash" if access.flash_stores else "accesses memory that is not the program's"
            function = function_at(read_symbols(firmware.elf), access.address)
            raise EmulatorError(
                f"{firmware.network} {what}: instruction at {access.address:#010x} in {function}; "
                "the generated code or a kernel is wrong."
            )
