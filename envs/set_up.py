"""Sets up everything the workflow needs: `python3 envs/set_up.py` (standard library only; `make` calls it).

A virtual environment in .venv with the pinned packages of envs/*.txt and this project, so that `micronets` can be
called, and, where they are missing and the user may
install them, the Arm compiler, the emulator and a host compiler from Debian's packages. A second call finds everything
done and returns at once; a call after an interrupted one repairs what that left. Names of further Debian packages may
follow, to be installed as well.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
COMPLETE = ENVIRONMENT / "complete"
UNFINISHED = ENVIRONMENT / "unfinished"
PROJECT = ROOT / "pyproject.toml"
PINS = sorted(Path(__file__).parent.glob("*.txt"))
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
SUPPORTED = ((3, 11), (3, 12))

HOST_PROGRAM = "#include <stdint.h>\n#include <stdlib.h>\nint main(void) { return 0; }\n"
ARM_PROGRAM = "#include <stdint.h>\n#include <string.h>\nint x;\n"


def main() -> int:
    if sys.version_info[:2] not in SUPPORTED:
        return _with_supported_python()
    with open(ROOT / ".set-up.lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work here; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            install_tools()
            if further := [name for name in sys.argv[1:] if not _is_installed(name)]:
                install_debian_packages(further)
            install_packages()
        except SetUpError as error:
            print(f"Set-up: {error}", file=sys.stderr)
            return 1
    return 0


class SetUpError(Exception):
    """One sentence saying what is missing and what to do."""


def install_packages() -> None:
    """Makes .venv hold the pinned packages and this project, whose modules stay where they are."""
    pins = hashlib.sha256(b"\0".join(path.read_bytes() for path in (*PINS, PROJECT))).hexdigest()
    if _read(COMPLETE) == pins and _works(PYTHON):
        return
    if UNFINISHED.exists() or (ENVIRONMENT.exists() and not _works(PYTHON)):
        print("Removing the environment that an interrupted set-up left.", flush=True)
        shutil.rmtree(ENVIRONMENT)
    if not PYTHON.exists():
        _create_environment()
    print("Installing the pinned Python packages into .venv (3 GB; once).", flush=True)
    UNFINISHED.touch()
    COMPLETE.unlink(missing_ok=True)
    files = [argument for path in PINS if path != CONSTRAINTS for argument in ("-r", str(path))]
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    if _run([*pip, "install", "--quiet", "--constraint", str(CONSTRAINTS), *files]) or _run([*pip, "check"]):
        raise SetUpError("pip could not install the packages (see above); mend that and run the same command again.")
    if _run([*pip, "install", "--quiet", "--no-deps", "--editable", str(ROOT)]):
        raise SetUpError("pip could not install this project (see above); mend that and run the same command again.")
    COMPLETE.write_text(pins, encoding="utf-8")
    UNFINISHED.unlink()


def install_tools() -> None:
    """Makes the compilers, the emulator and what a virtual environment takes available."""
    missing = missing_packages()
    if missing:
        install_debian_packages(missing)
        still = missing_packages()
        if still:
            raise SetUpError(f"{', '.join(still)} is installed but does not work; reinstall it with apt-get.")


def missing_packages() -> list[str]:
    """Names of the Debian packages whose tools are not there."""
    packages = []
    if not _compiles("gcc", HOST_PROGRAM, "-o", os.devnull):
        packages += ["gcc", "libc6-dev"]
    if not _compiles("arm-none-eabi-gcc", "int x;\n", "-c", "-mcpu=cortex-m4", "-o", os.devnull):
        packages += ["gcc-arm-none-eabi", "libnewlib-arm-none-eabi"]
    elif not _compiles("arm-none-eabi-gcc", ARM_PROGRAM, "-c", "-mcpu=cortex-m4", "-o", os.devnull):
        packages.append("libnewlib-arm-none-eabi")
    if shutil.which("qemu-system-arm") is None:
        packages.append("qemu-system-arm")
    if sys.executable.startswith("/usr/bin/") and not PYTHON.exists() and not _can_import("ensurepip"):
        packages.append(f"python3.{sys.version_info[1]}-venv")
    return packages


def _is_installed(package: str) -> bool:
    asked = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(asked, capture_output=True, text=True).stdout == "installed"


def install_debian_packages(packages: Sequence[str]) -> None:
    """Installs with apt-get; raises SetUpError, naming the command for an administrator, where the user may not."""
    names = " ".join(packages)
    by_hand = f"have an administrator run `apt-get install {names}`, then run the same command again."
    apt = _apt_get()
    if apt is None:
        raise SetUpError(f"you may not install what is missing; {by_hand}")
    print(f"Installing {names} with apt-get.", flush=True)
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    if not any(Path("/var/lib/apt/lists").glob("*Packages*")):
        _run([*apt, "update", "-q"])
    if _run(install) == 0:
        return
    _run([*apt[:-3], "dpkg", "--configure", "-a"])
    _run([*apt, "update", "-q"])
    if _run(install):
        raise SetUpError(f"apt-get failed (see above); {by_hand}")


def _create_environment() -> None:
    if not _can_import("ensurepip"):
        raise SetUpError(f"{sys.executable} lacks the module ensurepip; use a complete Python.")
    ENVIRONMENT.mkdir(exist_ok=True)
    UNFINISHED.touch()
    if _run([sys.executable, "-m", "venv", str(ENVIRONMENT)]):
        raise SetUpError(f"{sys.executable} -m venv failed (see above).")


def _apt_get() -> list[str] | None:
    """The command that installs packages, without a password; None where there is none. Ends in apt-get and options."""
    if shutil.which("apt-get") is None:
        return None
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=600"]
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n", *command]
    return None


def _with_supported_python() -> int:
    for major, minor in SUPPORTED:
        other = shutil.which(f"python{major}.{minor}")
        if other:
            return subprocess.call([other, __file__])
    have = ".".join(map(str, sys.version_info[:2]))
    print(f"Set-up: Python 3.11 or 3.12 is needed, this is {have}; install one of them.", file=sys.stderr)
    return 1


def _works(python: Path) -> bool:
    return python.exists() and _succeeds([str(python), "-c", "import pip"])


def _can_import(module: str) -> bool:
    return _succeeds([sys.executable, "-c", f"import {module}"])


def _compiles(compiler: str, program: str, *options: str) -> bool:
    if shutil.which(compiler) is None:
        return False
    command = [compiler, "-x", "c", "-", *options]
    return subprocess.run(command, input=program.encode(), capture_output=True).returncode == 0


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def _run(command: Sequence[str]) -> int:
    return subprocess.call(command, stdin=subprocess.DEVNULL)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
