from pathlib import Path

import pytest

from micronets.errors import EmulatorError
from micronets.linking.instructions import CLASSES, classify, disassemble
from micronets.linking.toolchain import core_flags, run_tool

# One instruction per line, with the class and the words transferred that the architecture reference manual gives it.
ARMV7EM = """
    adds r0, r1, #1             @ alu 0
    movw r0, #4660              @ alu 0
    bics r0, r1                 @ alu 0
    lsls r0, r0, #2             @ alu 0
    teq r0, r1                  @ alu 0
    ssat r0, #8, r1             @ alu 0
    sxtb16 r0, r1               @ alu 0
    sxtab16 r0, r1, r2          @ alu 0
    pkhbt r0, r1, r2, lsl #16   @ alu 0
    uadd8 r0, r1, r2            @ alu 0
    sel r0, r1, r2              @ alu 0
    nop                         @ alu 0
    ittet eq                    @ alu 0
    moveq r0, #1                @ alu 0
    addeq r0, r0, r1, lsl #2    @ alu 0
    subne r0, r0, #1            @ alu 0
    ldreq r0, [r1]              @ load 0
    mrs r0, psp                 @ alu 0
    dsb                         @ alu 0
    mul r0, r1, r2              @ multiply 0
    muls r0, r1                 @ multiply 0
    smull r0, r1, r2, r3        @ multiply 0
    smmulr r0, r1, r2           @ multiply 0
    smulbb r0, r1, r2           @ multiply 0
    smuad r0, r1, r2            @ multiply 0
    mla r0, r1, r2, r3          @ mac 0
    mls r0, r1, r2, r3          @ mac 0
    smlad r0, r1, r2, r3        @ mac 0
    smladx r0, r1, r2, r3       @ mac 0
    smlabb r0, r1, r2, r3       @ mac 0
    smlal r0, r1, r2, r3        @ mac 0
    smlald r0, r1, r2, r3       @ mac 0
    umaal r0, r1, r2, r3        @ mac 0
    smmla r0, r1, r2, r3        @ mac 0
    sdiv r0, r1, r2             @ divide 0
    udiv r0, r1, r2             @ divide 0
    ldr r0, [r1]                @ load 0
    ldr.w r0, [r1], #4          @ load 0
    ldrsb r0, [r1, r2]          @ load 0
    ldrh.w r0, [r1, #2]!        @ load 0
    str r0, [r1]                @ store 0
    strb r0, [r1, #1]           @ store 0
    ldrd r0, r1, [r2]           @ load_double 2
    strd r0, r1, [r2], #8       @ store_double 2
    ldmia r0!, {r1, r2, r3}     @ load_multiple 3
    ldmdb r0, {r1-r7}           @ load_multiple 7
    stmia r0!, {r1, r4-r6}      @ store_multiple 4
    push {r4-r7, lr}            @ store_multiple 5
    pop {r4, r5}                @ load_multiple 2
    pop {r4-r11, pc}            @ load_multiple 9
    b 1f                        @ branch 0
1:  bl 1b                       @ branch 0
    bls 1b                      @ branch 0
    blt 1b                      @ branch 0
    ble 1b                      @ branch 0
    bx lr                       @ branch 0
    blx r3                      @ branch 0
    cbz r0, 2f                  @ branch 0
    cbnz r0, 2f                 @ branch 0
    yield                       @ alu 0
2:  tbb [r0, r1]                @ table_branch 0
    tbh [r0, r1, lsl #1]        @ table_branch 0
    vadd.f32 s0, s1, s2         @ fp_alu 0
    vmul.f32 s0, s1, s2         @ fp_alu 0
    vcvt.f32.s32 s0, s1         @ fp_alu 0
    vmov s0, r0                 @ fp_alu 0
    vmrs APSR_nzcv, fpscr       @ fp_alu 0
    vcmpe.f32 s0, #0.0          @ fp_alu 0
    vmla.f32 s0, s1, s2         @ fp_mac 0
    vfma.f32 s0, s1, s2         @ fp_mac 0
    vmls.f32 s0, s1, s2         @ fp_mac 0
    vdiv.f32 s0, s1, s2         @ fp_divide 0
    vsqrt.f32 s0, s1            @ fp_divide 0
    vldr s0, [r0]               @ fp_load 0
    vstr s0, [r0]               @ fp_store 0
    vldmia r0!, {s0-s3}         @ load_multiple 4
    vpush {d8-d15}              @ store_multiple 16
    vpop {d8}                   @ load_multiple 2
"""

ARMV81M = """
    vldrb.s8 q0, [r0], #16      @ vector 0
    vmladava.s8 r2, q0, q1      @ vector 0
    vmlav.s16 r2, q0, q1        @ vector 0
    vadd.i32 q0, q1, q2         @ vector 0
    vstrw.32 q0, [r0]           @ vector 0
    vdup.8 q0, r1               @ vector 0
    vadd.f32 s0, s1, s2         @ fp_alu 0
    vctp.8 r0                   @ vector 0
    csel r0, r1, r2, eq         @ alu 0
    wls lr, r0, 1f              @ branch 0
2:  nop                         @ alu 0
    le lr, 2b                   @ branch 0
1:  bx lr                       @ branch 0
"""


@pytest.mark.parametrize(("core", "source"), [("cortex-m4", ARMV7EM), ("cortex-m55", ARMV81M)])
def test_every_instruction_gets_its_class(core: str, source: str, tmp_path: Path) -> None:
    (tmp_path / "code.s").write_text(f".syntax unified\n.thumb\n.text\n{source}", encoding="utf-8")
    run_tool("arm-none-eabi-gcc", [*core_flags(core), "-c", "code.s", "-o", "code.o"], tmp_path)
    found = list(disassemble(tmp_path / "code.o", core).values())
    expected = [line.split("@")[1].split() for line in source.splitlines() if "@" in line]
    assert [(item.mnemonic, item.kind, str(item.words)) for item in found] == [
        (item.mnemonic, kind, words) for item, (kind, words) in zip(found, expected, strict=True)
    ]
    assert {item.kind for item in found} <= set(CLASSES)


def test_addresses_are_contiguous(tmp_path: Path) -> None:
    (tmp_path / "code.s").write_text(".syntax unified\n.thumb\nmovs r0, #1\nmov.w r0, #1\nbx lr\n", encoding="utf-8")
    run_tool("arm-none-eabi-gcc", [*core_flags("cortex-m4"), "-c", "code.s", "-o", "code.o"], tmp_path)
    found = disassemble(tmp_path / "code.o", "cortex-m4")
    assert [(item.address, item.size_bytes) for item in found.values()] == [(0, 2), (2, 4), (6, 2)]


def test_unknown_instruction_is_named() -> None:
    with pytest.raises(EmulatorError, match="'frobnicate r0, r1' belongs to no class"):
        classify("frobnicate", "r0, r1")
