"""What each persona is like: every figure the files allow, with its interval and n, beside that of all customers.

The mean of an amount has the normal interval. A share of orders or lines is a ratio Σx / Σn over customers, with the
linearised variance Σ (x - r n)² / (Σn)² (Cochran 1977, Sampling Techniques, section 6.4), because the orders of one
customer are not independent. A persona's share of money, or of the lines of a product, is such a ratio too. A sum of
money has the interval of as many customers drawn anew: Σx ± z √n s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.customers import cycle
from journeylab.customers.features import CATALOGUE, available, build
from journeylab.customers.margin import has_costs, with_money
from journeylab.data.dataset import ibis_date
from journeylab.intervals import of_mean, wilson, z_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.customers.features import Column
    from journeylab.data.dataset import Dataset

_MARGIN = "margin"
PRODUCTS = 3


@dataclass(frozen=True, eq=False)
class Ground:
    """What the figures of a shop rest on, whatever the personas; worked out once, so that another number is quick.

    Args:
        columns: The columns of features there are.
        people: A row a customer: customer_id, the features, margin where costs are known, phase, and what the figures
            add up: of an amount how often it is known, itself and its square; of a share its parts and their products.
    """

    columns: tuple[Column, ...]
    people: ir.Table


def ground(shop: Dataset, until: date) -> Ground:
    """Return the ground of a shop's figures on a day."""
    table, columns = build(shop, available(shop), until)
    if has_costs(shop):
        table = _joined(table, _margins(shop, until))
    table = shop.engine.keep(table)
    people = cycle.with_phase(table, cycle.typical_gap(shop, table))
    return Ground(columns, shop.engine.keep(people.mutate(**_terms(columns, margin=_MARGIN in people.columns))))


def collect(shop: Dataset, roster: ir.Table, level: float, on: Ground) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sizes and the figures of the personas of a roster.

    Returns:
        A row a persona with persona, n, of, share, probability (mean membership), and net and margin with their
        shares, each with its interval, and margin_n, the customers whose margin is known; and a row a persona and
        figure with persona, figure, label, kind, value,
        lower, upper, n and base (the value over all customers).
    """
    joined = _joined(roster, on.people)
    added = {name: joined[name].sum() for name in _terms(on.columns, margin=_MARGIN in joined.columns)}
    sums = shop.run(joined.group_by("persona").agg(n=_.count(), probability=_.probability.mean(), **added))
    sums = sums.sort_values("persona", ignore_index=True)
    return _sizes(sums, level), _figures(sums, on.columns, level)


def products(shop: Dataset, roster: ir.Table, bought: ir.Table | None, level: float) -> pd.DataFrame:
    """Return the three products each persona buys most above the share they have over all.

    The share of a persona's lines stands to the share of all lines as the persona's part of the product's lines to its
    part of all; products on fewer than five lines of a persona are left out.

    Returns:
        A row a persona and product: persona, product, n (lines of the persona), of (lines of all), part (n over of)
        with part_lower and part_upper.
    """
    names = ["persona", "product", "n", "of", "part", "part_lower", "part_upper"]
    if bought is None:
        return pd.DataFrame(columns=names)
    counted = _joined(bought, roster).group_by("persona", "product").agg(
        n=_.n.sum(), of=_.of.max(), own=(_.n * _.n).sum(), squares=_.squares.max()
    )  # fmt: skip
    best = ibis.window(group_by="persona", order_by=[ibis.desc("part"), ibis.desc("n"), "product"])
    ranked = counted.filter(_.n >= 5).mutate(part=_.n / _.of).mutate(place=ibis.row_number().over(best))
    rows = shop.run(ranked.filter(_.place < PRODUCTS)).sort_values(["persona", "place"], ignore_index=True)
    own, squares, part = (rows[name].to_numpy(dtype=float) for name in ("own", "squares", "part"))
    half = z_of(level) * np.sqrt(own * (1 - part) ** 2 + (squares - own) * part**2) / rows["of"].to_numpy(dtype=float)
    return rows.assign(part_lower=np.maximum(part - half, 0), part_upper=np.minimum(part + half, 1))[names]


def bought(shop: Dataset, until: date) -> ir.Table | None:
    """Return a row a customer and product: customer_id, product, n (lines), of and squares; None without lines.

    `of` is the product's lines over all customers, `squares` the sum of the squares of n over them.
    """
    if not shop.has("order_lines"):
        return None
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    owners = orders.select(_order=_.order_id, customer_id=_.customer_id)
    lines = shop.table("order_lines", whole=True).select("order_id", "product")
    lines = lines.inner_join(owners, lines.order_id == owners._order)  # noqa: SLF001 - a column
    each = lines.group_by("customer_id", "product").agg(n=_.count())
    over = ibis.window(group_by="product")
    return shop.engine.keep(each.mutate(of=_.n.sum().over(over), squares=(_.n * _.n).sum().over(over)))


def _joined(left: ir.Table, right: ir.Table) -> ir.Table:
    right = right.rename(_customer="customer_id")
    return left.inner_join(right, left.customer_id == right._customer).drop("_customer")  # noqa: SLF001 - a column


def _margins(shop: Dataset, until: date) -> ir.Table:
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    return with_money(shop, orders, "margin").group_by("customer_id").agg(margin=_.money.sum())


def _terms(columns: Sequence[Column], *, margin: bool) -> dict[str, ir.Value]:
    """Return what is added up over the customers of a persona, by name."""
    terms: dict[str, ir.Value] = {}
    for name in [c.id for c in columns if c.kind == "amount"] + [_MARGIN] * margin:
        terms |= {f"{name}|n": _[name].notnull().cast("int64"), f"{name}|s": _[name], f"{name}|q": _[name] * _[name]}
    for c in columns:
        if c.kind == "share":
            x, n = (_[part].fill_null(0).cast("float64") for part in c.parts)
            some = (n > 0).cast("int64")
            products = {"n": some, "x": x, "t": n, "xx": x * x, "xt": x * n, "tt": n * n}
            terms |= {f"{c.id}|{end}": value for end, value in products.items()}
    return terms | {f"phase {phase}": (_.phase == phase).cast("int64") for phase in cycle.PHASES}


def _sizes(sums: pd.DataFrame, level: float) -> pd.DataFrame:
    n = sums["n"].to_numpy()
    lower, upper = wilson(n, np.full(len(n), n.sum()), level=level)
    sizes = pd.DataFrame(
        {
            "persona": sums["persona"].astype(int),
            "n": n,
            "of": int(n.sum()),
            "share": n / n.sum(),
            "share_lower": lower,
            "share_upper": upper,
            "probability": sums["probability"].astype(float),
        }
    )
    for name, money in (("net", "monetary"), (_MARGIN, _MARGIN)):
        if f"{money}|s" in sums:
            part, squares = (sums[f"{money}|{end}"].to_numpy(dtype=float) for end in "sq")
            share, low, high = _share_of_money(part, squares, level)
            known = sums[f"{money}|n"].to_numpy(dtype=float)
            sizes[name] = part
            sizes[f"{name}_lower"], sizes[f"{name}_upper"] = _sum_of_money(part, squares, known, level)
            sizes[f"share_of_{name}"] = share
            sizes[f"share_of_{name}_lower"], sizes[f"share_of_{name}_upper"] = low, high
    if f"{_MARGIN}|n" in sums:
        sizes["margin_n"] = sums[f"{_MARGIN}|n"].astype(int)
    return sizes


def unknown_margin(sizes: pd.DataFrame) -> tuple[str, ...]:
    """Say of how many customers the margin is not known, so that sums and shares of margin leave it out.

    Args:
        sizes: As `collect` gives them.
    """
    blind = 0 if "margin_n" not in sizes else int(sizes["n"].sum() - sizes["margin_n"].sum())
    if not blind:
        return ()
    of = words.count(int(sizes["n"].sum()), "customer")
    said = (
        f"The margin of {words.count(blind)} of {of} is not known, as no order of theirs has a cost for all its goods; "
        "sums and shares of margin are of the orders that have."
    )
    return (said,)


def _sum_of_money(part: np.ndarray, squares: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of sums; NaN for a single customer."""
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(n > 1, np.maximum(squares - part**2 / n, 0) * n / (n - 1), np.nan)
    half = z_of(level) * np.sqrt(spread)
    return part - half, part + half


def _share_of_money(part: np.ndarray, squares: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    total = np.nansum(part)
    if not total > 0:
        nothing = np.full(len(part), np.nan)
        return nothing, nothing, nothing
    share = part / total
    error = np.sqrt(squares * (1 - share) ** 2 + (np.nansum(squares) - squares) * share**2) / total
    half = z_of(level) * error
    return share, share - half, share + half


def _figures(sums: pd.DataFrame, columns: Sequence[Column], level: float) -> pd.DataFrame:
    everyone = sums.drop(columns=["persona", "probability"]).sum().to_dict()
    personas = sums.to_dict("records")
    place = {feature.name: number for number, feature in enumerate(CATALOGUE)}
    rows = []
    for c in sorted(columns, key=lambda c: place[c.feature]):
        estimate = _mean if c.kind == "amount" else _ratio
        base = estimate(everyone, c.id, level)[0]
        for row in personas:
            value, lower, upper = estimate(row, c.id, level)
            rows.append((int(row["persona"]), c.id, c.label, c.kind, value, lower, upper, int(row[f"{c.id}|n"]), base))
    for phase in cycle.PHASES:
        name = f"phase {phase}"
        for row in personas:
            low, high = wilson(row[name], row["n"], level=level)
            share = row[name] / row["n"]
            base = everyone[name] / everyone["n"]
            rows.append(
                (
                    int(row["persona"]),
                    name,
                    cycle.PHASES[phase],
                    "share",
                    share,
                    float(low),
                    float(high),
                    int(row["n"]),
                    base,
                )
            )
    names = ["persona", "figure", "label", "kind", "value", "lower", "upper", "n", "base"]
    return pd.DataFrame(rows, columns=names)


def _mean(row: dict[str, Any], name: str, level: float) -> tuple[float, float, float]:
    n, total, squares = int(row[f"{name}|n"]), float(row[f"{name}|s"]), float(row[f"{name}|q"])
    if not n:
        return float("nan"), float("nan"), float("nan")
    return total / n, *of_mean(total, squares, n, level=level)


def _ratio(row: dict[str, Any], name: str, level: float) -> tuple[float, float, float]:
    n, x, t = int(row[f"{name}|n"]), float(row[f"{name}|x"]), float(row[f"{name}|t"])
    if not t:
        return float("nan"), float("nan"), float("nan")
    ratio = x / t
    if n < 2:
        return ratio, float("nan"), float("nan")
    spread = row[f"{name}|xx"] - 2 * ratio * row[f"{name}|xt"] + ratio**2 * row[f"{name}|tt"]
    half = z_of(level) * float(np.sqrt(max(spread, 0.0) * n / (n - 1))) / t
    return ratio, max(ratio - half, 0.0), min(ratio + half, 1.0)
