"""What one stage leaves for another is read whole and checked, or one sentence says which command makes it anew."""

import contextlib
import csv
import json
import os
import shlex
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from micronets.errors import DataError, MicronetsError

DAMAGE = (
    ValueError,  # of UnicodeDecodeError, JSONDecodeError, and of numpy's and pandas' own as well
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    RecursionError,
    MemoryError,  # a header that asks for far more than there is
    zipfile.BadZipFile,
    zlib.error,
    csv.Error,
    struct.error,
    NotImplementedError,  # of zipfile, for ways of packing that nobody has
)
"""What reading damaged bytes raises."""
MOST_JSON_BYTES = 256 << 20
_SCHEMAS = Path(__file__).with_name("schemas") / "stage_files.schema.yaml"


def made_anew(path: str | os.PathLike) -> str:
    """The remedy for a file of a stage that is damaged, as a command: the next run makes again what is missing."""
    return f"make it anew: rm {shlex.quote(str(path))}, and run the same command again"


@contextlib.contextmanager
def reading(path: str | os.PathLike, *, about: str = "", kind: type[MicronetsError] = DataError) -> Iterator[None]:
    """Turns what damaged, missing or unreadable files raise in the body of a `with` into one sentence with the remedy.

    Args:
        path: of the file that the next run makes anew when it is deleted, an output of the stage.
        about: what is read; the path where it is left out.
        kind: of the error.
    """
    about = about or str(path)
    try:
        yield
    except MicronetsError:
        raise
    except FileNotFoundError as error:
        gone = error.filename or path
        remedy = made_anew(path) if os.path.lexists(path) else "the workflow makes it: snakemake --cores all"
        raise kind(f"{about} is not whole: there is no {gone}; {remedy}.") from error
    except OSError as error:
        place, reason = error.filename or about, error.strerror or error
        raise kind(f"{place} cannot be read ({reason}); see to it, and run the same command again.") from error
    except DAMAGE as error:
        reason = _first_line(error)
        raise kind(f"{about} is damaged ({reason}); {made_anew(path)}.") from error


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}".removesuffix(": ")


def read_json(path: str | os.PathLike, form: str, *, kind: type[MicronetsError] = DataError) -> dict[str, Any]:
    """The content of a JSON file of a stage.

    Args:
        form: of `micronets/schemas/stage_files.schema.yaml`: which keys it must have, of what kinds and ranges.

    Raises:
        MicronetsError: of `kind`; it is missing, damaged or of another form; the sentence names the remedy.
    """
    path = Path(path)
    with reading(path, kind=kind):
        size = path.stat().st_size
        if size > MOST_JSON_BYTES:
            raise ValueError(f"{size / 1e6:.0f} MB, where {MOST_JSON_BYTES / 1e6:.0f} are enough")
        content = json.loads(path.read_bytes())
        error = next(_validator(form).iter_errors(content), None)
        if error is not None:
            place = ".".join(map(str, error.absolute_path))
            raise ValueError(f"{place or 'it'}: {error.message[:120]}")
        return content


@cache
def _validator(form: str) -> Any:
    from jsonschema import Draft202012Validator

    from micronets.yaml_file import read_yaml

    schema = read_yaml(_SCHEMAS)
    return Draft202012Validator({"$ref": f"#/$defs/{form}", "$defs": schema["$defs"]})
