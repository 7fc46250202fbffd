"""Sorted lists that stay sorted: 100,000 conversations are not sorted anew for every page of a list."""

from bisect import insort
from collections.abc import Callable, Iterable
from itertools import compress, takewhile
from operator import ne
from typing import Any, Generic, Protocol, TypeVar

MANY = 300
"""Beyond so many changes, sorting everything costs less than moving one after another."""


class Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=Numbered)


class Order(Generic[T]):
    """Everything by one field, and by id among equals: oldest first in both directions, as recorded.

    Nobody reports a change. Each look compares the field with what it was at the last one, and puts what
    moved into its new place: a change that nobody thought of cannot leave a list wrong. `fold` makes of a
    value what it is sorted by.
    """

    def __init__(
        self,
        field: Callable[[T], Any],
        *,
        descending: bool = False,
        fold: Callable[[Any], Any] | None = None,
    ) -> None:
        self._field = field
        self._fold = fold
        self._sign = -1 if descending else 1
        self._sorted: list[T] = []
        self._by_id: list[T] = []
        self._values: list[Any] = []
        self.moves = 0
        """How many were moved, and `sorts` how often all were sorted, since the beginning."""
        self.sorts = 0

    def look(self, everything: dict[int, T]) -> list[T]:
        """Give everything in this order. `everything` is by id, and ids only grow."""
        newest = self._by_id[-1].id if self._by_id else 0
        new = list(takewhile(lambda one: one.id > newest, reversed(everything.values())))[::-1]
        if len(everything) - len(new) != len(self._by_id):
            self._drop(everything)
        moved = self._moved()
        if len(new) + len(moved) > MANY:
            self._sort(everything)
        else:
            self._place(moved, new)
        return self._sorted if self._sign > 0 else self._sorted[::-1]

    def sort(self, found: Iterable[T]) -> list[T]:
        """Sort a few by themselves."""
        return sorted(found, key=self._rank, reverse=self._sign < 0)

    def _drop(self, everything: dict[int, T]) -> None:
        stays = [one.id in everything for one in self._by_id]
        self._by_id = list(compress(self._by_id, stays))
        self._values = list(compress(self._values, stays))
        self._sorted = [one for one in self._sorted if one.id in everything]

    def _moved(self) -> list[T]:
        values = list(map(self._field, self._by_id))
        if values == self._values:
            return []
        moved = list(compress(self._by_id, map(ne, values, self._values)))
        self._values = values
        return moved

    def _sort(self, everything: dict[int, T]) -> None:
        self.sorts += 1
        self._by_id = list(everything.values())
        self._values = list(map(self._field, self._by_id))
        fold, field = self._fold, self._field
        key = (lambda one: fold(field(one))) if fold else field
        self._sorted = sorted(self._by_id[:: self._sign], key=key)

    def _place(self, moved: list[T], new: list[T]) -> None:
        if moved:
            gone = set(map(id, moved))
            self._sorted = [one for one in self._sorted if id(one) not in gone]
        for one in (*moved, *new):
            self.moves += 1
            insort(self._sorted, one, key=self._rank)
        self._by_id += new
        self._values += map(self._field, new)

    def _rank(self, one: T) -> tuple[Any, int]:
        value = self._field(one)
        return self._fold(value) if self._fold else value, self._sign * one.id
