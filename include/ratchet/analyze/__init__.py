"""Pure functions: mart frames in, findings out.

No file, connection, clock or random number here. What follows from a finding belongs to `generate/`.
"""
