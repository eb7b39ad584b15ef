"""Pure functions: findings in, improvements out, ordered and limited.

What an improvement may be belongs to `contracts/improvements.py`, what becomes of it to `deploy/`.
"""
