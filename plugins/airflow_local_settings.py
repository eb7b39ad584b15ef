"""Lets the scheduler import the libraries of a night once, so that the tasks it forks need not.

Airflow reads this file in each of its processes; only the scheduler forks tasks. A deployment with an
`airflow_local_settings.py` of its own (Airflow reads the first one it finds) does the same there.
"""

import sys

if sys.argv[1:2] == ["scheduler"]:
    from ratchet import preload

    preload.load()
