"""What is said about demand: the headline, a note for each SKU, the standings of the contest, and the caveats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.data.coverage import orders_end, orders_end_caveat
from journeylab.operations import demand_class, stock_outs
from journeylab.operations.contest import LOSS, MASE, SQUARED, mean_of
from journeylab.operations.sales_series import corrections

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from journeylab.data.dataset import Dataset
    from journeylab.operations.calendar_effects import Effects
    from journeylab.operations.forecasting import Forecasts
    from journeylab.operations.history import History
    from journeylab.operations.sales_series import SalesSeries

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def headline(skus: pd.DataFrame, total: tuple[float, float, float], horizon: int, every: str) -> str:
    """Say how much will sell, how sure that is, and how the forecasts did on periods they had not seen."""
    mean, lower, upper = total
    said = (
        f"{words.count(len(skus), 'SKU')} will sell about {words.count(round(mean), 'unit')} in the next "
        f"{words.count(horizon, every)} ({words.count(lower)} to {words.count(upper)})"
    )
    both = skus.dropna(subset=["mase", "mase_naive"])
    if both.empty:
        return f"{said}; there is too little history to try the forecasts on."
    both = both[both["adi"] < demand_class.ADI_CUT]
    if both.empty:
        return f"{said}; how the forecasts did where demand has gaps is told class by class."
    gain, error = margin(both)
    of = f"the forecasts of {words.count(len(both), 'SKU')} that sell in most {every}s"
    if gain > 2 * error:
        return f"{said}; on {every}s not seen, {of} missed {words.percent(gain, digits=0)} less than naive ones."
    if gain < -2 * error:
        return f"{said}; naive wins: {of} missed {words.percent(-gain, digits=0)} more than the last {every}."
    return (
        f"{said}; whether {of} miss less than naive ones cannot be told: {words.percent(gain, digits=0)} less, "
        f"give or take {words.percent(2 * error, digits=0)}."
        if np.isfinite(error)
        else f"{said}; on one SKU, whether forecasts miss less than naive ones is told with it."
    )


def margin(scored: pd.DataFrame) -> tuple[float, float]:
    """Return by how much the chosen forecasts miss less than naive ones, as a share, and its standard error."""
    gain = scored["mase_naive"] - scored["mase"]
    usual = float(scored["mase_naive"].mean())
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
    return float(gain.mean()) / usual, error / usual


def notes(skus: pd.DataFrame, sales: SalesSeries, known: History) -> list[str]:
    """Return what is worth knowing of each SKU."""
    lost = np.nansum(known.demand - known.kept, axis=1)
    found = []
    for i, row in enumerate(skus.to_dict("records")):
        said = _of_class(row, sales.skus["sold"].iloc[i])
        if row["why"] == "class":
            said.append(f"{row['model']} beat the default in its class")
        if row["why"] == "own":
            said.append(f"{row['model']} beat the default here at every origin")
        if lost[i] >= 0.5:
            out = int(known.out[i].sum())
            said.append(f"{words.count(lost[i], 'unit')} made up for {words.count(out, 'day')} out of stock")
        if row["sku"] in known.paused:
            said.append(f"out of stock for over {stock_outs.LONGEST} days: paused, or discontinued")
        found.append("; ".join(said))
    return found


def _of_class(row: dict[Hashable, Any], sold: float) -> list[str]:
    """Say what the class of a SKU that could not compete means."""
    kind = row["demand_class"]
    if sold <= 0:
        return ["only came back, never sold"]
    if kind == demand_class.NONE:
        return ["all that sold came back"]
    if kind == demand_class.NEW:
        lender = f", borrows from {row['borrowed_from']}" if row["borrowed_from"] else ""
        return [f"new: {row['n']} periods{lender}"]
    return ["sold in one or two periods only: its mean, and no more can be said"] if kind == demand_class.FEW else []


def standings(told: Forecasts) -> pd.DataFrame:
    """Return the contest by class and candidate, with the interval of the mean over SKUs."""
    from scipy.stats import t

    columns = ["demand_class", "model", "n", "error", "judged_by", "lower", "upper", "bias", "chosen"]
    if told.outcome is None or not told.outcome.past:
        return pd.DataFrame(columns=columns)
    kinds = told.classes["demand_class"].to_numpy()[told.competed]
    rows = []
    for name in told.outcome.past:
        losses = {often: mean_of(told.outcome.loss(name, LOSS[often]), axis=1) for often in (True, False)}
        bias = told.outcome.bias(name)
        for kind in demand_class.CLASSES:
            often = kind in demand_class.OFTEN
            each = losses[often]
            mine = each[(kinds == kind) & np.isfinite(each)]
            if not len(mine):
                continue
            half = t.ppf(0.975, len(mine) - 1) * mine.std(ddof=1) / np.sqrt(len(mine)) if len(mine) > 1 else np.nan
            over = float(np.nanmedian(bias[(kinds == kind) & np.isfinite(each)]))
            taken = int((told.outcome.chosen[kinds == kind] == name).sum())
            error = mine.mean()
            how = MASE if often else SQUARED
            rows.append((kind, name, len(mine), error, how, error - half, error + half, over, taken))
    table = pd.DataFrame(rows, columns=columns)
    place = table["demand_class"].map({kind: i for i, kind in enumerate(demand_class.CLASSES)})
    return table.assign(place=place).sort_values(["place", "error", "model"], ignore_index=True).drop(columns="place")


def effects(found: Mapping[str, Effects], level: float) -> pd.DataFrame:
    """Return the calendar's factors: weekdays, months (in their middle) and promotions, by category."""
    from scipy.stats import norm

    rows: list[tuple[str, str, str, float, float, float, str]] = []
    middles = pd.DatetimeIndex([pd.Timestamp(2023, month, 15) for month in range(1, 13)])
    for name, one in found.items():
        flat = one.weekdays[np.asarray(middles.dayofweek)]
        year = one.factors(middles) / flat
        rows += [
            (name, "weekday", at, f, np.nan, np.nan, one.source) for at, f in zip(WEEKDAYS, one.weekdays, strict=True)
        ]
        rows += [(name, "month", at, f, np.nan, np.nan, one.source) for at, f in zip(MONTHS, year, strict=True)]
        if one.promotion_days:
            half = norm.ppf((1 + level) / 2) * one.promotion_error
            ends = np.exp([one.promotion, one.promotion - half, one.promotion + half])
            rows.append((name, "promotion", f"{one.promotion_days} days", *ends, name))
    return pd.DataFrame(rows, columns=["category", "effect", "at", "factor", "lower", "upper", "source"])


def caveats(
    shop: Dataset,
    sales: SalesSeries,
    known: History,
    told: Forecasts,
    packed: Mapping[str, object],
    *,
    net: bool,
    corrected: bool,
    level: float,
) -> tuple[str, ...]:
    """Return what would make a careful reader doubt the figures."""
    said = [_returns(shop, known, net=net), _stock(known, corrected=corrected), _tried(told, level)]
    if sales.partial.any():
        said.append(f"The first or last {sales.every} was not seen whole, and is left out of the series.")
    if moved := corrections(shop):
        said.append(
            f"{words.count(moved, 'order')} that came to nothing and named no customer are taken for corrections "
            "of the stock, not for sales."
        )
    if sales.left_out:
        said.append(f"{words.count(sales.left_out, 'SKU')} with less net value are left out.")
    alike = sales.skus["sku"].map(lambda sku: re.sub(r"\s", "", sku).upper())
    if twice := int((alike.groupby(alike).transform("size") > 1).sum()):
        said.append(
            f"{twice} SKUs differ from another only by case or spaces: they can be joined on the Data page, or by "
            "shop.choose(skus='join')."
        )
    if bool(sales.skus["unnamed"].any()):
        said.append("Lines without a SKU go by the name of their product.")
    if packed:
        sold = sum(sku in packed for sku in sales.skus["sku"])
        said.append(
            f"Bundles are counted as what is inside ({len(packed)} known{', some still sold whole' if sold else ''})."
        )
    said += orders_end_caveat(shop, orders_end(shop))
    return tuple(text for text in said if text)


def _returns(shop: Dataset, known: History, *, net: bool) -> str:
    if not net:
        return "Units that came back are not taken off."
    how = "as the lines say" if shop.has("order_lines.returned") else "by the share of an order's money that went back"
    below = f"; {words.count(known.below, 'period')} with more back than sold count as zero" if known.below else ""
    return f"Returned units come off what was sold, {how} or by lines below zero{below}."


def _stock(known: History, *, corrected: bool) -> str:
    days, lost = int(known.out.sum()), float(np.nansum(known.demand - known.kept))
    told = known.found.told
    part = words.percent(told, digits=0) if told >= 0.01 else "less than 1 %"
    share = f"counts of stock tell of {part} of SKU-days" if told else "no stock was counted in that time"
    if not days:
        return f"No day out of stock was found: {share}, and long silences of fast sellers were looked at elsewhere."
    guessed = days - known.counted
    how = " and ".join(
        [f"{words.count(known.counted)} counted"] * (known.counted > 0)
        + [f"{words.count(guessed)} inferred from silences, which may have other reasons"] * (guessed > 0)
    )
    made_up = f", for which {words.count(lost, 'unit')} were made up" if corrected else ", not corrected"
    return f"{words.count(days, 'SKU-day')} out of stock were found ({how}; {share}){made_up}."


def _tried(told: Forecasts, level: float) -> str:
    spread = told.paths.spread
    if not spread.judged:
        return "No forecast could be tried on periods it had not seen, so the intervals are the models' own."
    after, before = words.percent(spread.after, digits=0), words.percent(spread.before, digits=0)
    return (
        f"Intervals of {words.percent(level, digits=0)} held {after} of {words.count(spread.judged)} past values they "
        f"had not seen ({before} before their correction); that of the total counts how far SKUs missed together from "
        f"{words.count(spread.origins, 'past day')} (correlation {spread.together:.2f})."
    )
