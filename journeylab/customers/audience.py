"""An audience to write to: the customers of some personas or groups, a seeded random part of them held out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ibis import _

from journeylab import words
from journeylab.checks import number, whole
from journeylab.customers import lots
from journeylab.customers.roster import Roster
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.customers.personas import Personas
    from journeylab.customers.rfm_groups import RfmGroups
    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class Audience(Result):
    """Customers to write to, and those held out to compare with.

    Args:
        counts: A row a persona or group: name, n, holdout (how many of them are held out), rate.
        roster: Every customer of the audience with customer_id, name, probability (of belonging to that persona; groups
            have none) and holdout, in the engine.
        n: Customers in it.
        holdout: Of them held out.
    """

    views: ClassVar[tuple[str, ...]] = ("held out",)

    counts: pd.DataFrame
    roster: Roster = field(repr=False)
    n: int
    holdout: int

    def table(self) -> pd.DataFrame:
        """Return a row a persona or group."""
        return self.counts

    def headline(self) -> str:
        """Say how many are to be written to and how many are held out."""
        return (
            f"{words.count(self.n - self.holdout, 'customer')} to write to, {words.count(self.holdout)} of "
            f"{words.count(self.n)} held out at random."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one
        from journeylab.charts import portions

        return portions.bars(self.counts, name="name", value="rate", title="share held out")


@analysis("orders.customer_id")
def audience(
    shop: Dataset,
    *,
    personas: Personas | None = None,
    groups: RfmGroups | None = None,
    names: Sequence[str] | None = None,
    holdout: float = 0.1,
    consented: bool = False,
    seed: int = 1,
) -> Audience:
    """Pick the customers of some personas or RFM groups, and hold out a random share of them.

    Whether a customer is held out depends on the seed and the identifier alone (MD5), so that it is the same on every
    engine and stays the same when others join.

    Args:
        shop: The shop they were found in.
        personas: What `personas` gave; this or `groups`.
        groups: What `rfm_groups` gave.
        names: Names of personas or groups as in its table; all by default.
        holdout: The share to hold out, 0 to 0.9.
        consented: Only customers who accept marketing.
        seed: Of the lots.

    Raises:
        NotEnoughData: if nobody is left.
    """
    number(holdout, "holdout", lowest=0, highest=0.9)
    whole(seed, "seed", highest=2**31 - 1)
    people, known = _people(shop, personas, groups)
    wanted = known if names is None else list(names)
    if not wanted or set(wanted) - set(known):
        raise BadParameter(f"names must be some of {words.listed(known)}.")
    rows = people.filter(_.name.isin(wanted))
    caveats = ["The lots are drawn customer by customer, so the held-out share varies a little around what was asked."]
    if consented:
        if not shop.has("customers.accepts_marketing"):
            raise BadParameter("The files do not say who accepts marketing.", do="Leave consent aside, or add it.")
        agreed = shop.table("customers").filter(_.accepts_marketing)
        rows = rows.semi_join(agreed, "customer_id")
    elif shop.has("customers.accepts_marketing"):
        caveats.append("It holds customers who do not accept marketing.")
    rows = rows.mutate(holdout=lots.drawn(rows.customer_id, holdout, seed, "audience"))
    counts = shop.run(rows.group_by("name").agg(n=_.count(), holdout=_.holdout.cast("int64").sum()))
    if counts.empty:
        raise NotEnoughData("Nobody is left in this audience.", do="Choose more of them, or leave consent aside.")
    counts = counts.sort_values("name", ignore_index=True)
    counts = counts.assign(rate=counts["holdout"] / counts["n"])
    return Audience(
        counts=counts,
        roster=Roster(rows, shop.engine),
        n=int(counts["n"].sum()),
        holdout=int(counts["holdout"].sum()),
        caveats=tuple(caveats),
    )


def _people(shop: Dataset, personas: Personas | None, groups: RfmGroups | None) -> tuple[ir.Table, list[str]]:
    """Return whom to choose from, with the name of what they belong to, and the names there are."""
    if personas is not None and groups is None:
        rows = personas.roster.of(shop).select("customer_id", "name", "probability")
        return rows, list(personas.cards["name"])
    if groups is not None and personas is None:
        named = groups.groups[groups.groups["n"] > 0]
        return groups.roster.of(shop).select("customer_id", name="group"), list(named["group"])
    raise BadParameter("An audience is of personas or of groups, one of the two.")
