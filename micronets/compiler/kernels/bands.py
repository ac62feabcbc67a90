"""How a kernel takes its input a band of output rows at a time."""

from dataclasses import dataclass

from micronets.compiler.steps import Step, Window


@dataclass(frozen=True)
class RowBands:
    """`band` output rows at a time, of `out_rows`, from `rows` input rows under a window of so many rows."""

    band: int
    rows: int
    out_rows: int
    window_rows: int
    stride: int
    pad_top: int

    @classmethod
    def of(cls, step: Step, window: Window, band: int) -> "RowBands":
        """Of a step without dilation; no more rows at a time than there are."""
        rows, out_rows = step.inputs[0].shape[0], step.output.shape[0]
        return cls(min(band, out_rows), rows, out_rows, window.size[0], window.stride[0], window.pad_top)

    @property
    def rows_at_once(self) -> int:
        """Input rows that a band reads, at most."""
        return min((self.band - 1) * self.stride + self.window_rows, self.rows)

    def rows_before(self, out_row: int) -> int:
        """Input rows that must be there for all output rows before `out_row`, which is above 0."""
        return min((out_row - 1) * self.stride - self.pad_top + self.window_rows, self.rows)
