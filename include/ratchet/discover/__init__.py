"""The only door through which Ratchet asks other people's APIs: allow-listed hosts, within a budget, read-only.

What was seen lands as files (`api_snapshots.py`); what it means belongs to `analyze/`.
"""
