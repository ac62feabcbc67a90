"""Generated recordings in the layout of Speech Commands, for runs without any download."""

from micronets.data.speech.synthesis.recordings import GeneratedOptions, check_words, generate

__all__ = ["GeneratedOptions", "check_words", "generate"]
