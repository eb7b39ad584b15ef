"""Pure functions that measure: key figures and how they changed.

Findings about single intents and errors belong to `analyze/`; no file, connection, clock or random number here.
"""
