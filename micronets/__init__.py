"""From a dataset and a microcontroller's budget to a measured firmware."""

__version__ = "0.1.0"
