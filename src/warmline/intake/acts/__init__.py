"""Every act of a person, one function each, the same for the web and the command line.

    act(conn, workspace, lane, id, who, now, ...)

One transaction; the story says who did it. ActError says why it can't be done now and what to do instead.
"""

from .attention import dismiss_quarantine, erase_quarantine, replay_parked, replay_quarantine, settle_unknown
from .call import CallRefused, begin_call, correct_call, is_in_doubt
from .contact import REASONS, Listed, add_to_list, import_list, take_off_list
from .following import ActError, Next
from .lead import (
    add_note,
    close,
    correct_address,
    enroll,
    opt_out,
    reassign,
    release,
    reopen,
    set_zone,
    take_over,
)
from .merge import merge
from .task import complete_call, complete_task

__all__ = [
    "REASONS",
    "ActError",
    "CallRefused",
    "Listed",
    "Next",
    "add_note",
    "add_to_list",
    "begin_call",
    "close",
    "complete_call",
    "complete_task",
    "correct_address",
    "correct_call",
    "dismiss_quarantine",
    "enroll",
    "erase_quarantine",
    "import_list",
    "is_in_doubt",
    "merge",
    "opt_out",
    "reassign",
    "release",
    "reopen",
    "replay_parked",
    "replay_quarantine",
    "set_zone",
    "settle_unknown",
    "take_off_list",
    "take_over",
]
