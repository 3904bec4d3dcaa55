"""The walk: every state of a world that can be reached by at most so many events, the nearest first.

The nearest is what takes the fewest events, and of those the fewest moves. So the first state in which something breaks is
at the end of a shortest path, and that path is the story that is told of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import msgspec

from warmline.core import gate as gates
from warmline.core.decide import decide as decides
from warmline.core.gate import Finding
from warmline.core.hours import find_zone
from warmline.core.playbook import Playbook

from .happenings import happens, possible
from .instants import HOUR, LONGEST_WAIT, Instants
from .key import Keys
from .life import Decide, Gate, Life, Line, State
from .watch import PROPERTIES, Broken
from .worlds import World

EVENTS = 3
#: After so many states it is asked whether there is time for more.
PACE = 64
#: No playbook is followed longer than this.
HORIZON = timedelta(days=400)

#: (when, what, about what). `what` is time, hand-over, or the name of a happening.
Move = tuple[datetime, str, str]


class Told(msgspec.Struct, frozen=True):
    """One line of a story, by the clock of the lead. `who`: lead, person, world, machine, or out for what goes out."""

    at: datetime
    local: str
    who: str
    said: str


class Break(msgspec.Struct, frozen=True):
    """A shortest path to a property that does not hold. `events` is how much had to happen on it."""

    property: str
    means: str
    world: str
    said: str
    events: int
    story: tuple[Told, ...]
    findings: tuple[Finding, ...]


class Walked(msgspec.Struct, frozen=True):
    """How far one world was walked. `cut`: states after which more could have happened than the bound allows;
    `complete`: nothing within the bound was left out."""

    world: str
    events: int
    states: int
    transitions: int
    cut: int
    complete: bool


class Proof(msgspec.Struct, frozen=True):
    """What came of it: for each world the walk with the most events that was finished. `broken` is None when no property
    broke in anything that was walked."""

    playbook: str
    events: int  # asked for
    worlds: tuple[Walked, ...]
    broken: Break | None

    @property
    def reached(self) -> int:
        """The most events to which every world was walked to the end; -1 when some world was not."""
        return min((one.events if one.complete else -1 for one in self.worlds), default=-1)

    @property
    def states(self) -> int:
        return sum(one.states for one in self.worlds)

    @property
    def transitions(self) -> int:
        return sum(one.transitions for one in self.worlds)

    @property
    def cut(self) -> int:
        return sum(one.cut for one in self.worlds)


def prove(
    playbook: Playbook,
    worlds: Sequence[World],
    *,
    events: int = EVENTS,
    gate: Gate = gates.check,
    decide: Decide = decides,
    enough: Callable[[], bool] = lambda: False,
    tell: Callable[[Walked], None] = lambda _: None,
) -> Proof:
    """Walk `playbook` in each of `worlds`, to at most so many events on a path. The walk ends at the first break.

    All worlds are walked with one event, then all with two, and so on: what breaks soonest anywhere is found first, and
    where `enough` says that there is no time for more, every world has been walked alike. `tell` hears of each walk that
    is done. `gate` and `decide` are those on trial.
    """
    done: dict[str, Walked] = {}

    def proof(broken: Break | None) -> Proof:
        return Proof(playbook.key, events, tuple(done.values()), broken)

    for bound in range(min(1, events), events + 1):
        for world in worlds:
            walk = Walk(Life(playbook, world, gate, decide, _follows(playbook)), bound)
            broken = walk.run(enough)
            walked = walk.walked()
            if walked.complete or world.name not in done:
                done[world.name] = walked
            if broken is not None or not walked.complete:
                return proof(broken)
            tell(walked)
    return proof(None)


@dataclass(slots=True)
class Walk:
    life: Life
    events: int
    states: int = 0
    transitions: int = 0
    cut: int = 0
    complete: bool = True
    _instants: Instants = field(init=False)
    _keys: Keys = field(init=False)
    _known: set[Hashable] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._keys = Keys(self.life)
        self._instants = Instants(self.life, self._keys)

    def walked(self) -> Walked:
        return Walked(self.life.world.name, self.events, self.states, self.transitions, self.cut, self.complete)

    def run(self, enough: Callable[[], bool]) -> Break | None:
        numbers = count()
        waiting: list[tuple[int, int, int, State, bool]] = []  # (events, moves, number, from where, by an event)

        def goes_on(state: State, used: int, moves: int) -> None:
            heapq.heappush(waiting, (used, moves + 1, next(numbers), state, False))
            if used < self.events:
                heapq.heappush(waiting, (used + 1, moves + 1, next(numbers), state, True))
            elif not state.ended:
                self.cut += 1

        state, used = self.life.begins(), 0
        try:
            if self._settles(state):
                goes_on(state, 0, 0)
            for taken in count():
                if not waiting:
                    break
                used, moves, _, before, by_event = heapq.heappop(waiting)
                if taken % PACE == 0 and enough():
                    self.complete = False
                    return None
                for move in self._events(before) if by_event else self._time(before):
                    state = before.copied(move[0])
                    self.transitions += 1
                    if self._moved(state, move) and self._settles(state):
                        goes_on(state, used, moves)
        except Broken as broken:
            return self._told(broken, state, used)
        return None

    # --- moves ------------------------------------------------------------------------------------------------------

    def _time(self, state: State) -> Iterator[Move]:
        """What comes without an event: the hand-over of what is planned, or the next look."""
        fresh = next((one for one in state.queue if not one.waits), None)
        if fresh is not None:
            yield state.now, "sent", fresh.id
            return
        late = min((one.planned_at for one in state.queue), default=None)
        latest = None if late is None else late + LONGEST_WAIT
        if state.due_at is not None and (latest is None or state.due_at <= latest):
            if state.due_at > self.life.world.start + HORIZON:
                self.cut += 1
            else:
                yield state.due_at, "look", ""
        if latest is not None:
            until = latest if state.due_at is None else min(latest, state.due_at)
            instants = {*self._instants.within(state, until), min(state.now + 4 * HOUR, until), until}
            for one in state.queue:
                for at in sorted(at for at in instants if at >= state.now):
                    yield at, "sent", one.id

    def _events(self, state: State) -> Iterator[Move]:
        fresh = next((one for one in state.queue if not one.waits), None)
        if fresh is not None:
            for what in ("waits", "failed", "bad", "unknown"):
                yield state.now, what, fresh.id
            return
        if state.ended:
            return
        edges = [state.now, *self._instants.within(state, state.due_at)]
        if state.due_at is not None:
            edges.append(state.due_at)
        for what, about, by_the_hour in possible(self.life, state):
            for at in edges if by_the_hour else edges[:1]:
                yield at, what, about

    def _moved(self, state: State, move: Move) -> bool:
        """False when it can't happen after all."""
        _, what, about = move
        if what in ("sent", "failed", "bad", "unknown"):
            touch = next(one for one in state.queue if one.id == about)
            self.life.hands_over(state, touch, what)
        elif what == "waits":
            state.queue = tuple(one._replace(waits=True) if one.id == about else one for one in state.queue)
            state.tells("world", f"{about.partition('/')[0]} waits in the queue")
        elif what != "look" and not happens(self.life, state, what, about):
            return False
        return True

    def _settles(self, state: State) -> bool:
        """Look, if nothing is in hand. False when the walk has been there."""
        key = self._keys.of(state)
        if key in self._known:
            return False
        self._known.add(key)
        if not state.ended and all(one.waits for one in state.queue):
            self.life.look(state)
            after = self._keys.of(state)
            if after != key and after in self._known:
                return False
            self._known.add(after)
        self.states += 1
        return True

    # --- the story --------------------------------------------------------------------------------------------------

    def _told(self, broken: Broken, state: State, used: int) -> Break:
        clock = find_zone(self.life.world.zone)
        lines: list[Told] = []
        line: Line | None = state.line
        while line is not None:
            lines.append(Told(line.at, f"{line.at.astimezone(clock):%a %d %b %Y %H:%M}", line.who, line.said))
            line = line.before
        return Break(
            broken.name, PROPERTIES[broken.name], self.life.world.name, broken.said, used, tuple(_news(reversed(lines))),
            broken.findings,
        )  # fmt: skip


def _news(lines: Iterable[Told]) -> Iterator[Told]:
    """Without what a further look found just as the one before it had."""
    told: set[str] = set()
    for line in lines:
        if line.who != "machine":
            yield line
        elif line.said not in told:
            told.add(line.said)
            yield line


def _follows(playbook: Playbook) -> str:
    if playbook.after.enroll:
        return f"{playbook.after.enroll} follows"
    return "the lead is closed" if playbook.after.close else "its owner gets a task to decide"
