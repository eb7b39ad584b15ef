"""Reads a user's own package and its tests: by their syntax only, nothing is imported and nothing is run.

What is read lands as a dated file (`package_snapshots.py`); nights read that file and no code.
"""
