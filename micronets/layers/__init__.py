"""Keras layers shared by search and training."""
