"""Random layers, networks and damaged files, checked against TensorFlow Lite Micro."""

KINDS = ("layer", "network", "mutation", "emulated")
"""On this machine: layers, networks, damaged files; `emulated`: layers and networks on an emulated board."""
