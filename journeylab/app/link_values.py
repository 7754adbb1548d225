"""What a link may hold for a control: sets of texts that are never written out."""

from __future__ import annotations

from datetime import date


class Amounts:
    """Amounts as text: not below zero, and a number."""

    def __contains__(self, text: object) -> bool:
        try:
            return 0 <= float(str(text)) < 1e15
        except ValueError:
            return False


class NumbersWithin:
    """Whole numbers in plain digits that lie in a range."""

    def __init__(self, lowest: int, highest: int) -> None:
        self.lowest, self.highest = lowest, highest

    def __contains__(self, text: object) -> bool:
        try:
            value = int(str(text))
        except ValueError:
            return False
        return str(value) == text and self.lowest <= value <= self.highest


class DaysWithin:
    """Days in ISO form that lie in a period."""

    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last

    def __contains__(self, text: object) -> bool:
        try:
            return self.first <= date.fromisoformat(str(text)) <= self.last
        except ValueError:
            return False
