"""Programs on boards themselves: built, flashed, driven over a serial port, their cycles measured."""
