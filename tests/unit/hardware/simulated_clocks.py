"""Clock units, ports and caches of the boards' microcontrollers, as far as their start-up code touches them.

Written from the reference manuals, not from that code: every access is checked against what the manual allows at that
moment. Bit positions: RM0390 (F446), RM0385 and RM0410 (F7), RM0432 (L4+).
"""

from collections import Counter

RCC_F = 0x40023800
PWR = 0x40007000
FLASH_F = 0x40023C00
RCC_L = 0x40021000
FLASH_L = 0x40022000
DWT = 0xE0001000
MHZ = 1_000_000


def field(value: int, low: int, width: int) -> int:
    return value >> low & (1 << width) - 1


class Registers:
    """Registers that keep what is written; what starts needs some reads until it says that it is ready.

    Args:
        broken: parts that never get ready, by name.
    """

    START_READS = 5
    CLOCKED: dict[tuple[int, int], tuple[int, int]] = {}
    """Register and bit that give a range of addresses its clock."""
    DIVIDERS: dict[int, tuple[int, int]] = {}
    """By a port's divider: the register and bit that switch the port on."""

    def __init__(self, broken: tuple[str, ...] = ()) -> None:
        self.values: Counter[int] = Counter()
        self.reads: Counter[int] = Counter()
        self.writes: list[tuple[int, int]] = []
        self._broken = broken

    def read(self, address: int) -> int:
        self.reads[address] += 1
        self.check_clocked(address)
        return self.values[address] | self.ready_bits(address)

    def write(self, address: int, value: int) -> None:
        self.check_clocked(address)
        before = self.values[address]
        if address in self.DIVIDERS:
            control, enabled = self.DIVIDERS[address]
            assert not field(self.values[control], enabled, 1), "a port's divider is only set while it is off"
        self.writes.append((address, value))
        self.values[address] = value
        self.reads[address] = 0
        self.check_write(address, before, value)

    def ready(self, part: str, address: int) -> bool:
        return part not in self._broken and self.reads[address] > self.START_READS

    def check_clocked(self, address: int) -> None:
        """A peripheral is only reached once its clock is enabled."""
        for (low, high), (register, bit) in self.CLOCKED.items():
            if low <= address < high:
                assert field(self.values[register], bit, 1), f"{address:#x} without its clock"

    def pin_function(self, port: int, pin: int) -> int | None:
        """Alternate function of a pin, None where it is not given to one."""
        if field(self.values[port], pin * 2, 2) != 2:
            return None
        return field(self.values[port + 0x20 + pin // 8 * 4], pin % 8 * 4, 4)


class ClocksF(Registers):
    """STM32F446 and STM32F7, supplied with 3.3 V."""

    CLOCKED = {
        (0x40020000, 0x40020400): (RCC_F + 0x30, 0),
        (0x40020C00, 0x40021000): (RCC_F + 0x30, 3),
        (0x40004400, 0x40004800): (RCC_F + 0x40, 17),
        (0x40004800, 0x40004C00): (RCC_F + 0x40, 18),
        (PWR, PWR + 0x400): (RCC_F + 0x40, 28),
    }

    DIVIDERS = {0x40004408: (0x4000440C, 13), 0x4000480C: (0x40004800, 0)}

    def __init__(self, limits: dict[str, int], broken: tuple[str, ...] = ()) -> None:
        super().__init__(broken)
        self.limits = limits
        self.values[RCC_F] = 0x83
        self.values[RCC_F + 0x04] = 0x24003010
        self.system_hz = 16 * MHZ

    def ready_bits(self, address: int) -> int:
        control, power = self.values[RCC_F], self.values[PWR]
        if address == RCC_F:
            return (control & 1 << 16 and self.ready("hse", address)) << 17 | (
                bool(control & 1 << 24 and self.ready("pll", address)) << 25
            )
        if address == PWR + 4:
            overdrive = bool(power & 1 << 16 and self.ready("overdrive", address))
            return overdrive << 16 | bool(overdrive and power & 1 << 17) << 17
        if address == RCC_F + 8:
            return field(self.values[address], 0, 2) << 2
        return 0

    def check_write(self, address: int, before: int, value: int) -> None:
        pll_on = bool(self.values[RCC_F] & 1 << 24)
        if address == RCC_F + 4:
            assert not pll_on, "the PLL is only set up while it is off"
        elif address == PWR:
            assert not (pll_on and field(before, 14, 2) != field(value, 14, 2)), "scaling changes only without PLL"
            if value & 1 << 17 and not before & 1 << 17:
                assert self.read(PWR + 4) & 1 << 16, "overdrive is switched to before it is ready"
        elif address == RCC_F and value & 1 << 18 and not before & 1 << 18:
            assert not before & 1 << 16, "the bypass is chosen while the oscillator is off"
        elif address == RCC_F + 8:
            self.system_hz = self.check_system_clock(value)

    def check_system_clock(self, configuration: int) -> int:
        if field(configuration, 0, 2) == 0:
            return 16 * MHZ
        assert field(configuration, 0, 2) == 2
        assert "pll" not in self._broken and self.values[RCC_F] & 1 << 24
        setting = self.values[RCC_F + 4]
        external = field(setting, 22, 1)
        assert not external or "hse" not in self._broken
        source = (8 if external else 16) * MHZ
        comparison = source / field(setting, 0, 6)
        oscillator = comparison * field(setting, 6, 9)
        assert MHZ <= comparison <= 2 * MHZ and 50 <= field(setting, 6, 9) <= 432
        assert 100 * MHZ <= oscillator <= 432 * MHZ
        assert 2 <= field(setting, 24, 4) <= 15 and 2 <= field(setting, 28, 3) <= 7
        system = oscillator / (2 * field(setting, 16, 2) + 2)
        assert field(configuration, 4, 4) == 0, "the core runs at the system's clock"
        access = self.values[FLASH_F]
        assert system <= 30 * MHZ * (field(access, 0, 4) + 1), "too few wait states"
        assert system <= self.limits["core"]
        assert field(self.values[PWR], 14, 2) == 3, "scale 1"
        if system > self.limits["without_overdrive"]:
            assert self.read(PWR + 4) & 1 << 17, "overdrive"
        assert system / self.divider(configuration, 10) <= self.limits["apb1"]
        assert system / self.divider(configuration, 13) <= self.limits["apb2"]
        return int(system)

    @staticmethod
    def divider(configuration: int, low: int) -> int:
        prescaler = field(configuration, low, 3)
        return 1 if prescaler < 4 else 2 << prescaler - 4

    @property
    def port_hz(self) -> int:
        return self.system_hz // self.divider(self.values[RCC_F + 8], 10)


class ClocksL(Registers):
    """STM32L4+, supplied with 3.3 V."""

    CLOCKED = {
        (0x48001800, 0x48001C00): (RCC_L + 0x4C, 6),
        (0x40008000, 0x40008400): (RCC_L + 0x5C, 0),
        (PWR, PWR + 0x400): (RCC_L + 0x58, 28),
    }
    DIVIDERS = {0x4000800C: (0x40008000, 0)}
    GPIOG = range(0x48001800, 0x48001C00)

    def __init__(self, broken: tuple[str, ...] = ()) -> None:
        super().__init__(broken)
        self.values[RCC_L] = 0x63
        self.values[PWR] = 0x200
        self.values[PWR + 0x80] = 0x100
        self.values[FLASH_L] = 0x600
        self.system_hz = self.core_hz = 4 * MHZ

    def ready_bits(self, address: int) -> int:
        control = self.values[RCC_L]
        if address == RCC_L:
            return bool(control & 1 << 8 and self.ready("hsi", address)) << 10 | (
                bool(control & 1 << 24 and self.ready("pll", address)) << 25
            )
        if address == RCC_L + 8:
            return field(self.values[address], 0, 2) << 2
        if address == PWR + 0x14:
            return (self.reads[address] < 3) << 10
        return 0

    def check_write(self, address: int, before: int, value: int) -> None:
        if address == RCC_L + 0x0C:
            assert not self.values[RCC_L] & 1 << 24, "the PLL is only set up while it is off"
        elif address in self.GPIOG:
            assert self.values[PWR + 4] & 1 << 9, "the port's supply is not declared present"
        elif address == RCC_L + 8:
            self.check_system_clock(before, value)
        elif address == PWR + 0x80:
            assert self.system_hz <= 80 * MHZ or field(self.values[RCC_L + 8], 4, 4), "boost changes below 80 MHz"

    def check_system_clock(self, before: int, configuration: int) -> None:
        halved = field(configuration, 4, 4)
        assert halved in (0, 8)
        self.system_hz = 4 * MHZ
        if field(configuration, 0, 2) == 3:
            assert self.values[RCC_L] & 1 << 24 and "pll" not in self._broken
            setting = self.values[RCC_L + 0x0C]
            assert field(setting, 0, 2) == 2 and "hsi" not in self._broken
            assert field(setting, 24, 1), "the PLL's output is off"
            comparison = 16 * MHZ / (field(setting, 4, 4) + 1)
            oscillator = comparison * field(setting, 8, 7)
            assert 2.66 * MHZ <= comparison <= 16 * MHZ and 64 * MHZ <= oscillator <= 344 * MHZ
            self.system_hz = int(oscillator / (2 * field(setting, 25, 2) + 2))
        core = self.system_hz // (2 if halved else 1)
        boost = not self.values[PWR + 0x80] & 1 << 8
        assert field(self.values[PWR], 9, 2) == 1, "range 1"
        assert core <= (120 if boost else 80) * MHZ
        assert core <= 20 * MHZ * (field(self.values[FLASH_L], 0, 4) + 1), "too few wait states"
        if core > 80 * MHZ:
            assert field(before, 0, 2) == 3 and field(before, 4, 4) == 8, "the step over 80 MHz goes through half of it"
            # A read takes a cycle at least; the half is to last a microsecond.
            assert self.cycles_at_half >= self.system_hz / 2 / MHZ
        self.core_hz = core

    def write(self, address: int, value: int) -> None:
        self.cycles_at_half = self.reads[RCC_L + 8]
        super().write(address, value)

    @property
    def port_hz(self) -> int:
        return self.core_hz
