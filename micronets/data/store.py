"""A .npy file that grows row by row, so that a dataset larger than the memory can be written."""

from pathlib import Path
from typing import Any

import numpy as np


class ArrayWriter:
    """Appends rows to a .npy file; the number of rows is written into its header at the end.

    Args:
        path: the file to make.
        row_shape: shape of one row.
        dtype: of the elements.
    """

    def __init__(self, path: Path, row_shape: tuple[int, ...], dtype: np.dtype | type):
        self._row_shape = row_shape
        self._dtype = np.dtype(dtype)
        self._stream = open(path, "wb")
        self.rows = 0
        self._write_header()

    def append(self, rows: np.ndarray) -> None:
        """Appends an array of shape (n, *row_shape)."""
        if rows.shape[1:] != self._row_shape or rows.dtype != self._dtype:
            raise ValueError(f"rows of {rows.shape[1:]} {rows.dtype} do not fit {self._row_shape} {self._dtype}")
        self._stream.write(np.ascontiguousarray(rows).data)
        self.rows += len(rows)

    def _write_header(self) -> None:
        # numpy pads its headers so that the first dimension can grow in place
        description = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.rows, *self._row_shape),
        }
        np.lib.format.write_array_header_1_0(self._stream, description)

    def __enter__(self) -> "ArrayWriter":
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is None:
            self._stream.seek(0)
            self._write_header()
        self._stream.close()
