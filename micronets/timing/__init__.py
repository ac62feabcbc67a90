"""Cycles, time and energy, estimated from exact counts, and how far estimates are off published measurements."""
