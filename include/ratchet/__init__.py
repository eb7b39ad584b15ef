"""Ratchet: an AI application's logs in, measured improvements out, night after night."""

__version__ = "0.1.0"
