"""Doing it: one step of the plan after the other, each at a random moment, and everything put right again at the end."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .place import ENGINES, WEBS, Place
from .plan import DISK
from .workspace import LEASE

LOOK = 0.02
AIM = 3.0  # seconds to wait for a moment in which the engine is handing something over
STARTS = 15.0  # seconds for one that was killed just now to be at work again
DISK_FULL_FOR = 8.0
SAY_EVERY = 20
REST = 300  # seconds for everything to come to rest


@dataclass
class Drive:
    place: Place
    dice: random.Random
    say: Callable[[str], None]
    done: Counter[str] = field(default_factory=Counter)
    mid_send: int = 0  # engines killed while they held touches
    _undo: list[tuple[float, str, Callable[[], None]]] = field(default_factory=list)

    def run(self, steps: list[str], seconds: float) -> None:
        """The steps, spread over so many seconds."""
        began = time.monotonic()
        for number, step in enumerate(steps):
            due = began + seconds * (number + self.dice.uniform(0.1, 0.9)) / len(steps)
            self.wait(due - time.monotonic())
            if self.do(step):
                self.done[step] += 1
            if number % 20 == 19:
                self.say(f"{number + 1} of {len(steps)} steps, {time.monotonic() - began:.0f} s")

    def do(self, step: str) -> bool:
        """True when it could be done at this moment."""
        place, database = self.place, self.place.database
        match step.split(" ", 1):
            case ["kill", "engine"]:
                self.kill_engine()
            case ["kill", "web"]:
                place.kill(self.dice.choice(WEBS))
            case ["kill", "backend"]:
                return self.when_possible(lambda: database.kill_backend(self.dice))
            case ["kill", _]:
                return self.when_possible(database.kill_postmaster)
            case ["cut", _]:
                return self.when_possible(database.cut_all)
            case ["freeze", kind]:
                self.freeze(self.dice.choice(ENGINES if kind == "engine" else WEBS))
            case ["step", _]:
                self.step_clock(self.dice.choice(list(place.clocks)))
            case ["provider", mood]:
                place.set_mood(mood)
                self.later(self.dice.uniform(3, 6), f"mood {mood}", lambda: place.set_mood("good"))
            case _:
                assert step == DISK, step
                place.disk.fill()
                self.later(DISK_FULL_FOR, "disk", place.disk.free)
        return True

    def when_possible(self, what: Callable[[], bool]) -> bool:
        """A database that is just being started has nothing to kill: wait a moment for it."""
        ends = time.monotonic() + AIM
        while not (done := what()) and time.monotonic() < ends:
            self.wait(0.1)
        return done

    def kill_engine(self) -> None:
        """In the middle of a hand-over, if one comes soon."""
        name = self.dice.choice(ENGINES)
        ends = time.monotonic() + STARTS
        while not (engine := self.place.engine_of(name)) and time.monotonic() < ends:
            self.wait(LOOK)
        ends = time.monotonic() + AIM
        while not (engine and self.place.in_hand(engine)) and time.monotonic() < ends:
            self.wait(LOOK)
        self.place.process(name).kill()
        self.mid_send += engine is not None and self.place.in_hand(engine) > 0  # it is dead: this was cut off
        self.place.process(name).start()

    def freeze(self, name: str) -> None:
        process = self.place.process(name)
        process.freeze()
        self.later(LEASE + self.dice.uniform(1, 3), f"freeze {name}", process.go_on)

    def step_clock(self, name: str) -> None:
        clock = self.place.clocks[name]
        minutes = self.dice.choice([-5, -2, -1, 1, 2, 5])
        clock.step(60 * minutes)
        self.later(self.dice.uniform(6, 12), f"clock {name}", lambda: clock.step(0))

    def later(self, seconds: float, what: str, undo: Callable[[], None]) -> None:
        self._undo.append((time.monotonic() + seconds, what, undo))

    def wait(self, seconds: float) -> None:
        """Look after everything meanwhile."""
        ends = time.monotonic() + seconds
        while True:
            due = [one for one in self._undo if one[0] <= time.monotonic()]
            self._undo = [one for one in self._undo if one not in due]
            for _, _, undo in due:
                undo()
            self.place.tend()
            if time.monotonic() >= ends:
                return
            time.sleep(LOOK)

    def put_right(self) -> None:
        """Undo what lasts, and wait until everything runs."""
        for _, _, undo in self._undo:
            undo()
        self._undo.clear()
        self.wait(1)

    def rest(self, done: Callable[[], bool]) -> float:
        """Wait until every form was answered and nothing is on its way any more. Returns after how many seconds; raises
        AssertionError with what does not come to rest."""
        began = said = time.monotonic()
        while not done() or any(self.unrest().values()):
            self.wait(0.5)
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                self.say(f"{said - began:.0f} s: every form answered: {done()}, {self.unrest()}")
            if time.monotonic() - began > REST:
                raise AssertionError(f"It does not come to rest: every form answered: {done()}, {self.unrest()}")
        return time.monotonic() - began

    def unrest(self) -> dict[str, int]:
        """Playbooks that other signals started, a missed call for one, may wait for a person for days."""
        counted = self.place.database.rows_or_none(
            "select (select count(*) from touches where status in ('queued', 'sending')),"
            " (select count(*) from enrollments where status = 'running' and (playbook = 'pricing' or due_at <= %s))",
            self.place.now(),
        )
        touches, enrollments = counted[0] if counted else (-1, -1)
        return {"touches under way": touches, "playbooks with something to do": enrollments}
