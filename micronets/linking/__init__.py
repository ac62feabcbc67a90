"""From C to a linked program, and what is in it: sizes, symbols, instructions, the sentence for a fault."""
