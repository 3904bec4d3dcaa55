"""Everything on one machine: an embedded PostgreSQL, the child processes of `warmline up`, and free ports.

Standard library only, so that it also runs where nothing else of Warmline can be imported.
"""


class MachineError(Exception):
    """This machine can't do what was asked. The text says what happened, why, and what to do."""
