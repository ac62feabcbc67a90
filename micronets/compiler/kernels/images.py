"""Batches: another kernel, called for every image."""

from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.offsets import ALIGNMENT_BYTES, aligned
from micronets.compiler.source import Source
from micronets.compiler.steps import ImagesStep


class ImagesKernel(Kernel[ImagesStep]):
    """Images that begin within a word are copied, as kernels read whole words."""

    def __init__(self, step: ImagesStep, image: Kernel) -> None:
        super().__init__(step)
        self._image = image
        self._input_bytes = image.step.inputs[0].size_bytes
        self._output_bytes = image.step.output.size_bytes
        self._copied = bool(self._input_bytes % ALIGNMENT_BYTES or self._output_bytes % ALIGNMENT_BYTES)
        self.function = image.function
        self.weight_bits = image.weight_bits

    def files(self) -> set[str]:
        return self._image.files()

    def headers(self) -> set[str]:
        return self._image.headers()

    def definition(self) -> str:
        return self._image.definition()

    @property
    def scratch_bytes(self) -> int:
        copies = aligned(self._input_bytes) + aligned(self._output_bytes) if self._copied else 0
        return copies + self._image.scratch_bytes

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        one, made = f"{inputs[0]} + image * {self._input_bytes}", f"{output} + image * {self._output_bytes}"
        if self._copied:
            read, written = scratch, f"{scratch} + {aligned(self._input_bytes)}"
            own = f"{written} + {aligned(self._output_bytes)}"
            body = [
                *_copy(read, one, self._input_bytes),
                *self._image.emit(source, layer, [read], written, own),
                *_copy(made, written, self._output_bytes),
            ]
        else:
            body = self._image.emit(source, layer, [one], made, scratch)
        return [
            f"for (int32_t image = 0; image < {self.step.count}; image++)",
            "{",
            *(f"    {line}" for line in body),
            "}",
        ]


def _copy(to: str, origin: str, count: int) -> list[str]:
    return [
        f"for (int32_t i = 0; i < {count}; i++)",
        "{",
        f"    ({to})[i] = ({origin})[i];",
        "}",
    ]
