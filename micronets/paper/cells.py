"""What stands in a cell of a table: a figure and how it is known, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["measured", "estimated", "paper", "missing"]

KINDS: Mapping[Kind, str] = {
    "measured": "bold: measured or counted here",
    "estimated": "italic, with its mean error: estimated here",
    "paper": "in brackets: the paper's",
    "missing": "a dash with a letter: missing, for the reason below the table",
}
"""What the page says of each."""
PAPER_LINE, HERE_LINE = "in the paper", "here"


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: the figure without its unit, which the column names; empty where it is missing.
        detail: on what it was measured, its error, or what else belongs to it.
        note: of a missing figure, why; of another, why it differs from the paper's by more than its error.
        value, error: the figure as a number, in the column's unit, and how far it may be off; for comparison.
    """

    kind: Kind
    text: str = ""
    detail: str = ""
    note: str = ""
    value: float | None = None
    error: float = 0.0


def measured(value: float, digits: int = 1, detail: str = "", error: float = 0.0) -> Cell:
    """Measured or counted here; `error` in the same unit, 0 of what is exact."""
    return Cell("measured", _text(value, digits), detail, value=value, error=error)


def estimated(value: float, error_percent: float, digits: int = 1, detail: str = "") -> Cell:
    """Estimated here, with the mean error of such estimates."""
    told = f"± {error_percent:.0f} %"
    return Cell(
        "estimated",
        _text(value, digits),
        f"{told}; {detail}" if detail else told,
        value=value,
        error=value * error_percent / 100,
    )


def of_paper(value: float, text: str, *, is_estimate: bool = False, detail: str = "") -> Cell:
    """The paper's figure, as `text` has its digits; half of the last one is its error."""
    decimals = len(text.partition(".")[2])
    detail = "; ".join(part for part in ("estimated there" if is_estimate else "", detail) if part)
    return Cell("paper", text, detail, value=value, error=0.5 * 10**-decimals)


def missing(reason: str) -> Cell:
    """No figure, and why."""
    return Cell("missing", note=reason)


def explained(ours: Cell, papers: Cell, reason: str) -> Cell:
    """Our cell, with the reason where it differs from the paper's by more than the errors of both."""
    if ours.value is None or papers.value is None:
        return ours
    apart = abs(ours.value - papers.value) > ours.error + papers.error
    return replace(ours, note=reason) if apart else ours


def explained_line(ours: Sequence[Cell], papers: Sequence[Cell], why: Sequence[str]) -> tuple[Cell, ...]:
    """A line of ours, `explained` cell by cell."""
    return tuple(explained(*cells) for cells in zip(ours, papers, why, strict=True))


def on_other_data(ours: Cell, reason: str) -> Cell:
    """Our score, with the reason why it must not be compared, however near the paper's it is."""
    return ours if ours.kind == "missing" else replace(ours, note=reason)


def _text(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


@dataclass(frozen=True)
class Line:
    """A line of a row: whose figures it has, and a cell for every column."""

    origin: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Row:
    """What belongs to one network."""

    name: str
    detail: str
    lines: tuple[Line, ...]

    @classmethod
    def beside(cls, name: str, detail: str, papers: Sequence[Cell], ours: Sequence[Cell]) -> "Row":
        """The paper's figures, and ours beneath them."""
        return cls(name, detail, (Line(PAPER_LINE, tuple(papers)), Line(HERE_LINE, tuple(ours))))


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes:
        place: of the paper's table or figure that it stands beside.
        columns: name and unit or meaning.
        remarks: sentences below it.
    """

    name: str
    title: str
    place: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = field(default=())

    def notes(self) -> tuple[dict[str, str], dict[str, str]]:
        """Marks by note: letters for reasons why something is missing, numbers for why it differs; in their order."""
        lacking: dict[str, str] = {}
        different: dict[str, str] = {}
        for row in self.rows:
            for line in row.lines:
                for cell in line.cells:
                    if cell.note and cell.kind == "missing":
                        lacking.setdefault(cell.note, _letter(len(lacking)))
                    elif cell.note:
                        different.setdefault(cell.note, str(len(different) + 1))
        return lacking, different


def _letter(index: int) -> str:
    """a to z, then aa, ab and so on."""
    first, second = divmod(index, 26)
    return (chr(ord("a") + first - 1) if first else "") + chr(ord("a") + second)


def records(tables: Sequence[Table]) -> list[dict[str, str]]:
    """Every cell as a record, for a file that others can read."""
    return [
        {
            "table": table.name,
            "row": row.name,
            "line": line.origin,
            "column": column,
            "unit": unit,
            "kind": cell.kind,
            "text": cell.text,
            "detail": cell.detail,
            "note": cell.note,
        }
        for table in tables
        for row in table.rows
        for line in row.lines
        for (column, unit), cell in zip(table.columns, line.cells, strict=True)
    ]
