"""The instructions of a linked program, by class, from `objdump`'s disassembly.

The classes are those whose cost the processors' technical reference manuals tell apart.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from micronets.compiler.cores import find_core
from micronets.errors import EmulatorError
from micronets.linking.toolchain import run_tool

CLASSES = (
    "alu",
    "multiply",
    "mac",
    "divide",
    "load",
    "store",
    "load_double",
    "store_double",
    "load_multiple",
    "store_multiple",
    "branch",
    "table_branch",
    "fp_alu",
    "fp_mac",
    "fp_divide",
    "fp_load",
    "fp_store",
    "vector",
)

_LINE = re.compile(r"^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(\S+)(?:\t(.*))?$")
_CONDITIONS = ("eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al")
_IT = re.compile(r"it[te]{0,3}")
_REGISTERS = re.compile(r"\{(.*)\}")

# Mnemonics of Armv7E-M and Armv8-M (DDI 0403, A7.7; DDI 0553, C2.4) without suffixes for flags, condition, width.
_NAMES = {
    "alu": """
        adc add addw adr and asr bfc bfi bic clrex clz cmn cmp cpsid cpsie cpy dbg dmb dsb eor isb lsl lsr mov movt movw
        mrs msr mvn neg nop orn orr pkhbt pkhtb pld pli qadd qadd16 qadd8 qasx qdadd qdsub qsax qsub qsub16 qsub8 rbit
        rev rev16 revsh ror rrx rsb sadd16 sadd8 sasx sbc sbfx sel sev shadd16 shadd8 shasx shsax shsub16 shsub8 ssat
        ssat16 ssax ssub16 ssub8 sub subw sxtab sxtab16 sxtah sxtb sxtb16 sxth teq tst uadd16 uadd8 uasx ubfx uhadd16
        uhadd8 uhasx uhsax uhsub16 uhsub8 uqadd16 uqadd8 uqasx uqsax uqsub16 uqsub8 usad8 usada8 usat usat16 usax usub16
        usub8 uxtab uxtab16 uxtah uxtb uxtb16 uxth wfe wfi yield csel csinc csinv csneg cset csetm cinc cinv cneg sg tt
        lsll lsrl asrl sqrshr uqrshl sqshl uqshl srshr urshr sqrshrl uqrshll sqshll uqshll srshrl urshrl clrm""",
    "multiply": """
        mul smmul smmulr smuad smuadx smulbb smulbt smultb smultt smulwb smulwt smull smusd smusdx umull""",
    "mac": """
        mla mls smlabb smlabt smlatb smlatt smlad smladx smlal smlalbb smlalbt smlaltb smlaltt smlald smlaldx smlawb
        smlawt smlsd smlsdx smlsld smlsldx smmla smmlar smmls smmlsr umaal umlal""",
    "divide": "sdiv udiv",
    "load": "ldr ldrb ldrh ldrsb ldrsh ldrt ldrbt ldrht ldrsbt ldrsht ldrex ldrexb ldrexh lda ldab ldah ldaex",
    "store": "str strb strh strt strbt strht strex strexb strexh stl stlb stlh stlex",
    "load_double": "ldrd",
    "store_double": "strd",
    "load_multiple": "ldm ldmia ldmfd ldmdb ldmea pop",
    "store_multiple": "stm stmia stmea stmdb stmfd push",
    "branch": "b bl bx blx cbz cbnz bkpt svc udf le letp wls wlstp dls dlstp lctp bf bfx bfl bflx bfcsel bxns blxns",
    "table_branch": "tbb tbh",
    "fp_alu": """
        vabs vadd vcmp vcmpe vcvt vcvta vcvtb vcvtm vcvtn vcvtp vcvtr vcvtt vmax vmaxnm vmin vminnm vmov vmrs vmsr vmul
        vneg vnmul vrinta vrintm vrintn vrintp vrintr vrintx vrintz vsel vseleq vselge vselgt vselvs vsub vins vmovx""",
    "fp_mac": "vfma vfms vfnma vfnms vmla vmls vnmla vnmls",
    "fp_divide": "vdiv vsqrt",
    "fp_load": "vldr",
    "fp_store": "vstr",
    "load_multiple ": "vldm vldmia vldmdb vpop vlldm",
    "store_multiple ": "vstm vstmia vstmdb vpush vlstm",
}
_CLASS_OF = {name: group.strip() for group, names in _NAMES.items() for name in names.split()}


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        kind: one of `CLASSES`.
        words: words transferred by the multiple and double loads and stores, else 0.
    """

    address: int
    size_bytes: int
    mnemonic: str
    operands: str
    kind: str
    words: int


def disassemble(elf: Path, core: str) -> dict[int, Instruction]:
    """All instructions of the program by address, in ascending order.

    `core` is named because objdump does not see from the file that it may hold Helium instructions.

    Raises:
        EmulatorError: an instruction that belongs to no class.
        ConfigurationError: the core is not known.
    """
    instructions = {}
    architecture = find_core(core).objdump_architecture
    options = () if architecture is None else ("-m", architecture)
    for line in run_tool("arm-none-eabi-objdump", ["-d", "-z", *options, elf]).splitlines():
        match = _LINE.match(line)
        if match is None or match[3].startswith("."):
            continue
        operands = (match[4] or "").split("@")[0].split(";")[0].strip()
        kind = classify(match[3], operands)
        size_bytes = len(match[2].replace(" ", "")) // 2
        address = int(match[1], 16)
        instructions[address] = Instruction(
            address, size_bytes, match[3], operands, kind, _words(kind, match[3], operands)
        )
    return instructions


def classify(mnemonic: str, operands: str) -> str:
    """Class of an instruction as `objdump` spells it; raises EmulatorError where it is of none."""
    name, _, suffix = mnemonic.partition(".")
    if _IT.fullmatch(name):
        return "alu"
    kind = _CLASS_OF.get(_base(name))
    if name.startswith("v") and (kind is None or "q" in re.findall(r"\b[qsdr](?=\d)", operands) or _is_vector(suffix)):
        return "vector"
    if kind is None:
        raise EmulatorError(f"The instruction '{mnemonic} {operands}' belongs to no class of the cycle model.")
    return kind


def _base(name: str) -> str:
    """The mnemonic without condition and flag suffix. Exact names come first: `mls` is no `m` with `ls`."""
    candidates = [name]
    if name[-2:] in _CONDITIONS:
        candidates.append(name[:-2])
    candidates += [candidate[:-1] for candidate in candidates if candidate.endswith("s")]
    return next((candidate for candidate in candidates if candidate in _CLASS_OF), name)


def _is_vector(suffix: str) -> bool:
    """Helium's integer types: the scalar floating-point unit has them only in `vcvt`."""
    return suffix.split(".")[0] in ("s8", "u8", "i8", "s16", "u16", "i16", "8", "16")


def _words(kind: str, mnemonic: str, operands: str) -> int:
    if kind in ("load_double", "store_double"):
        return 2
    if kind not in ("load_multiple", "store_multiple"):
        return 0
    match = _REGISTERS.search(operands)
    if match is None:
        return 1
    words = 0
    for part in match[1].split(","):
        first, _, last = part.strip().partition("-")
        count = int(last[1:]) - int(first[1:]) + 1 if last else 1
        words += count * (2 if first.startswith("d") else 1)
    return words
