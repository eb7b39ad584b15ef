"""Does an improvement hold? Generated code is checked and run in a sandbox, and replayed on what was logged.

What an improvement may be belongs to `contracts/`, who makes it to `generate/`, what becomes of it to `deploy/`.
"""
