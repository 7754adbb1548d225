"""Statements kept by their shape: a question asked again with other values is not written as SQL anew.

Ibis takes longer to write a funnel's SQL than the engine takes to answer it. What a slider moves are values: names
and lengths of time. So the SQL is written once with placeholders, and each question puts its own values in their place.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import ibis.expr.types as ir
    from ibis.expr.schema import Schema

    Build = Callable[[Sequence[str], Sequence[int]], ir.Table]

#: Shapes that are kept; the least recently used go first.
MOST = 64


@dataclass(frozen=True)
class Statement:
    """SQL with placeholders, and the columns it gives."""

    sql: str
    schema: Schema


class Statements:
    """The statements of one engine."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Statement] = OrderedDict()
        self._lock = threading.Lock()
        # Nobody can guess them, so that no text of the shop's own is taken for a placeholder. Numbers are of one
        # length, whole millions that a float holds exactly, and grow with their place.
        self._word = f"place {secrets.token_hex(8)} "
        self._first = 8_000_000_000 + 1000 * secrets.randbelow(500_000)
        numbers = rf"\b{self._first // 1000}\d\d\d000000\b"
        self._pattern = re.compile(rf"'{self._word}(?P<text>\d+)'|(?P<number>{numbers})")

    def sql(
        self,
        shape: Hashable,
        build: Build,
        texts: Sequence[str],
        numbers: Sequence[int],
        write: Callable[[ir.Table], str],
    ) -> Statement:
        """Return the statement that asks `build(texts, numbers)`.

        Args:
            shape: All that `build` depends on, beside the values themselves.
            build: Makes the expression; it may only turn values into literals, and compare numbers with each other.
            texts: Texts, each once.
            numbers: Whole numbers, each once, the least first; in the expression they are 64-bit.
            write: Writes an expression as SQL.
        """
        with self._lock:
            kept = self._kept.get(shape)
            if kept is not None:
                self._kept.move_to_end(shape)
        if kept is None:
            expr = build(
                [f"{self._word}{place}" for place in range(len(texts))],
                [1_000_000 * (self._first + place) for place in range(len(numbers))],
            )
            kept = Statement(write(expr), expr.schema())
            with self._lock:
                self._kept[shape] = kept
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)

        def value(found: re.Match[str]) -> str:
            if found["text"] is not None:
                return "'" + texts[int(found["text"])].replace("'", "''") + "'"
            return str(int(numbers[int(found["number"]) // 1_000_000 - self._first]))

        return Statement(self._pattern.sub(value, kept.sql), kept.schema)
