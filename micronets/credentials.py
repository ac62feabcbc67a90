"""Keeps user names and passwords out of what is logged."""

import logging
import re

_IN_URL = re.compile(r"(?<=://)[^/\s]+@")


def masked(text: str) -> str:
    """The text with `user:password@` of every URL in it replaced by `***@`."""
    return _IN_URL.sub("***@", text)


class MaskingFormatter(logging.Formatter):
    """A formatter whose lines, tracebacks included, hold no credentials of a URL."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
