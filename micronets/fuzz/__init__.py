"""Random layers, networks and damaged files, checked against TensorFlow Lite Micro."""
