"""Spoken words: from the layout of Speech Commands to a prepared dataset, and from that to training batches."""
