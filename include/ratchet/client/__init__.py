"""What the AI application imports; see docs/client.md. Nothing here needs more than Python.

`Client` logs events and asks for variants; `ratchet.client.provider` is the same as an OpenFeature provider and needs
the extra `client`.
"""

from __future__ import annotations

from ratchet.client.application import Client

__all__ = ["Client"]
