"""Does one model fit all customers, and is spend independent of frequency? Two assumptions, looked at.

Groups are fitted apart and compared with the fit to all of them by a likelihood ratio (Wilks 1938). Independence, which
Gamma-Gamma takes for granted, is seen in mean spend by frequency. Method and limits: docs/methods/lifetime_value.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.customers.customer_base import FEWEST_CUSTOMERS, FEWEST_REPEATERS, CustomerBase
from journeylab.customers.holdout import Holdout, proven
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.customers.purchase_model import PurchaseModel
    from journeylab.data.dataset import Dataset

CLASSES = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelFits(Result):
    """The chosen model by group, and spend by frequency.

    Args:
        groups: A row a group and one for all: group, customers, a_year (purchases a year while alive, mean customer),
            a_year_lower, a_year_upper, kept (share of new customers alive after a year), kept_lower, kept_upper.
        spend: A row a class of repeat purchases: frequency, n, average (mean spend a purchase), lower, upper.
        p_value: Of the likelihood ratio that all groups share their parameters; NaN with one group.
        correlation: Of repeat purchases and average spend, over repeaters.
        model: Name of the model.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("independence", "groups")

    groups: pd.DataFrame
    spend: pd.DataFrame
    p_value: float
    correlation: float
    model: str
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a group with its purchases a year and its share kept."""
        return self.groups

    def headline(self) -> str:
        """Say whether the groups differ beyond chance, and how spend goes with frequency."""
        tie = "spend hardly goes with frequency" if abs(self.correlation) < 0.2 else "spend goes with frequency"
        tie = (
            f"{tie} (correlation {words.decimal(self.correlation)})"
            if np.isfinite(self.correlation)
            else "all spend alike"
        )
        if np.isnan(self.p_value):
            return f"{self.model} is fitted to all customers at once; {tie}."
        n = len(self.groups) - 1
        beyond = "differ beyond chance" if self.p_value < 1 - self.level else "do not differ beyond chance"
        p = f"p = {self.p_value:.3f}" if self.p_value >= 0.001 else "p < 0.001"
        return f"{n} groups {beyond} in how they buy and drop out ({p}); {tie}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import value as charts

        if view == "groups":
            return charts.fits(self.groups)
        return charts.independence(self.spend, currency=self.currency)


@analysis("orders.customer_id")
def model_fits(shop: Dataset, *, tested: Holdout | None = None, level: float = 0.95) -> ModelFits:
    """Fit the chosen model to each group of a hold-out's customers, and look at spend by frequency.

    Args:
        shop: A Dataset whose orders name their customers.
        tested: The Holdout whose model and groups to use; made with its defaults if not given.
        level: Coverage of the intervals (delta method; normal for mean spend).

    Raises:
        NotEnoughData: as `holdout`.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> tested = jl.customers.holdout(regulars_shop(), model="BG/NBD")
        >>> jl.customers.model_fits(regulars_shop(), tested=tested).table()["group"].tolist()
        ['all']
    """
    z_of(level)
    tested = proven(shop, tested)
    customers, kind = tested.customers, type(tested.model)
    parts = {name: customers.base.take(customers.group == position) for position, name in enumerate(tested.group_names)}
    large = {
        name: part
        for name, part in parts.items()
        if part.customers >= FEWEST_CUSTOMERS and part.repeaters >= FEWEST_REPEATERS
    }
    rows, p_value = [_row("all", tested.model, customers.base, level)], float("nan")
    if len(large) > 1:
        fits = {name: kind.fit(part) for name, part in large.items()}
        ordered = sorted(fits, key=lambda name: (-large[name].customers, name))
        rows = [*(_row(name, fits[name], large[name], level) for name in ordered), *rows]
        p_value = likelihood_ratio(kind, fits, large)
    return ModelFits(
        groups=pd.DataFrame(rows),
        spend=_spend_by_frequency(tested, level),
        p_value=p_value,
        correlation=tested.spend_correlation,
        model=tested.model.NAME,
        level=level,
        currency=shop.currency,
        caveats=_caveats(tested, len(parts) - len(large) if len(parts) > 1 else 0),
    )


def _row(name: str, model: PurchaseModel, base: CustomerBase, level: float) -> dict[str, object]:
    """Return a group's purchases a year and share kept with their intervals, the latter on the logit scale."""
    newcomer = CustomerBase(*np.zeros((3, 1)))

    def both(values: np.ndarray) -> np.ndarray:
        """Logarithm of purchases a year, and log odds of being alive after a year."""
        there = model.with_parameters(values)
        kept = float((there.p_alive(newcomer) * there.survival_if_alive(newcomer, WEEKS_A_YEAR))[0])
        kept = min(max(kept, 1e-9), 1 - 1e-9)
        return np.array([np.log(WEEKS_A_YEAR * values[0] / values[1]), np.log(kept / (1 - kept))])

    middle = both(model.parameters)
    half = z_of(level) * model.estimate.delta(both) if model.estimate is not None else np.full(2, np.nan)
    (rate, odds), (low, low_odds), (high, high_odds) = middle, middle - half, middle + half
    return {
        "group": name,
        "customers": int(base.customers),
        "a_year": float(np.exp(rate)),
        "a_year_lower": float(np.exp(low)),
        "a_year_upper": float(np.exp(high)),
        "kept": float(1 / (1 + np.exp(-odds))),
        "kept_lower": float(1 / (1 + np.exp(-low_odds))),
        "kept_upper": float(1 / (1 + np.exp(-high_odds))),
    }


def likelihood_ratio(
    kind: type[PurchaseModel], fits: dict[str, PurchaseModel], bases: dict[str, CustomerBase]
) -> float:
    """P-value of twice the gain in log-likelihood of separate fits, chi-squared with 4 (groups − 1) degrees."""
    from scipy.special import chdtrc

    names = ("frequency", "recency", "age", "count")
    together = CustomerBase(*(np.concatenate([getattr(base, name) for base in bases.values()]) for name in names))
    apart = sum(fits[name].log_likelihood(base)[0] for name, base in bases.items())
    gain = 2 * (apart - kind.fit(together).log_likelihood(together)[0])
    return float(chdtrc(len(kind.NAMES) * (len(fits) - 1), max(gain, 0.0)))


def _spend_by_frequency(tested: Holdout, level: float) -> pd.DataFrame:
    """Return mean spend a purchase over the customers of each class of repeat purchases."""
    rows = tested.rows[tested.rows["frequency"] > 0]
    x = rows["frequency"].to_numpy(float)
    frame = pd.DataFrame(
        {
            "place": np.minimum(x, CLASSES).astype(int),
            "n": rows["n"],
            "total": rows["spend"] / x,
            "squares": rows["squares"] / x**2,
        }
    )
    sums = frame.groupby("place", as_index=False).sum()
    n, mean = sums["n"].to_numpy(float), (sums["total"] / sums["n"]).to_numpy(float)
    spread = np.maximum(sums["squares"].to_numpy(float) - n * mean**2, 0) / np.maximum(n - 1, 1)
    half = np.where(n > 1, z_of(level) * np.sqrt(spread / n), np.nan)
    return pd.DataFrame(
        {
            "frequency": [f"{place}+" if place == CLASSES else str(place) for place in sums["place"]],
            "n": n.astype(int),
            "average": mean,
            "lower": np.maximum(mean - half, 0),
            "upper": mean + half,
        }
    )


def _caveats(tested: Holdout, small: int) -> tuple[str, ...]:
    said = ["A difference between groups is not its cause; and of many groups some look different by chance."]
    if small:
        said.append(
            f"{words.count(small, 'group')} with fewer than {FEWEST_CUSTOMERS} customers, or fewer than "
            f"{FEWEST_REPEATERS} who bought again, left out."
        )
    if tested.by == "persona":
        said.append("Personas are found in the same purchases, so they differ in them by construction.")
    return tuple(said)
