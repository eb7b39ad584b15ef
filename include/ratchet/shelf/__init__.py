"""Pages over many nights: the index, weeks and months, and the files that may be shown of a home.

`write` brings the pages up to date after a night, `forget` takes away those of nights that are gone. One night's page
belongs to `report/`; the login in front of the shelf to `plugins/`.
"""

from ratchet.shelf.write import forget, write

__all__ = ["forget", "write"]
