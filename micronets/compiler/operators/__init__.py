"""One module per family of operators: options, lowering, steps, bounds and kernels, gathered in its `FAMILY`.

`micronets.compiler.registry` finds them. `context`, `family`, `options` and `window` are what they share.
"""
