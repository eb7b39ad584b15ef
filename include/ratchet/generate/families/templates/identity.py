"""What every fix says of itself; written before the constants of its family."""

from __future__ import annotations

from typing import Final

FIX_ID: Final[str] = "example"
FINGERPRINT: Final[str] = "example"
FAMILY: Final[str] = "example"
OPERATION: Final[str] = "example"
LAYER: Final[int] = 0
