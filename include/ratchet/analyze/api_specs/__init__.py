"""Reads API specifications: bytes in, an `Api` out, or one clear error. Nothing here opens a file or a connection."""

from ratchet.analyze.api_specs.parse import parse

__all__ = ["parse"]
