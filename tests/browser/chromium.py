"""Headless Chromium."""

import os
import subprocess
from pathlib import Path

PROGRAM = (
    "chromium",
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)
LIMIT_S = 240


def browse(
    folder: Path, size: tuple[int, int], action: str, address: str, budget_ms: int = 60_000
) -> subprocess.CompletedProcess[str]:
    """Opens a page in a window of `size` pixels and does `action`, `--dump-dom` or `--screenshot=…`.

    Args:
        folder: where the browser keeps its profile.
        budget_ms: how long the page may take to settle, by its own clock, which stands still while an answer is due.
    """
    profile, window = f"--user-data-dir={folder / 'profile'}", f"--window-size={size[0]},{size[1]}"
    command = [*PROGRAM, profile, window, f"--virtual-time-budget={budget_ms}", action, address]
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=environment, check=True)
