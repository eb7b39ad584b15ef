"""Pages over many nights: the index, weeks and months, and the files that may be shown of a home.

`write` brings the pages up to date after a night. One night's page belongs to `report/`; the login in front of
the shelf to `plugins/`.
"""

from ratchet.shelf.write import write

__all__ = ["write"]
