"""Runs generated code in an interpreter of its own, where it can open, reach and start nothing.

The parts: `levels` names the isolations and what each holds, `launch` starts the interpreter and reads its answer,
`child` is what that interpreter runs. docs/sandbox.md says what each level stops and what it does not.
"""

from ratchet.validate.sandbox.launch import lacks, run, strongest
from ratchet.validate.sandbox.levels import Level, Limits, Outcome, Reason

__all__ = ["Level", "Limits", "Outcome", "Reason", "lacks", "run", "strongest"]
