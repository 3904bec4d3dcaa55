"""What each account can still take from this process: no more than its channel sends at once.

A touch beyond that waits in the queue. Claimed, it would wait for a connection with its lease running and its last look
behind it, and a STOP that comes meanwhile would be too late. Several processes have connections of their own each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

from warmline.channels.contract import Channel
from warmline.store.touches import Room

Account = tuple[int, str]  # workspace and channel


@dataclass(slots=True)
class Rooms:
    under_way: Counter[Account] = field(default_factory=Counter)
    most: dict[Account, int] = field(default_factory=dict)  # at once, of those that have a limit
    rests: dict[Account, float] = field(default_factory=dict)  # time.monotonic: nothing of it is claimed before
    left: dict[Account, dict[int, None]] = field(default_factory=dict)  # lanes where its touches may wait, in turn

    def for_a_claim(self) -> Rooms:
        """The same, to be used up by one claim, which may come to nothing."""
        return Rooms(Counter(self.under_way), dict(self.most), dict(self.rests))

    def learn(self, claim: Rooms) -> None:
        """What a claim found out of the accounts. What it took is under way only once it is being sent."""
        self.most, self.rests = claim.most, claim.rests

    def within(self, limit: int) -> list[Room]:
        """Accounts that have room for fewer than `limit`, for the statement that claims."""
        now = monotonic()
        rooms = {account: most - self.under_way[account] for account, most in self.most.items()}
        rooms |= {account: 0 for account, until in self.rests.items() if now < until}
        return [Room(*account, room=max(0, room)) for account, room in rooms.items() if room < limit]

    def of(self, account: Account, channel: Channel) -> int | None:
        """How many more it can send at once; None: any number."""
        if channel.most is None:
            self.most.pop(account, None)
            return None
        self.most[account] = channel.most
        return max(0, channel.most - self.under_way[account])

    def full(self) -> set[Account]:
        """Accounts that can send no more until something of theirs has been sent."""
        return {account for account, most in self.most.items() if self.under_way[account] >= most}

    def leave(self, full: Iterable[Account], lanes: Iterable[int]) -> None:
        """These lanes were claimed while these accounts were full, or became so: there may be more of theirs."""
        for account in full:
            self.left[account] = self.left.get(account, {}) | dict.fromkeys(lanes)

    def opened(self) -> set[int]:
        """Lanes to claim again, because an account has room for what was left there: one for each touch, in turn."""
        lanes: set[int] = set()
        for account, queue in self.left.items():
            free = self.most[account] - self.under_way[account] if account in self.most else len(queue)
            for lane in list(islice(queue, max(0, free))):
                del queue[lane]
                lanes.add(lane)
        self.left = {account: queue for account, queue in self.left.items() if queue}
        return lanes
