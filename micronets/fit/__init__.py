"""What leaves a search is measured on its board, and its widths changed until it keeps every budget.

`measured` compiles, links and emulates, `targets` holds the figures against the budget, `widths` changes a network by
what it is expected to cost, `rounds` does one after the other, and `stage` reads and writes the files.
"""

from micronets.fit.stage import fit_found_network

__all__ = ["fit_found_network"]
