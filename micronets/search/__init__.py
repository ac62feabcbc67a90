"""Architecture search: a network that fits a board, by differentiable search (section 4 of the paper), or by evolution.

`space` says what is searched, `budget` what it may cost, `costs` what it costs before it is decided, `sampling` draws
networks that fit; `supernet` is all networks in one, `one_shot` trains its weights and `loop` its decisions as well,
`candidates` scores networks with them, `halving` trains the best alone. `strategy` chains these phases, `search.search`
does it all. Nothing up to `problem` needs a backend.
"""
