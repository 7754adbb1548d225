"""What the customers of each persona will bring, by the model that was tested on weeks it had not seen.

The models know no personas: they are fitted to all customers, and their values are added up by persona. Method and
limits: docs/methods/lifetime_value.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number
from journeylab.customers import purchases
from journeylab.customers.history_worth import HISTORY, Value
from journeylab.customers.holdout import proven
from journeylab.customers.personas import Personas
from journeylab.customers.personas import personas as find_personas
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.errors import BadParameter
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.customers.holdout import Holdout
    from journeylab.data.dataset import Dataset

_FITTED = "The models know no personas: they are fitted to all customers, and their values are added up by persona."
_FORMED = (
    "Personas are formed by what customers did so far, so one of frequent buyers is worth more by construction; it "
    "does not follow that moving a customer into it would bring as much."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class PersonaValue(Result):
    """Expected value by persona.

    Args:
        groups: A row a persona, the most valuable customers first, and one for all: group, customers, margin, lower,
            upper, and the same a customer: per_customer, per_customer_lower, per_customer_upper.
        tested: The hold-out test of the model.
        horizon: Months looked ahead.
        margin: Share of net value that is margin.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("personas",)

    groups: pd.DataFrame
    tested: Holdout
    horizon: int
    margin: float
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a persona and one for all."""
        return self.groups

    def headline(self) -> str:
        """Say whose customers are worth most, and how the model did on weeks it had not seen."""
        best = self.groups.iloc[0]
        return (
            f"A customer of “{best['group']}” will bring about {words.money(best['per_customer'], self.currency)} of "
            f"{self.what} within {words.count(self.horizon, 'month')}, the mean customer "
            f"{words.money(self.groups.iloc[-1]['per_customer'], self.currency)}; {self.proof()}."
        )

    @property
    def what(self) -> str:
        """What the money is: margin, or net value where the whole of it counts."""
        return "margin" if self.margin < 1 else "net value"

    def proof(self) -> str:
        """Say how far the model was off on weeks it had not seen."""
        return self.tested.proof()

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one
        from journeylab.charts import value as charts

        return charts.per_customer(self.groups, currency=self.currency, what=self.what)


@analysis("orders.customer_id")
def persona_value(
    shop: Dataset,
    *,
    personas: Personas | None = None,
    tested: Holdout | None = None,
    horizon: int = 12,
    margin: float = 1.0,
    discount: float = 0.1,
    level: float = 0.95,
) -> PersonaValue:
    """Say what a customer of each persona will bring within a horizon, with an interval.

    The interval is that of the mean customer of the persona: chance and parameters, as in `lifetime_value`.

    Args:
        shop: The shop the personas were found in.
        personas: What `personas` gave; found with its defaults if not given.
        tested: The Holdout whose model to use; made with its defaults if not given.
        horizon: Months to look ahead, 1 to 120.
        margin: Share of net value that is margin; 1 for net value itself.
        discount: Rate a year, 0 to 1.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: as `holdout` and `personas`.
        BadParameter: if an option is out of its range.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> shop = regulars_shop()
        >>> tested = jl.customers.holdout(shop, model="BG/NBD")
        >>> found = jl.customers.personas(shop, k=2)
        >>> value = jl.customers.persona_value(shop, personas=found, tested=tested)
        >>> int(value.table()["customers"].iloc[-1])
        150
    """
    personas = find_personas(shop) if personas is None else personas
    if not isinstance(personas, Personas):
        raise BadParameter("personas must be the Result of jl.customers.personas.")
    tested = proven(shop, tested)
    horizon = int(number(horizon, "horizon", lowest=1, highest=120))
    number(margin, "margin", lowest=0, highest=1)
    yearly = number(discount, "discount", lowest=0, highest=1)
    grouped = purchases.grouped(shop, tested.histories.of(shop), None, personas.roster.of(shop))
    rows = shop.run(purchases.statistics(grouped, weekly=tested.weekly))
    rows = purchases.settled(rows, "group", *HISTORY)
    names, group = np.unique(rows["group"].astype(str), return_inverse=True)
    value = tested.worth(horizon * WEEKS_A_YEAR / 12, float(np.log1p(yearly) / WEEKS_A_YEAR))
    of = value.of(rows, group, len(names))
    n = np.bincount(group, weights=rows["n"], minlength=len(names)).astype(int)
    parts = _table([*names, "all"], np.r_[n, n.sum()], of, margin, z_of(level))
    return PersonaValue(
        groups=parts,
        tested=tested,
        horizon=horizon,
        margin=margin,
        level=level,
        currency=shop.currency,
        caveats=(
            _FITTED,
            _FORMED,
            *tested.warnings,
        ),
    )


def _table(names: list[str], n: np.ndarray, value: Value, margin: float, z: float) -> pd.DataFrame:
    """Return a row a persona, the dearest customers first, and the one for all last; the intervals hold both errors."""
    money = margin * np.r_[value.total, value.total.sum()]
    half = z * margin * np.sqrt(np.r_[value.errors**2 + value.chance, value.error**2 + value.chance.sum()])
    ends = {"margin": money, "lower": np.maximum(money - half, 0), "upper": money + half}
    each = {"per_customer": money / n, **{f"per_customer_{end}": ends[end] / n for end in ("lower", "upper")}}
    table = pd.DataFrame({"group": names, "customers": n, **ends, **each})
    order = np.lexsort([-each["per_customer"], np.arange(len(names)) == len(names) - 1])
    return table.iloc[order].reset_index(drop=True)
