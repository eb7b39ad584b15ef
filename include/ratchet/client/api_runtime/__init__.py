"""What every generated API client carries with it: copied beside it word for word, so that it needs nothing but Python.

`http.py` sends requests, `wire.py` writes them; `check.py` is the contract test of a client.
"""
