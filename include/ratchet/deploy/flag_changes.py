"""The `change` events by which an application says that it moved a flag, from all of bronze: they are few.

What they mean for a rollout belongs to `rollouts.py`.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from ratchet import bronze
from ratchet.deploy.rollouts import CHANGE_KIND
from ratchet.home import Home

COLUMNS = ["kind", "target", "after", "occurred_at"]


def landed(home: Home, first: date, last: date) -> pd.DataFrame:
    """Return the changes of features that landed from first to last, one a row; `occurred_at` is UTC without a zone.

    Args:
        home: whose bronze is read.
        first: such as `history_start`; rollouts that began before it are seen from then on.
        last: the night's day.
    """
    files = bronze.files_of(home, "change", bronze.loads(home, first, last))
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    read = [pd.read_parquet(path, columns=COLUMNS, partitioning=None) for path in files]
    found = pd.concat(read, ignore_index=True) if read else empty
    return found[found["kind"] == CHANGE_KIND].reset_index(drop=True)
