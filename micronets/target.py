"""What a profile runs on besides the emulator, as the key `profile.target` names it."""

from micronets.errors import ConfigurationError

EMULATOR = "emulator"
_SERIAL = "serial:"


def serial_port(target: str) -> str | None:
    """`serial:/dev/ttyACM0` → `/dev/ttyACM0`; None for `emulator`; raises ConfigurationError for anything else."""
    if target == EMULATOR:
        return None
    port = target.removeprefix(_SERIAL)
    if not target.startswith(_SERIAL) or not port:
        raise ConfigurationError(
            f"profile.target is {target!r}, but must be {EMULATOR}, or {_SERIAL} and the port of a board, for instance "
            f"{_SERIAL}/dev/ttyACM0."
        )
    return port
