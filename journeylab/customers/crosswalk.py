"""RFM groups against personas: which kinds of customers fill which group, and whether the two say the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from ibis import _

from journeylab import words
from journeylab.customers import group_rules
from journeylab.customers.rfm_groups import RfmGroups, rfm_groups
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt
    import pandas as pd

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class Crosswalk(Result):
    """Customers by persona and RFM group.

    Args:
        cells: A row a persona and group that occur together: persona, name, group, n, of (customers of the persona),
            rate with lower and upper, expected (customers, were the two independent), lift (n over expected) with
            lift_lower and lift_upper, which hold for all pairs together.
        association: Cramér's V: 0 if they say nothing about each other, 1 if one tells the other.
        n: Customers in it.
    """

    views: ClassVar[tuple[str, ...]] = ("share of persona",)

    cells: pd.DataFrame
    association: float
    n: int

    def table(self) -> pd.DataFrame:
        """Return a row a persona and group."""
        return self.cells

    def headline(self) -> str:
        """Name the pair that occurs most beyond chance, the surest first, and say if it may be chance."""
        best = self.cells.loc[self.cells["lift_lower"].idxmax()]
        clear = "" if best["lift_lower"] > 1 else "; this may be chance"
        return (
            f"“{best['name']}” is {best['lift']:.1f} times as often {best['group']} as if the two were independent "
            f"({best['lift_lower']:.1f} to {best['lift_upper']:.1f}, which allows for "
            f"{words.count(len(self.cells), 'pair')} looked at; {words.count(best['n'])} of "
            f"{words.count(best['of'], 'customer')}{clear}); Cramér's V is {self.association:.2f} "
            f"(n = {words.count(self.n)})."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one
        from journeylab.charts import persona

        return persona.crosswalk(self.cells)


@analysis("orders.customer_id")
def crosswalk(
    shop: Dataset,
    *,
    personas: Personas,
    named: RfmGroups | None = None,
    groups: Sequence[Mapping[str, Any]] = group_rules.SHOPIFY,
    bins: int = 5,
    level: float = 0.95,
) -> Crosswalk:
    """Count customers by persona and RFM group.

    The interval of a rate is Wilson's; that of a lift is Wilson's of the rate at the level 1 - (1 - level) / pairs
    (Bonferroni), over the group's share of all customers. Cramér's V is
    sqrt(χ² / (n min(rows - 1, columns - 1))) (Cramér 1946).

    Args:
        shop: The shop the personas were found in.
        personas: What `personas` gave.
        named: What `rfm_groups` gave for the same day; it then also gives groups and bins.
        groups: The rules of the groups, as in `rfm_groups`.
        bins: The number of scores.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if there is one persona only.
    """
    if not hasattr(personas, "assignments"):
        raise BadParameter("personas must be what the analysis personas gave.")
    if len(personas.cards) < 2:
        raise NotEnoughData("There is one persona only, so there is nothing to set beside the RFM groups.")
    if named is None:
        named = rfm_groups(shop, groups=groups, bins=bins, as_of=personas.count.as_of, level=level)
    elif not isinstance(named, RfmGroups) or named.as_of != personas.count.as_of:
        raise BadParameter(f"named must be what rfm_groups gave for {personas.count.as_of}, the personas' day.")
    right = personas.roster.of(shop).rename(_customer="customer_id")
    left = named.roster.of(shop).select("customer_id", "group")
    joined = left.inner_join(right, left.customer_id == right._customer)  # noqa: SLF001 - a column
    cells = shop.run(joined.group_by("persona", "name", "group").agg(n=_.count()))
    order = {name: place for place, name in enumerate(group_rules.names(named.rules))}
    cells = cells.sort_values(["persona", "group"], key=lambda s: s.map(order) if s.name == "group" else s)
    cells = cells.reset_index(drop=True)
    of, across, n = (cells.groupby(key)["n"].transform("sum") for key in ("persona", "group", np.zeros(len(cells))))
    lower, upper = wilson(cells["n"], of, level=level)
    expected = of * across / n
    least, most = wilson(cells["n"], of, level=1 - (1 - level) / len(cells))
    cells = cells.assign(
        of=of, rate=cells["n"] / of, lower=lower, upper=upper, expected=expected, lift=cells["n"] / expected,
        lift_lower=least * of / expected, lift_upper=most * of / expected,
    )  # fmt: skip
    return Crosswalk(
        cells=cells,
        association=_cramer(cells),
        n=int(cells["n"].sum()),
        caveats=("Both read the same orders: where a persona rests on frequency or value, agreement is built in.",),
    )


def _cramer(cells: pd.DataFrame) -> float:
    wide = cells.pivot_table(index="persona", columns="group", values="n", fill_value=0).to_numpy(dtype=float)
    n, least = wide.sum(), min(wide.shape) - 1
    if least < 1:
        return float("nan")
    expected = wide.sum(axis=1, keepdims=True) * wide.sum(axis=0, keepdims=True) / n
    return float(np.sqrt(((wide - expected) ** 2 / expected).sum() / (n * least)))
