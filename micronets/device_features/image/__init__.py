"""A camera's frames as a network's input: generated C, and the same whole numbers in numpy."""
