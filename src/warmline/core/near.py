"""Words written with a slip: a letter left out, put in, changed, or two changed about; in a long word two such slips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, groupby

#: A word of so many letters may hold two slips. "unsubscribe" has eleven.
LONG = 9
SHORT = 4  # fewer letters are other words too easily: end, and, ens


class Near:
    """Finds the word that a text is a slip of, by what is left when letters are left out: it never tries every word."""

    def __init__(self, words: Iterable[str], never: Iterable[str]) -> None:
        """`never` are words of their own, however near they come."""
        self._words = frozenset(words)
        self._never = frozenset(never)
        self._longest = max(map(len, self._words), default=0) + 3
        self._left: dict[str, set[str]] = {}
        for word in self._words:
            for left in _left_out(word, _slips(word)):
                self._left.setdefault(left, set()).add(word)

    def find(self, said: str) -> str:
        """The word meant, "" for none or when it could be two."""
        if not SHORT <= len(said) + 1 <= self._longest or said in self._never:
            return ""
        if said in self._words:
            return said
        near = {word for left in _left_out(said, _slips(said)) for word in self._left.get(left, ())}
        meant = [word for word in near if slips(said, word) <= _slips(word)]
        return meant[0] if len(meant) == 1 else ""


def once(word: str) -> str:
    """Each run of one letter as that letter: `stoppp` and `stop` are both `stop`."""
    return "".join(letter for letter, _ in groupby(word))


def slips(a: str, b: str) -> int:
    """How many slips lie between two words, letters changed about with their neighbour counted once."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        above, row = row, [i]
        for j, other in enumerate(b, 1):
            least = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (one != other))
            if i > 1 and j > 1 and one == b[j - 2] and a[i - 2] == other:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before = above
    return row[-1]


def _slips(word: str) -> int:
    return 2 if len(word) >= LONG else 1


def _left_out(word: str, most: int) -> Iterator[str]:
    for number in range(most + 1):
        for gone in combinations(range(len(word)), number):
            yield "".join(letter for index, letter in enumerate(word) if index not in gone)
