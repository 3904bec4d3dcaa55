"""Forms, posted the whole time as web sites do that repeat a request until it is answered; and what they were answered."""

from __future__ import annotations

import json
import random
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

WAITS = 10  # seconds for an answer, then the same is sent again
AGAIN = 0.3


@dataclass
class Senders:
    """`answered`: phone -> the lead's id of its 202. `forms`: phone -> with how many keys its form was sent."""

    webs: list[str]
    a_second: float
    seed: int
    count: int = 3
    answered: dict[str, str] = field(default_factory=dict)
    forms: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    posted: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _given_up: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _number: int = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """When the block fails they give up at once, whatever is answered or not."""
        self._start()
        try:
            yield
        finally:
            self._stopping.set()
            self._given_up.set()

    def _start(self) -> None:
        for number in range(self.count):
            thread = threading.Thread(target=self._send, args=(random.Random(f"{self.seed} {number}"),), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """No new leads. What was not answered yet is repeated until it is: see `done`."""
        self._stopping.set()

    def done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _send(self, dice: random.Random) -> None:
        pause = self.count / self.a_second
        while not self._stopping.is_set():
            way = dice.choices(("one", "doubled", "batch", "again"), (65, 15, 12, 8))[0]
            people = self._people(4 if way == "batch" else 1)
            self._stopping.wait(pause * len(people) * dice.uniform(0.5, 1.5))
            key = f"{way} {people[0]['phone_number']}"
            if way == "doubled":
                with ThreadPoolExecutor(2) as both:
                    list(both.map(lambda url, p=people, k=key: self._post(p, k, [url]), self.webs[:2]))  # type: ignore[misc]
                self._note(people)
                continue
            self._post(people, key, self.webs)
            self._note(people)
            if way == "again":
                self._post(people, f"{key} again", self.webs)
                self._note(people)

    def _people(self, count: int) -> list[dict[str, str]]:
        with self._lock:
            numbers = range(self._number, self._number + count)
            self._number += count
            self.posted += count
        return [
            {
                "name": "Ann Lee",
                "phone_number": f"+1212{2_000_000 + number}",
                "email": f"ann{number}@example.com",
                "agree": "yes",
            }
            for number in numbers
        ]

    def _note(self, people: list[dict[str, str]]) -> None:
        with self._lock:
            self.forms.update(one["phone_number"] for one in people)

    def _post(self, people: list[dict[str, str]], key: str, webs: list[str]) -> None:
        """Until it is answered 202, by one web after the other."""
        body = json.dumps(people if len(people) > 1 else people[0]).encode()
        turn = 0
        while not self._given_up.is_set():
            status, said = ask(f"{webs[turn % len(webs)]}/in/pricing", body, key)
            turn += 1
            with self._lock:
                self.answers[str(status) if status else "none"] += 1
                if status == 202:
                    self._take(people, said)
                    return
                if status not in (0, 503):
                    self.wrong.append(f"{status} for {key}: {said[:200].decode(errors='replace')}")
            self._given_up.wait(AGAIN)

    def _take(self, people: list[dict[str, str]], said: bytes) -> None:
        given = json.loads(said)
        leads = given["leads"] if len(people) > 1 else [given["lead"]]
        for one, lead in zip(people, leads, strict=True):
            phone = one["phone_number"]
            if self.answered.setdefault(phone, lead) != lead:
                self.wrong.append(f"{phone} was answered with {self.answered[phone]} and with {lead}")


def ask(url: str, body: bytes | None, key: str = "") -> tuple[int, bytes]:
    """Status and body; 0 when nobody answered."""
    headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=WAITS) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except (OSError, ValueError):
        return 0, b""
    except Exception as error:  # http.client's own, for answers cut in the middle
        if type(error).__module__ != "http.client":
            raise
        return 0, b""
