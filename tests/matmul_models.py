"""Products of two matrices that are both inputs, in files of their own."""

from dataclasses import dataclass, replace

from micronets.fuzz.builder import ModelBuilder


@dataclass(frozen=True)
class Product:
    """`across`, `down`: the first, the second matrix lies transposed; `shared`: the second one serves all batches."""

    batches: int
    rows: int
    depth: int
    columns: int
    across: bool = False
    down: bool = False
    shared: bool = False
    scale: float = 3.0
    """Of the output."""
    dtype: str = "int8"

    def build(self) -> bytes:
        model = ModelBuilder()
        first = (self.depth, self.rows) if self.across else (self.rows, self.depth)
        second = (self.columns, self.depth) if self.down else (self.depth, self.columns)
        zeros = (-37, 90, -3) if self.dtype == "int8" else (0, 0, 0)
        inputs = [
            model.tensor((self.batches, *first), self.dtype, 0.02, zeros[0]),
            model.tensor((1 if self.shared else self.batches, *second), self.dtype, 0.03, zeros[1]),
        ]
        output = model.tensor((self.batches, self.rows, self.columns), self.dtype, self.scale, zeros[2])
        model.operator("BATCH_MATMUL", inputs, [output], {"adjX": self.across, "adjY": self.down})
        return model.build(inputs, [output])


_SIDES = {
    "whole": Product(1, 16, 32, 16),
    "odd": Product(4, 7, 13, 5),
    "few": Product(2, 2, 3, 1),
    "down": Product(2, 9, 18, 7, down=True),
    "across": Product(2, 6, 14, 9, across=True),
    "turned": Product(2, 5, 10, 6, across=True, down=True),
    "shared": Product(3, 4, 8, 6, shared=True),
}
BY_COLUMNS = {
    **{f"fast {name}": product for name, product in _SIDES.items()},
    "rounded": Product(1, 4, 21, 6, scale=0.1),
    "general": Product(1, 4, 7, 6, scale=0.0005),
    **{f"int16 {name}": replace(product, dtype="int16", scale=200.0) for name, product in _SIDES.items()},
}
"""What the kernels by columns have code for: sides that are no multiples of 4, values in any order, forms."""
