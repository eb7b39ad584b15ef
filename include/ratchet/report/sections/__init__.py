"""The sections of the report, one module each: a step's result in, blocks out. Their order is in `build.py`."""
