"""Nothing that is published names a folder of the machine it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:home|root|tmp|Users)/")


def test_no_tracked_file_names_a_machines_folder(repository: Path) -> None:
    if not (repository / ".git").exists():
        pytest.skip("not a checkout of git: which files are tracked is not known")
    listed = subprocess.run(
        ["git", "-C", repository, "ls-files", "-z", "--", ".", ":!tests"], capture_output=True, check=True
    )
    names = listed.stdout.decode().split("\0")[:-1]
    assert "README.md" in names
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in names
        for number, line in enumerate((repository / name).read_text("utf-8", "replace").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("written to /tmp/build/net", True),
        ('path = "/home/me/data"', True),
        ("https://example.org/home/page", False),
        ("results/tmp/file and ./home/file", False),
        ("/dev/ttyACM0", False),
    ],
)
def test_what_counts_as_one(line: str, is_one: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is is_one
