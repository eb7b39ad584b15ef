"""Virtual environments for what the project cannot have beside it; each benchmark that compares makes one and throws it away.

No benchmark by itself.
"""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path


def environment(folder: Path, requirement: str) -> str | None:
    """Make a virtual environment with one pinned package and return its Python, None where it cannot be installed."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
    return python if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0 else None
