"""Runs a linked program on QEMU and counts its instructions and memory accesses."""
