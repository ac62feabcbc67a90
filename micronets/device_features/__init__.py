"""A network's input computed on the device: from audio (`sound`) or from a camera's frames (`image`)."""
