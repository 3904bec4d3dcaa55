"""What keeps a request from being done, though nothing is wrong with it: the same may succeed in a moment."""

from __future__ import annotations

from django.db import Error as DjangoError

from ..intake.batch import DoorClosedError
from ..store.connect import AWAY
from ..store.races import LOST

#: Seconds, for the header Retry-After.
TRY_AGAIN = 2

#: What these are raised from says more than they do.
_AROUND = (DjangoError, DoorClosedError)


def why_not_now(error: BaseException | None) -> str:
    """The beginning of a sentence that goes on with "so nothing was ..."; "" for a fault, which a second try does not mend.
    Nothing of the request is in the database then."""
    while isinstance(error, _AROUND) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, LOST):  # before AWAY: PostgreSQL's own error for it is an OperationalError, too
        return "Too much happened to the same lead at once"
    if isinstance(error, AWAY):  # PoolTimeout is one, too
        return "The database can't be reached"
    return "Warmline is being stopped" if isinstance(error, DoorClosedError) else ""
