"""What several files say of the same thing: a row given again, and customers and products of several sources.

A row that two files of one source carry counts in one of them: in the file that reaches further in time, or, where
both reach as far, in the one given last. `overlap='add'` says that such rows are different ones, as when two stores
count their orders alike. A customer or product of several sources is one row, with the first value known of each column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.engine import literal, quote
from journeylab.data.readers.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

#: Tables whose rows remember their file until everything is read.
SOURCED = ("orders", "customers", "products", "stock")
#: Tables of which a row is one thing in the world, whatever files speak of it, with the columns that name it.
_THINGS = {
    "customers": ("customer_id",),
    "products": ("sku",),
    "stock": ("sku", "location", "as_of"),
}
_TIMES = {"orders": "ordered_at", "surveys": "answered_at", "contacts": "sent_at", "tickets": "opened_at"}
_TIMES |= {"exposures": "exposed_at", "spend": "day", "traffic": "day", "promotions": "ends"}
REPLACED = "that another file has too, which reaches further or was given later"


def once(desk: Desk, table: str, raws: Sequence[Raw], rows: str) -> str:
    """Return rows of one source where a row that several files carry counts once."""
    key = FORMS[table].key
    there = {name for (name, *_) in desk.sql(f"DESCRIBE {rows}")}
    key = tuple(name for name in key if name in there)
    if len(raws) == 1 or desk.add_all or not key or table in _THINGS:
        return rows
    time = _TIMES.get(table, "NULL")
    time = time if time in there else "NULL"
    desk.by_order = True
    named = ", ".join(key)
    return desk.keep(
        f"{table} once {raws[0].number}",
        f"""WITH ages AS (SELECT source, max({time}) AS newest FROM {rows} WHERE aside IS NULL GROUP BY source),
            best AS (SELECT {named}, arg_max(source, (newest IS NOT NULL, newest, source)) AS best
                     FROM {rows} JOIN ages USING (source) WHERE aside IS NULL GROUP BY {named})
            SELECT r.* REPLACE (CASE WHEN r.aside IS NULL AND b.best <> r.source THEN {literal(REPLACED)}
                                ELSE r.aside END AS aside)
            FROM {rows} r LEFT JOIN best b ON {" AND ".join(f"r.{k} IS NOT DISTINCT FROM b.{k}" for k in key)}""",
    )


def copies(desk: Desk, table: str, raws: Sequence[Raw], rows: str) -> str:
    """Return rows without an id where a row that several files carry counts once; repeats within a file are kept."""
    if len(raws) == 1 or desk.add_all:
        return rows
    columns = [name for (name, *_) in desk.sql(f"DESCRIBE {rows}") if name not in ("source", "aside")]
    digests = ", ".join(f"({raw.number}, '{raw.digest}')" for raw in raws)
    return desk.keep(
        f"{table} once {raws[0].number}",
        f"""SELECT * EXCLUDE (row_, copy_, file_) REPLACE (CASE WHEN aside IS NULL AND row_number() OVER
                   (PARTITION BY row_, copy_ ORDER BY file_) > 1 THEN 'that another file has too' ELSE aside END AS aside)
            FROM (SELECT *, row_number() OVER (PARTITION BY row_, file_) AS copy_
                  FROM (SELECT r.*, file_, md5(CAST(row({", ".join(map(quote, columns))}) AS VARCHAR)) AS row_
                        FROM {rows} r JOIN (VALUES {digests}) d(source, file_) USING (source)))""",
    )


def merge(desk: Desk, rank: Mapping[int, int]) -> None:
    """Make customers, products and stock one row a thing; what is merged is said in the ledgers.

    Args:
        desk: Where the tables are.
        rank: Of each file; the smaller the more its values count.
    """
    for table, key in _THINGS.items():
        if table not in desk.tables:
            continue
        named = [name for name in key if name in desk.tables[table]]
        if table == "stock":
            _date_stock(desk)
        _merge(desk, table, named, rank)
        desk.sql(f"ALTER TABLE {table} DROP COLUMN source")


def _merge(desk: Desk, table: str, key: list[str], rank: Mapping[int, int]) -> None:
    same = ", ".join(key)
    ((twice,),) = desk.sql(f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {same} HAVING count(*) > 1)")
    if not twice:
        return
    ranks = ", ".join(f"({number}, {place})" for number, place in rank.items())
    others = [name for name in desk.tables[table] if name not in key]
    ranked = f"(SELECT t.*, place FROM {table} t JOIN (VALUES {ranks}) r(source, place) USING (source))"
    values = [
        f"min({quote(name)}) AS {quote(name)}"
        if (table, name) == ("customers", "acquired_at")
        else f"arg_min({quote(name)}, (place, CAST({quote(name)} AS VARCHAR))) "
        f"FILTER ({quote(name)} IS NOT NULL) AS {quote(name)}"
        for name in others
    ]
    noun = schema.TABLES[table].row.removeprefix("a ").partition(" ")[0]
    out = desk.sql(
        f"SELECT source, count(*), min(CAST({key[0]} AS VARCHAR), 3) FROM (SELECT *, row_number() OVER "
        f"(PARTITION BY {same} ORDER BY place, ALL) AS copy FROM {ranked}) WHERE copy > 1 GROUP BY source".replace(
            ", ALL)", f", {', '.join(quote(n) for n in others)})" if others else ")"
        )
    )
    desk.sql(f"CREATE TABLE merged AS SELECT {', '.join([*key, *values])}, 0 AS source FROM {ranked} GROUP BY {same}")
    desk.sql(f"DROP TABLE {table}")
    desk.sql(f"ALTER TABLE merged RENAME TO {table}")
    desk.tables[table] = [*key, *others]
    desk.set_aside(
        table, {source: (n, labels) for source, n, labels in out}, f"merged into another row of the same {noun}"
    )


def _date_stock(desk: Desk) -> None:
    """Date the stock that its file does not date: the last day that anything else was seen."""
    ((undated,),) = desk.sql("SELECT count(*) FROM stock WHERE as_of IS NULL")
    if not undated:
        return
    seen = [
        f"SELECT max(day) AS day FROM {name} WHERE day <= DATE '{desk.now[:10]}'"
        for name in ("orders", "events")
        if name in desk.tables
    ]
    seen.append("SELECT max(as_of) FROM stock")
    ((last,),) = desk.sql(f"SELECT coalesce(max(day), DATE '{desk.now[:10]}') FROM ({' UNION ALL '.join(seen)}) s(day)")
    counts = desk.sql("SELECT source, count(*) FROM stock WHERE as_of IS NULL GROUP BY source ORDER BY source")
    desk.sql(f"UPDATE stock SET as_of = DATE '{last}' WHERE as_of IS NULL")
    for source, n in counts:
        desk.remark(
            "stock", source, f"counted on {last}, the last day the other files know, since the file has no date", n
        )
