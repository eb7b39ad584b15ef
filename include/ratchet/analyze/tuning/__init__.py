"""Settings fitted to the log and replayed on it (R42, R73-R76): `tune` reads `mart_tuning`, one module a setting.

What becomes of a better value belongs to `generate/settings.py`, how it reaches the application to `deploy/`.
"""

from ratchet.analyze.tuning.night import tune

__all__ = ["tune"]
