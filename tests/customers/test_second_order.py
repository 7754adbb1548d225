"""Time to the second purchase against a textbook, against counting, and against simulated customers."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of, tiny_shop
from journeylab.errors import NotEnoughData

END = date(2026, 6, 30)


def shop_with(waits):
    """Return a shop of (days to the second purchase or None, days watched) tuples."""
    rows = [(f"c{i}", END - timedelta(days=watched), wait) for i, (wait, watched) in enumerate(waits)]
    orders = [f"('{c}', DATE '{d}')" for c, d, _ in rows]
    orders += [f"('{c}', DATE '{d + timedelta(days=w)}')" for c, d, w in rows if w is not None]
    return shop_of({"orders": f"""SELECT row_number() OVER ()::VARCHAR AS order_id, customer_id, day,
        day::TIMESTAMP AS ordered_at, 'completed' AS status, 10::DECIMAL(18,4) AS net
        FROM (VALUES {', '.join(orders)}, ('end', DATE '{END}')) t(customer_id, day)"""})  # fmt: skip


def test_the_leukaemia_patients_of_the_textbooks_give_their_published_curve():
    """Freireich et al. (1963), treated arm, in weeks; survival as printed in Kalbfleisch & Prentice, chapter 1."""
    again = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    waiting = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    shop = shop_with([*((week, 400) for week in again), *((None, week) for week in waiting)])
    curve = jl.customers.second_order(shop).curve.set_index("day")["rate"]
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    # The customer who ends the data waits 0 days and is never at risk after.
    for week, survival in published.items():
        assert 1 - curve[week] == pytest.approx(survival, abs=0.0006)


def test_with_everyone_watched_for_long_the_curve_is_the_plain_share():
    rng = np.random.default_rng(0)
    waits = [(int(w) if w < 200 else None, 300) for w in rng.exponential(120, 300) + 1]
    table = jl.customers.second_order(shop_with(waits)).table().set_index("day")
    known = np.array([w if w is not None else np.inf for w, _ in waits])
    for day in (30, 60, 90, 180):
        assert table.loc[day, "rate"] == pytest.approx((known <= day).mean(), abs=1e-9)


def test_customers_still_waiting_do_not_pull_the_curve_down():
    rng = np.random.default_rng(1)
    watched = rng.integers(5, 300, 4000)
    waits = rng.exponential(100, 4000).astype(int) + 1
    shop = shop_with([(int(w) if w <= seen else None, int(seen)) for w, seen in zip(waits, watched, strict=True)])
    table = jl.customers.second_order(shop).table().set_index("day")
    for day in (30, 90, 180):
        assert table.loc[day, "lower"] - 0.02 < (waits <= day).mean() < table.loc[day, "upper"] + 0.02


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_the_level_says():
    inside = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        watched, waits = rng.integers(30, 200, 120), rng.exponential(90, 120).astype(int) + 1
        shop = shop_with([(int(w) if w <= s else None, int(s)) for w, s in zip(waits, watched, strict=True)])
        row = jl.customers.second_order(shop, level=0.9).table().set_index("day").loc[60]
        inside.append(row["lower"] <= 1 - np.exp(-60 / 90) <= row["upper"])
    assert 0.75 <= np.mean(inside) <= 1


def test_the_curve_only_rises_and_its_band_holds_it():
    rng = np.random.default_rng(3)
    curve = jl.customers.second_order(shop_with([(int(w) + 1, 300) for w in rng.exponential(60, 200)])).curve
    assert np.all(np.diff(curve["rate"]) >= 0)
    known = curve.dropna()
    assert np.all((known["lower"] <= known["rate"]) & (known["rate"] <= known["upper"]))


def test_groups_are_the_largest_and_small_ones_are_said(online_retail):
    result = jl.customers.second_order(online_retail, by="country")
    assert result.curve["group"].nunique() == 3
    assert f"half by day {result.median['United Kingdom']:.0f} (interval" in result.headline()
    assert " of United Kingdom (" in result.headline()
    assert result.marks["n"].min() >= 30
    assert any("left out" in said for said in result.caveats)
    assert result.chart().to_dict()["config"]


def few_old_and_many_new():
    """Twelve customers who come back after a year, and 2,000 seen for forty days at the most."""
    rng = np.random.default_rng(0)
    new = [(int(rng.integers(1, 6)) if rng.random() < 0.1 else None, int(rng.integers(5, 41))) for _ in range(2000)]
    return shop_with([*((370, 400) for _ in range(12)), *new])


def test_where_few_still_wait_nothing_is_said_and_those_who_wait_are_counted_at_the_mark():
    result = jl.customers.second_order(few_old_and_many_new())
    table = result.table().set_index("day")
    assert table.loc[[60, 90, 180, 365], "at_risk"].tolist() == [12] * 4
    assert table.loc[[60, 90, 180, 365], ["rate", "lower", "upper"]].isna().all(axis=None)
    assert table.loc[30, "at_risk"] > 30
    assert 0.05 < table.loc[30, "rate"] < 0.15
    assert np.isnan(result.median["all"])
    assert result.headline().startswith("By day 30, an estimated ")
    drawn = result.chart().to_dict()
    days = [row["day"] for rows in drawn["datasets"].values() for row in rows]
    assert max(days) <= 41


def test_the_headline_tells_the_estimate_from_the_count():
    rng = np.random.default_rng(5)
    waits = rng.exponential(200, 3000).astype(int) + 1
    watched = rng.integers(10, 500, 3000)
    seen = [(int(w) if w <= s else None, int(s)) for w, s in zip(waits, watched, strict=True)]
    result = jl.customers.second_order(shop_with(seen))
    again = sum(wait is not None for wait, _ in seen)
    year = result.table().set_index("day").loc[365]
    assert result.again == {"all": again}
    assert f"{again:,} of 3,001 customers ({100 * again / 3001:.1f} %) have so far." in result.headline()
    assert f"an estimated {100 * year['rate']:.1f} % of customers buy a second time (95 % interval" in result.headline()
    assert year["again"] / year["n"] < year["rate"] - 0.1
    early, late = result.median_ends["all"]
    assert early < result.median["all"] < late
    assert early <= 200 * np.log(2) <= late


def test_a_group_needs_as_many_customers_as_must_wait():
    shop = shop_with([(9, 40), *((None, 40) for _ in range(28))])
    assert jl.customers.second_order(shop).headline().endswith("; 1 of 30 customers (3.3 %) have so far.")
    few = shop_with([(9, 40), *((None, 40) for _ in range(20))])
    assert jl.customers.second_order(few).headline().startswith("Too few customers have been watched for 30 days")
    assert jl.customers.second_order(few).chart().to_dict()["config"]
    with pytest.raises(NotEnoughData, match="30 customers"):
        jl.customers.second_order(few, by="cohort")


def test_too_few_customers_are_said():
    with pytest.raises(NotEnoughData, match="10 customers"):
        jl.customers.second_order(tiny_shop())
