"""Sample logs of a believable AI assistant, with everything that is planted in them counted in `truth.json`.

The same arguments always give the same bytes. What Ratchet does with logs belongs to the other packages.
"""

from ratchet.samples.write import write

__all__ = ["write"]
