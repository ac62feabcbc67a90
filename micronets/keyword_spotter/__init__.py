"""Keyword spotting on a stream of audio: the whole chain as a program, run, counted and scored."""
