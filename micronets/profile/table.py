"""Profiles as text for a terminal."""

from collections.abc import Mapping

from micronets.profile.result import Profile


def layer_table(profile: Profile) -> str:
    """One line per layer function: counted instructions, estimated cycles and their share, share of the floor."""
    total = profile.cycles
    width = max(len(name) for name, _ in profile.layers)
    lines = [
        f"{'layer':{width}} {'instructions':>12} {'cycles*':>12} {'ms*':>8} {'share':>6} {'MACs':>10} {'of floor':>8} "
        f"{'flash loads':>11} {'RAM loads':>10} {'stores':>9} {'own flash':>9}"
    ]
    for row in profile.layer_rows():
        cycles, floor = row["estimated_cycles"], row["share_of_floor"]
        estimates = ("-", "-", "-")
        if cycles is not None and total:
            estimates = (f"{cycles:,.0f}", f"{row['estimated_ms']:.3f}", f"{cycles / total:.1%}")
        code, constants = row["flash_code_bytes"], row["flash_constant_bytes"]
        own = "-" if code is None or constants is None else f"{code + constants:,}"
        lines.append(
            f"{row['layer']:{width}} {row['instructions']:>12,} {estimates[0]:>12} {estimates[1]:>8} {estimates[2]:>6} "
            f"{row['macs'] if row['macs'] is not None else '-':>10} {f'{floor:.1%}' if floor is not None else '-':>8} "
            f"{row['flash_loads']:>11,} {row['ram_loads']:>10,} {row['ram_stores']:>9,} {own:>9}"
            + (f"  {row['note']}" if row["note"] else "")
        )
    return "\n".join(lines)


def describe_flash_parts(parts: Mapping[str, int]) -> str:
    """Such as `53,960 model, 40,120 kernels`."""
    return ", ".join(f"{size_bytes:,} {name.replace('c_library', 'C library')}" for name, size_bytes in parts.items())


def summary(profile: Profile) -> str:
    """The figures of the whole network in a few lines; says which are counted and which estimated."""
    firmware = profile.firmware
    flash, ram = firmware.flash_bytes, firmware.linked_ram_bytes
    lowest, highest = profile.instructions
    equal = profile.compared_outputs - profile.different_outputs
    lines = [
        f"{firmware.network} on {firmware.board.name} ({firmware.board.core}, {firmware.board.clock_hz / 1e6:g} MHz)",
        f"outputs: {equal} of {profile.compared_outputs} compared are equal bit for bit"
        if profile.compared_outputs
        else "outputs: not compared",
        f"instructions per inference, counted: {lowest:,}" + (f" to {highest:,}" if highest > lowest else ""),
    ]
    if profile.model is not None:
        errors = profile.model.errors
        lines += [
            f"* estimated: {profile.cycles:,.0f} cycles, {profile.latency_ms:.2f} ms ± {errors.mean:.1%} "
            f"(mean error, at worst {errors.worst:.1%})",
            f"  by {profile.model.description}",
        ]
    if (measured := profile.measured) is not None:
        lines.append(
            f"measured on {measured.identity.board} at {measured.port}: {measured.cycles[0]:,} cycles, "
            f"{measured.latency_ms:.2f} ms"
        )
    if firmware.reference_layers:
        lines.append(f"slow: a reference kernel runs {', '.join(firmware.reference_layers)}")
    lines += [
        f"flash: {flash.network_code:,} code + {flash.network_constants:,} constants = {flash.network:,} bytes "
        f"(and {flash.harness:,} of the benchmark program)",
        *([f"  of these {describe_flash_parts(firmware.flash_parts)}"] if firmware.flash_parts else []),
        f"RAM: {ram.network:,} bytes, deepest stack {profile.stack_bytes:,}",
    ]
    return "\n".join(lines)
