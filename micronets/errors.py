"""Errors that are the user's to mend."""


class MicronetsError(Exception):
    """One sentence for the user: what is wrong, in which file or key, and the remedy.

    Everything raised on bad input derives from it, so that scripts can print the sentence without a traceback.
    """


class ConfigurationError(MicronetsError):
    """The configuration names something that does not exist, has the wrong type, or cannot be met."""


class DataError(MicronetsError):
    """A dataset is missing, broken beyond the configured share, or not in the layout its task expects."""


class ModelError(MicronetsError):
    """A network description or a .tflite file is damaged or asks for something unsupported."""


class BuildError(MicronetsError):
    """The firmware could not be built, or does not fit the board."""


class DoesNotFitError(BuildError):
    """The firmware is larger than the board's memories."""


class EmulatorError(MicronetsError):
    """The emulated firmware hung, crashed, or answered something else than expected."""


class BoardError(MicronetsError):
    """A board, the serial port to it or its programmer is missing, silent, or answered something else than expected."""


class OutputError(MicronetsError):
    """A place to write to is no folder, cannot be written, or holds a file of that name that somebody else wrote."""
