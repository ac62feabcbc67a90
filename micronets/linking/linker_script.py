"""The linker script of a board: its real memory sizes, the program's stack at the bottom of the RAM.

The network's arena comes last, so that with a stack that takes all the rest an access behind it leaves the RAM.
"""

from micronets.linking.machines import Machine

HANDLER_STACK_BYTES = 512

_SCRIPT = """\
MEMORY
{{
    FLASH (rx) : ORIGIN = {flash_origin:#x}, LENGTH = {flash_bytes}
    RAM (rwx) : ORIGIN = {ram_origin:#x}, LENGTH = {sram_bytes}
}}
ENTRY(reset_handler)
SECTIONS
{{
    .vectors : {{ KEEP(*(.vectors)) }} > FLASH
    .text : {{ *(.text .text.*) }} > FLASH
    .rodata :
    {{
        *(.rodata .rodata.*)
        . = ALIGN(4);
        constructors_start = .;
        KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) .init_array))
        constructors_end = .;
        . = ALIGN(8);
    }} > FLASH
    .stack (NOLOAD) :
    {{
        program_stack_start = .;
        . += {stack_bytes};
        program_stack_end = .;
        . += {handler_stack_bytes};
        handler_stack_end = .;
    }} > RAM
    .data :
    {{
        . = ALIGN(4);
        data_start = .;
        *(.data .data.*)
        . = ALIGN(4);
        data_end = .;
    }} > RAM AT > FLASH
    data_image = LOADADDR(.data);
    .bss (NOLOAD) :
    {{
        . = ALIGN(4);
        bss_start = .;
        *(.bss COMMON .bss.[!n]*)
        *(.bss.*)
        . = ALIGN(4);
        bss_end = .;
    }} > RAM
    flash_start = ORIGIN(FLASH);
    flash_end = ORIGIN(FLASH) + LENGTH(FLASH);
    ram_end = ORIGIN(RAM) + LENGTH(RAM);
    /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab*) }}
    PROVIDE(__exidx_start = 0);
    PROVIDE(__exidx_end = 0);
}}
"""


def linker_script(memories: Machine, stack_bytes: int) -> str:
    """Text for `ld -T`. `stack_bytes` is a multiple of 8 and does not include the fault handler's own stack."""
    return _SCRIPT.format(
        flash_origin=memories.flash_origin,
        flash_bytes=memories.flash_bytes,
        ram_origin=memories.ram_origin,
        sram_bytes=memories.sram_bytes,
        stack_bytes=stack_bytes,
        handler_stack_bytes=HANDLER_STACK_BYTES,
    )
