"""Random layers, networks and damaged files, checked against TensorFlow Lite Micro."""

KINDS = ("layer", "operator", "network", "mutation", "emulated")
"""On this machine: layers of images, other operators, networks, damaged files; `emulated`: all but those."""
