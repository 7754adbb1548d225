"""Do the models find what is there? They are fitted to customers simulated with the published parameters.

The truth is that of the CDNOW papers (see tests and docs/methods/lifetime_value.md). Where the shop is the CDNOW sample
itself, the paper's table stands beside ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import whole
from journeylab.customers import purchases
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.purchase_model import PurchaseModel
    from journeylab.data.dataset import Dataset

    Fitted = PurchaseModel | GammaGamma

CDNOW_CUSTOMERS = 2357
CDNOW_SPLIT, CDNOW_END = date(1997, 9, 30), date(1998, 6, 30)


@dataclass(frozen=True, eq=False, kw_only=True)
class SelfCheck(Result):
    """Published parameters beside what came back.

    Args:
        rows: A row a model and parameter: model, parameter, published, found, lower, upper, inside, on (what it was
            fitted to: 'simulated' customers or the 'CDNOW' file).
        n: Customers simulated.
        level: Coverage of the intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("parameters",)

    rows: pd.DataFrame
    n: int
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a model and parameter."""
        return self.rows

    def headline(self) -> str:
        """Say how many of the parameters came back within their intervals."""
        simulated = self.rows[self.rows["on"] == "simulated"]
        inside = int(simulated["inside"].sum())
        return (
            f"{words.count(inside)} of {words.count(len(simulated), 'published parameter')} came back within their "
            f"{words.percent(self.level, digits=0)} intervals from {words.count(self.n, 'simulated customer')} a model."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one view
        from journeylab.charts import value as charts

        return charts.parameters(self.rows)


@analysis(name="jl.customers.self_check")
def self_check(shop: Dataset, *, customers: int = CDNOW_CUSTOMERS, seed: int = 0, level: float = 0.95) -> SelfCheck:
    """Fit the models to customers simulated with the parameters published for CDNOW.

    Args:
        shop: Any Dataset; only if it is the CDNOW sample is it read.
        customers: How many to simulate for each model, 200 to 20,000.
        seed: Of the simulation.
        level: Coverage of the intervals; about one parameter in twenty should lie outside 95 %.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> len(jl.customers.self_check(tiny_shop(), customers=2000).table())
        15
    """
    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.simulated_base import simulate_base, simulate_spend

    whole(customers, "customers", lowest=200, highest=20_000)
    z_of(level)
    rng = np.random.default_rng(seed)
    age = rng.integers(27 * 7, 39 * 7, customers) / 7
    rows = []
    for truth in _published():
        found = type(truth).fit(simulate_base(truth, age=age, unit=1 / 7, seed=seed).seen)
        rows += _compared(truth.NAME, truth, found, level)
    spend = GammaGamma(6.25, 3.74, 15.44)
    bought = rng.geometric(0.28, customers)
    found_spend = GammaGamma.fit(bought, simulate_spend(spend, bought, seed=seed))
    rows += _compared("Gamma-Gamma", spend, found_spend, level)
    frame = pd.DataFrame(rows).assign(on="simulated")
    real = _cdnow(shop, level)
    return SelfCheck(
        rows=pd.concat([frame, real], ignore_index=True) if len(real) else frame,
        n=customers,
        level=level,
        caveats=(
            "Published for CDNOW: Fader, Hardie and Lee (2005), Fader and Hardie (2013); MBG/NBD by CLVTools.",
            "Customers are new with each seed; a parameter outside its interval now and then is as it should be.",
        ),
    )


def _published() -> list[PurchaseModel]:
    from journeylab.customers.bg_nbd import BgNbd, MbgNbd
    from journeylab.customers.pareto_nbd import ParetoNbd

    return [
        BgNbd(0.243, 4.414, 0.793, 2.426),
        MbgNbd(0.525, 6.183, 0.891, 1.614),
        ParetoNbd(0.553, 10.578, 0.606, 11.669),
    ]


def _compared(name: str, truth: Fitted, found: Fitted, level: float) -> list[dict[str, object]]:
    if found.estimate is None:
        return []
    lower, upper = found.estimate.interval(level)
    return [
        {
            "model": name,
            "parameter": parameter,
            "published": float(true),
            "found": float(value),
            "lower": float(low),
            "upper": float(high),
            "inside": bool(low <= true <= high),
        }
        for parameter, true, value, low, high in zip(
            found.NAMES,
            truth.parameters,
            found.parameters,
            lower,
            upper,
            strict=True,
        )
    ]


def _cdnow(shop: Dataset, level: float) -> pd.DataFrame:
    """Return the same for the CDNOW sample, if that is what the shop is: its customers, its last day."""
    if not shop.has("orders.customer_id") or shop.observed is None or shop.observed[1] != CDNOW_END:
        return pd.DataFrame()
    days = purchases.purchase_days(shop, CDNOW_SPLIT, free=True)
    rows = shop.run(
        purchases.statistics(purchases.grouped(shop, purchases.histories(days, CDNOW_SPLIT), None), weekly=False)
    )
    if int(rows["n"].sum()) != CDNOW_CUSTOMERS:
        return pd.DataFrame()
    base = purchases.base_of(rows, weekly=False)
    compared = [row for truth in _published() for row in _compared(truth.NAME, truth, type(truth).fit(base), level)]
    return pd.DataFrame(compared).assign(on="CDNOW")
