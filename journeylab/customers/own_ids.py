"""Who the customers of a list are: own ids and e-mails, looked up in the shop's files with the key of its pseudonyms.

A pseudonym cannot be turned back. So the files are gone through once more, each of their cells is made a pseudonym by
the same key, and where that is a customer of the list, the row says who it is. What is found goes into the file that is
written and nowhere else. Method and limits: docs/methods/privacy.md.
"""

from __future__ import annotations

import csv
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from journeylab import words
from journeylab.cells import harmless
from journeylab.customers.roster import Roster
from journeylab.data.engine import EmbeddedEngine, quote
from journeylab.data.readers.base import fold
from journeylab.data.readers.files import Limits, Opener, same_lines
from journeylab.data.readers.values import person, pseudonym, whole_number
from journeylab.data.workspace import passing_folder
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path
    from typing import TextIO

    import pandas as pd

    from journeylab.data.readers.files import Raw

#: Words in a header that say whose id a column holds. An id that is no pseudonym proves nothing by itself: orders and
#: customers may both be numbered from 1.
_PEOPLE = ("customer", "client", "user", "buyer", "member", "person", "shopper")
_NOT_PEOPLE = ("order", "group", "type", "since", "agent")
_ROWS_TRIED = 1_000_000
_CHUNK = 10_000


@dataclass(frozen=True)
class Told:
    """How many customers of a list could be told.

    Args:
        of: Customers in the list.
        ids: Of them those whose own id was found.
        emails: Of them those whose e-mail was found.
    """

    of: int
    ids: int
    emails: int

    def sentence(self) -> str:
        """Say it.

        >>> Told(of=40, ids=0, emails=38).sentence()
        'Of 40 customers, 38 are named by e-mail and 0 by an id of your own.'
        """
        return (
            f"Of {words.count(self.of, 'customer')}, {words.count(self.emails)} are named by e-mail and "
            f"{words.count(self.ids)} by an id of your own."
        )


def write(
    people: Roster | pd.DataFrame,
    target: TextIO | None,
    *,
    files: Sequence[Path],
    key: bytes,
    columns: Collection[str] = (),
    customer: str = "customer_id",
) -> Told:
    """Write a list of customers as CSV with own_id and email beside each; no cell becomes a formula.

    Args:
        people: The list, a row a customer.
        target: An open text file; None to only count.
        files: The exports the shop was read from.
        key: The secret its pseudonyms were made with.
        columns: Headers that hold customers, beyond those that say so themselves.
        customer: The column of the list that holds the customer.

    Raises:
        SchemaError: if no file names any customer of the list, or one cannot be read.
    """
    with passing_folder() as folder:
        engine = EmbeddedEngine(folder)
        cursor = engine.cursor()
        try:
            with people.engine.batches(people.rows) if isinstance(people, Roster) else nullcontext(people) as rows:
                cursor.register("given", rows)
                cursor.execute(f"CREATE TABLE list AS SELECT * RENAME ({quote(customer)} AS customer_id) FROM given")
                cursor.unregister("given")
            cursor.execute("CREATE TABLE found (customer_id VARCHAR, own VARCHAR, email VARCHAR, n BIGINT)")
            opener = Opener(folder, Limits(), lambda _read: None)
            for path in files:
                for raw in opener.open(path, path.name)[1]:
                    _search(cursor, raw, folder, key, {fold(name) for name in columns})
            return _written(cursor, [name for name in people.columns if name != customer], customer, target)
        finally:
            cursor.close()
            engine.close()


def _search(cursor: duckdb.DuckDBPyConnection, raw: Raw, folder: Path, key: bytes, more: Collection[str]) -> None:
    """Add what one table says of the customers of the list."""
    keyed = _keyed(raw.columns, key, more)
    raw, mails = _mended(raw, folder, lambda raw: _mails(cursor, raw))
    known = _hits(cursor, raw, [made for _place, made in keyed])
    if not any(known):
        return
    place, made = keyed[max(range(len(keyed)), key=known.__getitem__)]
    email = _email_column(raw.columns, mails, place)
    mail = f"lower(t{email})" if email is not None else "NULL"
    cursor.execute(
        f"INSERT INTO found SELECT customer_id, own, email, count(*) FROM (SELECT {made} AS customer_id, "
        f"CASE WHEN NOT contains(t{place}, '@') THEN t{place} END AS own, "
        f"CASE WHEN contains({mail}, '@') THEN {mail} END AS email FROM {_cells(raw)}) "
        "SEMI JOIN list USING (customer_id) GROUP BY ALL"
    )


def _cells(raw: Raw, rows: int | None = None) -> str:
    """Return the relation of a table's cells without blanks around them, t0, t1, …, and w0, w1, … as whole numbers.

    In layers, since each pseudonym names its cell many times.
    """
    places = range(len(raw.columns))
    clean = ", ".join(f"nullif(trim({raw.at(place)}, ' \t'), '') AS t{place}" for place in places)
    whole = ", ".join(f"{whole_number(f't{place}')} AS w{place}" for place in places)
    limit = f" LIMIT {rows}" if rows else ""
    return f"(SELECT *, {whole} FROM (SELECT {clean} FROM {raw.scan()}{limit}))"


def _mails(cursor: duckdb.DuckDBPyConnection, raw: Raw) -> list[int]:
    """Return for each column how many of its cells have an @, and how many are filled."""
    counts = ", ".join(
        f"count(*) FILTER (WHERE contains(t{place}, '@')), count(t{place})" for place in range(len(raw.columns))
    )
    return list(cursor.execute(f"SELECT {counts} FROM {_cells(raw, _ROWS_TRIED)}").fetchall()[0])


def _hits(cursor: duckdb.DuckDBPyConnection, raw: Raw, made: Sequence[str]) -> list[int]:
    """Return for each expression how many customers of the list it gives; as long rows, for one look-up serves all."""
    rows = cursor.execute(
        f"SELECT place, count(DISTINCT customer_id) FROM (SELECT unnest([{', '.join(made)}]) AS customer_id, "
        f"unnest(range({len(made)})) AS place FROM {_cells(raw, _ROWS_TRIED)}) "
        "SEMI JOIN list USING (customer_id) GROUP BY place"
    ).fetchall()
    found = dict(rows)
    return [found.get(place, 0) for place in range(len(made))]


def _keyed(columns: Sequence[str], key: bytes, more: Collection[str]) -> list[tuple[int, str]]:
    """Return columns with the expression of the customer each may hold.

    A pseudonym that meets one of the list is proof; a plain id counts only where the header speaks of customers.
    """
    keyed = []
    for place, column in enumerate(columns):
        name, made = fold(column), person(f"w{place}", key)
        named = any(word in name for word in _PEOPLE) and not any(word in name for word in _NOT_PEOPLE)
        if named or name in more:
            keyed += [(place, made), (place, pseudonym(f"t{place}", key))]
        else:
            keyed.append((place, f"nullif({made}, w{place})"))
    return keyed


def _email_column(columns: Sequence[str], mails: Sequence[int], place: int) -> int | None:
    """Return the column with the e-mail of a row's customer: that of the ids, or one of e-mails that says so."""
    mostly = [with_at * 2 > filled > 0 for with_at, filled in zip(mails[::2], mails[1::2], strict=True)]
    if mostly[place]:
        return place
    return next((i for i, name in enumerate(columns) if mostly[i] and "mail" in fold(name)), None)


def _mended(raw: Raw, folder: Path, query: Callable[[Raw], list[int]]) -> tuple[Raw, list[int]]:
    """Run a query over a table; one whose lines end in several ways is mended first."""
    try:
        return raw, query(raw)
    except duckdb.InvalidInputException:
        if not raw.delimiter:
            raise
        raw = same_lines(raw, folder)
        return raw, query(raw)
    except duckdb.Error as error:
        raise SchemaError(f"{raw.name} could not be read ({type(error).__name__}).", do="Export it again.") from None


def _written(cursor: duckdb.DuckDBPyConnection, rest: Sequence[str], customer: str, target: TextIO | None) -> Told:
    best = ", ".join(
        f"first({name} ORDER BY n DESC, {name}) FILTER (WHERE {name} IS NOT NULL) AS {name}"
        for name in ("own", "email")
    )
    cursor.execute(f"CREATE TABLE told AS SELECT customer_id, {best} FROM found GROUP BY customer_id")
    ((of, ids, emails),) = cursor.execute(
        "SELECT count(*), count(own), count(email) FROM list LEFT JOIN told USING (customer_id)"
    ).fetchall()
    if not ids + emails:
        raise SchemaError(
            "The files name none of these customers.",
            why="Either they are not the files the customers came from, or the pseudonyms are of another key.",
            do="Give the export of orders or customers that the shop was read from.",
        )
    if target is not None:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow([customer, "own_id", "email", *rest])
        chosen = "".join(f", {quote(name)}" for name in rest)
        rows = cursor.execute(
            f"SELECT customer_id, own, email{chosen} FROM list LEFT JOIN told USING (customer_id) ORDER BY customer_id"
        )
        while chunk := rows.fetchmany(_CHUNK):
            writer.writerows(map(harmless, row) for row in chunk)
    return Told(of, ids, emails)
