"""Convolutions whose kernels compute some rows of their output at a time."""

from abc import abstractmethod
from typing import ClassVar

from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep


class ConvolutionByRows(Kernel[ConvolutionStep]):
    """The call names the rows, as patches and strips do."""

    def first_input_row(self, row: int) -> int:
        """Least input row that output rows from `row` on read."""
        window = self.step.window
        return min(max(0, row * window.stride[0] - window.pad_top), self.step.inputs[0].shape[0])

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows = self.step.output.shape[0]
        return [f"{self.function}({self._describe(source, layer)}, 0, {rows}, {inputs[0]}, {output}, {scratch});"]

    def emit_rows(self, source: Source, layer: str, source_of_rows: str, scratch: str) -> list[str]:
        """Output rows [row, row + rows) into `output`, C variables in scope."""
        return [f"{self.function}({self._describe(source, layer)}, row, rows, {source_of_rows}, output, {scratch});"]

    @abstractmethod
    def _describe(self, source: Source, layer: str) -> str:
        """The address of the kernel's description in C, and other arguments that do not depend on the rows."""


class PixelsByRows(ConvolutionByRows):
    """1x1 convolutions: the call says how many pixels there are from an address on."""

    takes_scratch: ClassVar[bool] = True

    @property
    def pixels(self) -> int:
        rows, columns, _ = self.step.output.shape
        return rows * columns

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        return self._call(source, layer, str(self.pixels), inputs[0], output, scratch)

    def emit_rows(self, source: Source, layer: str, source_of_rows: str, scratch: str) -> list[str]:
        columns, depth = self.step.output.shape[1], self.step.weights.shape[3]
        begin = f"{source_of_rows} + row * {columns * depth}"
        return self._call(source, layer, f"rows * {columns}", begin, "output", scratch)

    def emit_pixels(self, source: Source, layer: str, pixels: str, begin: str, scratch: str) -> list[str]:
        """So many pixels, the first one's inputs at `begin`, into `output`, a C variable in scope."""
        return self._call(source, layer, pixels, begin, "output", scratch)

    def _call(self, source: Source, layer: str, pixels: str, begin: str, output: str, scratch: str) -> list[str]:
        arguments = [self._describe(source, layer), pixels, begin, output, *([scratch] if self.takes_scratch else [])]
        return [f"{self.function}({', '.join(arguments)});"]
