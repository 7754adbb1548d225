"""Demand on the demo store and on odd shops: what is planted is found, and what cannot be known is said."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.demo.opening import FOLDER
from journeylab.data.examples import shop_of, stocked_shop
from journeylab.errors import BadParameter, NotEnoughData

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand

TRUTHS = json.loads((FOLDER / "truths.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def told(demo: Dataset) -> Demand:
    """The demand of the demo store."""
    return jl.operations.demand(demo)


def lines(*rows: tuple[Any, ...], more: dict[str, str] | None = None) -> Dataset:
    """Return a shop of rows: day, sku, quantity, and status where it is not completed."""
    values = ", ".join(
        f"('{i}', DATE '{row[0]}', '{row[1]}', {row[2]}, '{row[3] if len(row) > 3 else 'completed'}')"
        for i, row in enumerate(rows)
    )
    query = f"FROM (VALUES {values}) t(order_id, day, sku, quantity, status)"
    return shop_of(
        {
            "orders": f"SELECT order_id, day, day::TIMESTAMP AS ordered_at, status, 9.0::DECIMAL(18,4) AS net {query}",
            "order_lines": f"""SELECT order_id, sku, 'The ' || sku AS product, quantity::DECIMAL(18,4) AS quantity,
                               3.0::DECIMAL(18,4) AS unit_price {query}""",
            **(more or {}),
        }
    )


def every_day(sku: str, n: int, *, start: str = "2026-01-05", units: int = 3, skip: range = range(0)):
    days = pd.date_range(start, periods=n)
    return [(f"{day.date()}", sku, units + i % 2) for i, day in enumerate(days) if i not in skip]


def test_the_lost_days_of_the_best_seller_are_recovered(told: Demand):
    lost = TRUTHS["stock_outs"]
    mine = told.series[told.series["sku"] == lost["sku"]]
    assert told.stock_outs == "counted"
    assert mine["out_days"].sum() == len(lost["days"])
    made_up = float((mine["demand"] - (mine["sold"] - mine["returned"]).clip(lower=0)).sum())
    assert abs(made_up - lost["lost_units_realised"]) < 2 * np.sqrt(lost["lost_units_realised"])


def test_the_planted_week_year_and_promotion_are_found(told: Demand):
    effects = told.effects
    week = effects[(effects["effect"] == "weekday") & (effects["category"] == "Gifts")]["factor"].to_numpy()
    planted = np.array(TRUTHS["seasonality"]["weekdays_monday_first"])
    assert week == pytest.approx(planted / planted.mean(), abs=0.08)
    year = effects[(effects["effect"] == "month") & (effects["category"] == "Gifts")].set_index("at")["factor"]
    assert year.idxmax() in {"Nov", "Dec", "Jan"}
    assert (year.max() - year.min()) / 2 == pytest.approx(TRUTHS["seasonality"]["yearly_amplitude"], abs=0.05)
    lift = effects[effects["effect"] == "promotion"].iloc[0]
    assert lift["category"] == "Ceramics"
    assert lift["lower"] < TRUTHS["promotions"][0]["lift"] < lift["upper"]


def test_the_intermittent_sku_is_classed_so_and_the_new_one_borrows(told: Demand):
    skus = told.skus.set_index("sku")
    assert skus.loc["GFT-HAMPER-XL", "demand_class"] == "intermittent"
    new = skus.loc["CER-BOWL-SPECKLED"]
    assert (new["demand_class"], new["borrowed_from"]) == ("new", "Ceramics")
    sold = told.series[(told.series["sku"] == "CER-BOWL-SPECKLED") & (told.series["demand"] > 0)]["demand"]
    assert new["per_day"] * 7 == pytest.approx(sold.mean(), rel=0.25)


def test_the_forecasts_beat_naive_and_their_intervals_hold(told: Demand):
    assert told.skus["mase"].mean() < told.skus["mase_naive"].mean()
    assert 0.72 <= told.measured["after"] <= 0.9
    assert "less than naive" in told.headline()


def test_figures_are_never_below_zero_and_add_up(told: Demand):
    for name in ("mean", "lower", "upper"):
        assert (told.forecast[name] >= 0).all()
    assert (told.forecast[["lower", "upper"]] == told.forecast[["lower", "upper"]].round()).all(axis=None)
    week, two = told.over(7), told.over(14)
    assert (two["mean"] >= week["mean"]).all()
    assert (two["sd"] >= week["sd"]).all()
    assert (told.over(0)[["mean", "sd"]] == 0).all(axis=None)
    assert (told.quantile(14, 0.95)["quantity"] >= told.quantile(14, 0.5)["quantity"]).all()
    days = pd.Series(7.0, index=told.skus["sku"])
    assert told.over(days)["mean"].tolist() == week["mean"].tolist()
    assert told.over(7 * told.horizon)["mean"].sum() == pytest.approx(told.ahead()["mean"].sum())


def test_no_sale_is_lost_on_the_way_to_the_series(demo: Dataset, told: Demand):
    orders, rows = demo.sales(), demo.table("order_lines")
    counted = demo.run(rows.semi_join(orders, "order_id").agg(n=rows.quantity.cast("float64").sum()))["n"].iloc[0]
    assert told.series["sold"].sum() == counted


def test_a_month_cut_short_is_partial_and_not_forecast_from():
    told = jl.operations.demand(stocked_shop(), every="month", horizon=2)
    assert told.series[told.series["partial"]]["demand"].isna().all()
    assert told.series.groupby("sku")["partial"].sum().tolist() == [2, 2]


def test_days_out_of_stock_are_inferred_from_a_long_silence_only_of_a_fast_seller():
    fast = every_day("FAST", 140, skip=range(60, 72)) + every_day("OTHER", 140)
    slow = [(f"{day.date()}", "SLOW", 1) for day in pd.date_range("2026-01-05", periods=10, freq="14D")]
    told = jl.operations.demand(lines(*fast, *slow), horizon=4)
    out = told.series.groupby("sku")["out_days"].sum()
    assert (told.stock_outs, out["FAST"], out["OTHER"], out["SLOW"]) == ("inferred", 12, 0, 0)
    assert told.series[told.series["sku"] == "FAST"]["demand"].sum() == pytest.approx(140 * 3.5, rel=0.02)
    plain = jl.operations.demand(lines(*fast, *slow), horizon=4, corrected=False)
    assert plain.series[plain.series["sku"] == "FAST"]["demand"].sum() == 128 * 3.5


def test_a_day_on_which_nobody_sold_anything_is_no_stock_out():
    rows = every_day("FAST", 140, skip=range(60, 72)) + every_day("OTHER", 140, skip=range(60, 72))
    assert jl.operations.demand(lines(*rows), horizon=4).series["out_days"].sum() == 0


def test_negative_stock_is_out_and_a_place_without_a_count_is_not():
    days = "SELECT DATE '2026-01-05' + CAST(i AS INTEGER) AS as_of, i FROM range(140) t(i)"
    stock = f"""SELECT 'A' AS sku, 'here' AS location, as_of,
                       (CASE WHEN i BETWEEN 70 AND 76 THEN -2 ELSE 50 END)::DECIMAL(18,4) AS on_hand FROM ({days})
                UNION ALL SELECT 'A', 'there', as_of, NULL FROM ({days})"""
    told = jl.operations.demand(lines(*every_day("A", 140, skip=range(70, 77)), more={"stock": stock}), horizon=4)
    assert (told.stock_outs, told.series["out_days"].sum()) == ("counted", 7)


def test_returns_come_off_by_choice_and_only_returns_are_said():
    rows = every_day("A", 84)
    rows += [("2026-02-10", "A", -5), ("2026-03-02", "B", -2), ("2026-02-11", "A", -4, "cancelled")]
    shop = lines(*rows, ("2026-02-12", "A", 50, "cancelled"), ("2026-02-12", "A", 70, "voided"))
    net, gross = (jl.operations.demand(shop, horizon=3, returns=how) for how in ("net", "ignore"))
    kept = {name: told.series.groupby("sku")["demand"].sum() for name, told in (("net", net), ("gross", gross))}
    assert kept["gross"]["A"] - kept["net"]["A"] == 9
    notes = net.skus.set_index("sku")["note"]
    assert "only came back" in notes["B"]
    assert net.over(30).set_index("sku").loc["B", "mean"] == 0
    assert "not taken off" in " ".join(gross.caveats)


def test_two_sales_ever_have_a_mean_and_say_so():
    told = jl.operations.demand(lines(*every_day("A", 210), ("2026-01-06", "R", 1), ("2026-03-03", "R", 1)), horizon=4)
    row = told.skus.set_index("sku").loc["R"]
    assert (row["demand_class"], row["model"]) == ("rare", "mean")
    assert row["per_day"] == pytest.approx(2 / 210, rel=0.02)
    assert "no more can be said" in row["note"]


def test_two_spellings_are_pointed_out_and_joined_on_request():
    shop = lines(*every_day("ab-1", 84), *every_day("AB-1 ", 84, units=1))
    told = jl.operations.demand(shop, horizon=2)
    assert len(told.skus) == 2
    assert any("case or spaces" in text for text in told.caveats)
    assert len(jl.operations.demand(shop.choose(skus="join"), horizon=2).skus) == 1


def test_the_order_of_rows_and_doubled_quantities_change_what_they_should():
    rows = every_day("A", 120) + every_day("B", 120, units=1)
    one, back = (jl.operations.demand(lines(*some), horizon=4) for some in (rows, rows[::-1]))
    pd.testing.assert_frame_equal(one.forecast, back.forecast)
    twice = jl.operations.demand(lines(*[(day, sku, 2 * n) for day, sku, n in rows]), horizon=4)
    assert twice.over(28)["mean"].to_numpy() == pytest.approx(2 * one.over(28)["mean"].to_numpy(), rel=0.03)


def test_progress_is_told_and_what_it_raises_stops_the_work():
    heard: list[float] = []
    jl.operations.demand(stocked_shop(), horizon=2, progress=lambda share, _words: heard.append(share))
    assert heard == sorted(heard)
    assert 0 <= heard[0] <= heard[-1] <= 1

    def stop(_share: float, _words: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jl.operations.demand(stocked_shop(), horizon=2, progress=stop)


def test_a_full_contest_lets_prophet_compete_for_what_makes_most_of_net_value():
    told = jl.operations.demand(stocked_shop(), horizon=2, contest="full")
    assert "Prophet" in set(told.contest["model"])
    assert np.isfinite(told.forecast["mean"]).all()


def test_one_sku_is_shown_before_and_after_correction(demo: Dataset, told: Demand):
    lost = TRUTHS["stock_outs"]["sku"]
    one = jl.operations.outlook(demo, demand=told, sku=lost)
    out = one.series[one.series["out_days"] > 0]
    assert (out["demand"] > out["kept"]).all()
    rest = one.series[one.series["out_days"] == 0]
    assert rest["demand"].tolist() == rest["kept"].tolist()
    assert one.candidates["chosen"].sum() == 1
    assert 30 < one.gain.n == one.candidates["n"].max() < 3 * told.horizon  # periods out are not judged
    assert f"on {one.gain.n} values from 3 past days (80 % interval" in one.headline()
    gaps = jl.operations.outlook(demo, demand=told, sku="GFT-HAMPER-XL")
    assert set(gaps.candidates["judged_by"]) == {"squared"}
    assert "in squared errors" in gaps.headline()
    with pytest.raises(BadParameter):
        jl.operations.outlook(demo, demand=told, sku="no such")


def test_every_view_is_drawn_and_the_call_can_be_run_again(demo: Dataset, told: Demand):
    one = jl.operations.outlook(demo, demand=told, sku="CER-MUG-BLUE")
    for result in (told, one):
        for view in result.views:
            result.chart(view).to_dict()
    assert one.call is not None
    assert "demand = jl.operations.demand(shop)" in one.call.python()
    assert dataclasses.is_dataclass(told)


@pytest.mark.parametrize(
    "wrong", [{"every": "year"}, {"horizon": 0}, {"returns": "some"}, {"level": 1.5}, {"contest": "long"}, {"top": 0}]
)
def test_arguments_that_make_no_sense_are_refused(wrong: dict[str, Any]):
    with pytest.raises(BadParameter):
        jl.operations.demand(stocked_shop(), **wrong)


def test_a_shop_of_one_week_is_too_little():
    with pytest.raises(NotEnoughData):
        jl.operations.demand(lines(*every_day("A", 7)))
    with pytest.raises(NotEnoughData):
        jl.operations.demand(lines(("2026-01-05", "A", -3), ("2026-02-05", "A", -1)))
