"""The ledger: what happened to every row that was read. Nothing is dropped silently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """Something said about some rows.

    Args:
        reason: What and why, as a sentence without a full stop.
        count: How many rows it concerns.
        examples: A few of them, each saying where it stands.
        set_aside: Whether these rows are out of the figures.
    """

    reason: str
    count: int
    examples: tuple[str, ...] = ()
    set_aside: bool = False


@dataclass(frozen=True)
class Ledger:
    """The account of one table from one source: `read` = `kept` + `set_aside`.

    Args:
        table: The canonical table.
        source: The file or warehouse table it came from.
        reader: Which reader read it.
        read: Rows read, in units of the table.
        notes: What was said about them.
    """

    table: str
    source: str
    reader: str
    read: int
    notes: tuple[Note, ...] = ()

    @property
    def set_aside(self) -> int:
        """Rows kept out of the figures."""
        return sum(note.count for note in self.notes if note.set_aside)

    @property
    def kept(self) -> int:
        """Rows that count."""
        return self.read - self.set_aside

    def sentence(self) -> str:
        """Say it in one line.

        >>> Ledger("orders", "shop.csv", "Shopify orders", 5, (Note("voided", 1, set_aside=True),)).sentence()
        'shop.csv: 5 orders read, 4 kept, 1 set aside (1 voided).'
        """
        noun = self.table.replace("_", " ")
        line = f"{self.source}: {self.read:,} {noun} read, {self.kept:,} kept"
        aside = [f"{note.count:,} {note.reason}" for note in self.notes if note.set_aside]
        return f"{line}, {self.set_aside:,} set aside ({'; '.join(aside)})." if aside else f"{line}."
