"""The compiler's account of a network: what each pass did, the layers, and the memory plan."""

from micronets.compiler.compiled_network import CompiledNetwork


def explain(network: CompiledNetwork) -> str:
    """A text of three tables: passes, layers (shape, MACs, kernel, bytes) and buffers (offset, size, lifetime)."""
    lines = [
        f"{network.name} for {network.core}, {network.optimise}: arena {network.arena_bytes} bytes, "
        f"constants {network.weights_bytes} bytes, {sum(layer.macs for layer in network.layers)} of "
        f"{sum(layer.file_macs for layer in network.layers)} MACs",
        "",
    ]
    lines += [f"- {note}" for note in network.notes]
    lines += [
        "",
        f"{'layer':44}{'from':>14}{'to':>14}{'MACs before':>13}{'after':>10}{'constants':>10}{'scratch':>8}  kernel",
    ]
    for layer in network.layers:
        lines.append(
            f"{layer.function:44}{_shape(layer.input_shape):>14}{_shape(layer.output_shape):>14}{layer.file_macs:>13}"
            f"{layer.macs:>10}{layer.constant_bytes:>10}{layer.scratch_bytes:>8}  {layer.kernel}"
            + (", a reference kernel" if layer.is_reference else "")
        )
    lines += ["", f"{'buffer':30}{'offset':>8}{'bytes':>8}  steps"]
    for buffer in sorted(network.buffers, key=lambda b: (b.first_step, b.offset_bytes)):
        lines.append(
            f"{buffer.name:30}{buffer.offset_bytes:>8}{buffer.size_bytes:>8}  {buffer.first_step}-{buffer.last_step}"
        )
    return "\n".join(lines)


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
