"""Programs on boards themselves: flashed, driven over a serial port, their cycles measured."""
