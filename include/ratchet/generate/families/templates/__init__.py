"""The modules that fixes are written from: real code with example values, checked like any other.

`written.py` takes a template's source and replaces its docstring and the values of its constants, nothing else. Lines
have at most 88 characters and lists end with a comma, so that the result is formatted at any line length.
"""
