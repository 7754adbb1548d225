"""The exact Python behind a figure: the call of an analysis, written out so that it can be run again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True)
class Call:
    """A function of the public API with its arguments and the lines that make the shop it reads.

    Args:
        function: The public name, such as 'jl.journey.funnel'.
        arguments: Keyword arguments as (name, value) pairs; a value that is a Result brings its own call.
        shop: The lines that make `shop`.
    """

    function: str
    arguments: tuple[tuple[str, Any], ...]
    shop: tuple[str, ...]

    @property
    def noun(self) -> str:
        """A name for the variable that takes the result."""
        return self.function.rpartition(".")[2]

    def lines(self, target: str | None = None) -> list[str]:
        """Return the lines that make the result, without those that make the shop; other Results come first."""
        before: list[str] = []
        written = []
        for name, value in self.arguments:
            inner = getattr(value, "call", None)
            if isinstance(inner, Call):
                before += inner.lines(name)
                written.append(f"{name}={name}")
            else:
                written.append(f"{name}={literal(value)}")
        body = ", ".join(["shop", *written])
        line = f"{target or self.noun} = {self.function}({body})"
        if len(line) > 100:
            inside = ",\n    ".join(["shop", *written])
            line = f"{target or self.noun} = {self.function}(\n    {inside},\n)"
        return [*before, line]

    def python(self) -> str:
        """Return a whole script: import, shop, result."""
        return "\n".join(["import journeylab as jl", "", *self.shop, *self.lines()]) + "\n"


def literal(value: Any) -> str:
    """Write a value as Python that makes it again: days as ISO text, lengths of time as '14d', containers in full.

    >>> literal({"steps": ("cart", "purchase"), "until": date(2026, 3, 31)})
    "{'steps': ['cart', 'purchase'], 'until': '2026-03-31'}"
    """
    if isinstance(value, date):
        return repr(value.isoformat())
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return repr(f"{seconds / 86_400:g}d" if seconds % 86_400 == 0 else f"{seconds:g}s")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return repr(value)
    for plain in (int, float, str):  # of which numpy has kinds of its own, whose repr is no Python
        if isinstance(value, plain):
            return repr(plain(value))
    raise TypeError(f"{type(value).__name__} cannot be written as Python; analyses take literals and Results.")
