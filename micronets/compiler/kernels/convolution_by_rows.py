"""Convolutions whose kernels compute some rows of their output at a time."""

from abc import abstractmethod

from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep


class ConvolutionByRows(Kernel[ConvolutionStep]):
    """What patches and strips share: the same call, with the rows that it computes."""

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
        """The address of the kernel's description in C."""
