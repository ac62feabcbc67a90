"""Architecture search: a network that fits a board, by differentiable search (section 4 of the paper).

`space` says what is searched, `budget` what it may cost, `costs` what it costs before it is decided, `relaxation` how
decisions become trainable; `supernet` is all networks in one, `phases` and `loop` train it, and `repair` makes the
result fit. `search.search` does it all. Nothing up to `problem` needs a backend.
"""
