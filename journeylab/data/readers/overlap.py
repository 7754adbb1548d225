"""What several files say of the same thing: a row given again, and customers and products of several sources.

A row that two files of one source carry counts in one of them: in the file that reaches further in time, or, where
both reach as far, in the one given last. `overlap='add'` says that such rows are different ones, as when two stores
count their orders alike. A customer or product of several sources is one row, with the first known value of a column.
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
#: What only one line of an order may say, and is true of all of them.
_SHARED = ("customer_id", "country", "currency", "discount_code", "payment_method")
ADDED = "line of an order that another row has too, added up into one order"
REPLACED = "that another file has too, which reaches further or was given later"


def once(desk: Desk, table: str, raws: Sequence[Raw], rows: str) -> str:
    """Return rows of one source where a row that several files carry counts once."""
    there = {name for (name, *_) in desk.sql(f"DESCRIBE {rows}")}
    key = tuple(name for name in FORMS[table].key if name in there)
    undated = table == "traffic" and "day" not in there
    if len(raws) == 1 or not key or table in _THINGS or undated:
        return rows
    time = _TIMES.get(table, "")
    return newest(desk, f"{table} once {raws[0].number}", raws, rows, key, time if time in there else "NULL")


def newest(desk: Desk, name: str, raws: Sequence[Raw], rows: str, key: Sequence[str], time: str) -> str:
    """Return rows where what several files carry counts in the newest of them; or, if all count, has ids of its own.

    Args:
        desk: Where the rows are.
        name: What to call the result.
        raws: The files.
        rows: The rows, with `aside` and `source`.
        key: The columns that make two rows speak of the same thing.
        time: The expression that tells how far a file reaches.
    """
    if desk.add_all:
        return _apart(desk, name, raws, rows, key[0]) if len(key) == 1 else rows
    named = ", ".join(key)
    same = " AND ".join(f"r.{column} IS NOT DISTINCT FROM b.{column}" for column in key)
    found = desk.keep(
        name,
        f"""WITH ages AS (SELECT source, max({time}) AS reach FROM {rows} WHERE aside IS NULL GROUP BY source),
            best AS (SELECT {named}, arg_max(source, (reach IS NOT NULL, reach, source)) AS best
                     FROM {rows} JOIN ages USING (source) WHERE aside IS NULL GROUP BY {named})
            SELECT r.* REPLACE (CASE WHEN r.aside IS NULL AND b.best <> r.source THEN {literal(REPLACED)}
                                ELSE r.aside END AS aside)
            FROM {rows} r LEFT JOIN best b ON {same}""",
    )
    ((replaced,),) = desk.sql(f"SELECT count(*) FROM {found} WHERE aside = {literal(REPLACED)}")
    desk.by_order = desk.by_order or replaced > 0
    return found


def _apart(desk: Desk, name: str, raws: Sequence[Raw], rows: str, key: str) -> str:
    """Return rows where a file whose ids an earlier file has too gets ids of its own, such as '1001 · 2'."""
    desk.by_order = True
    places = ", ".join(f"({raw.number}, {place})" for place, raw in enumerate(raws, start=1))
    return desk.keep(
        name,
        f"""WITH placed_ AS (SELECT r.*, p_ FROM {rows} r JOIN (VALUES {places}) v(source, p_) USING (source)),
            again_ AS (SELECT DISTINCT b.p_ FROM (SELECT DISTINCT {key}, p_ FROM placed_) a
                       JOIN (SELECT DISTINCT {key}, p_ FROM placed_) b ON a.{key} = b.{key} AND a.p_ < b.p_)
            SELECT * EXCLUDE (p_) REPLACE (CASE WHEN p_ IN (SELECT p_ FROM again_)
                   THEN {key} || ' · ' || p_ ELSE {key} END AS {key}) FROM placed_""",
    )


def added_up(desk: Desk, rows: str, number: int) -> str:
    """Return orders of which several rows speak as one order each, their amounts added up."""
    ((twice,),) = desk.sql(
        f"SELECT count(*) FROM (SELECT 1 FROM {rows} WHERE aside IS NULL GROUP BY order_id HAVING count(*) > 1)"
    )
    if not twice:
        return rows
    there = [name for (name, *_) in desk.sql(f"DESCRIBE {rows}")]
    spec = schema.TABLES["orders"].by_name
    sums = [
        f"CASE WHEN aside IS NULL THEN try_cast(sum({name}) OVER w AS DECIMAL(18,4)) ELSE {name} END AS {name}"
        for name in there
        if name in spec and spec[name].dtype == schema.MONEY
    ]
    words = [
        f"CASE WHEN aside IS NULL THEN max({name}) OVER w ELSE {name} END AS {name}"
        for name in _SHARED
        if name in there
    ]
    ties = ", ".join(quote(name) for name in there if name not in ("ordered_at", "source"))
    return desk.keep(
        f"orders added up {number}",
        f"""SELECT * EXCLUDE (copy_) REPLACE (CASE WHEN aside IS NULL AND copy_ > 1 THEN {literal(ADDED)}
                   WHEN aside IS NULL AND net IS NULL THEN 'with a total too large to be one' ELSE aside END AS aside)
            FROM (SELECT * REPLACE ({", ".join(sums + words)}),
                         row_number() OVER (PARTITION BY order_id, aside IS NULL
                                            ORDER BY ordered_at, source, {ties}) AS copy_
                  FROM {rows} WINDOW w AS (PARTITION BY order_id, aside IS NULL))""",
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
                   (PARTITION BY row_, copy_ ORDER BY file_) > 1 THEN 'that another file has too' ELSE aside END
                   AS aside)
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
    desk.by_order = True
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
    today = f"DATE '{desk.now[:10]}'"
    seen = [f"SELECT max(day) FROM {name} WHERE day <= {today}" for name in ("orders", "events") if name in desk.tables]
    seen.append("SELECT max(as_of) FROM stock")
    ((last,),) = desk.sql(f"SELECT coalesce(max(day), {today}) FROM ({' UNION ALL '.join(seen)}) s(day)")
    counts = desk.sql("SELECT source, count(*) FROM stock WHERE as_of IS NULL GROUP BY source ORDER BY source")
    desk.sql(f"UPDATE stock SET as_of = DATE '{last}' WHERE as_of IS NULL")
    for source, n in counts:
        desk.remark(
            "stock", source, f"counted on {last}, the last day the other files know, since the file has no date", n
        )
