import math

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop
from tests.growth.shops import frames_shop, simulated


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """A shop whose 3,000 visitors come back at random over 60 days, and sometimes order."""
    rng = np.random.default_rng(40)
    seen = np.argwhere(rng.random((3000, 60)) < 0.03)
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(seen[:, 1] + rng.random(len(seen)), unit="D").floor("s")
    bought = rng.random(len(seen)) < 0.08
    events = pd.DataFrame(
        {
            "visitor_id": [f"v{i}" for i in seen[:, 0]],
            "occurred_at": at,
            "event": np.where(bought, "purchase", "view"),
            "order_id": np.where(bought, [f"o{i}" for i in range(len(seen))], None),
        }
    )
    orders = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in np.flatnonzero(bought)],
            "customer_id": [f"c{i}" for i in seen[bought, 0]],
            "ordered_at": at[bought],
            "status": "completed",
            "net": rng.gamma(3, 15, bought.sum()).round(2),
        }
    )
    for frame, column in ((events, "occurred_at"), (orders, "ordered_at")):
        frame["day"] = frame[column].dt.date
    frames = {"events": events, "orders": orders}
    return frames, frames_shop(tmp_path_factory.mktemp("visited"), frames)


def test_the_published_sample_size_comes_back():
    rows = jl.growth.power(tiny_shop(), base=0.2, effect=0.25).table().set_index("effect")
    assert rows.loc[0.25, ["n_each", "n"]].tolist() == [1094, 2188]
    for formula, published in (("unpooled", 1091), ("base rate", 1031)):
        plan = jl.growth.power(tiny_shop(), base=0.2, effect=0.25, formula=formula)
        assert plan.n == 2 * published
        assert plan.formula in plan.caveats[0]


def test_the_base_is_the_shops_own(visited):
    frames, shop = visited
    plan = jl.growth.power(shop, window=None)
    visitors = frames["events"].groupby("visitor_id")["order_id"].apply(lambda o: o.notna().any())
    assert plan.base == pytest.approx(visitors.mean())
    revenue = jl.growth.power(shop, metric="revenue", window=None, effect=0.1)
    assert revenue.base == pytest.approx(frames["orders"]["net"].sum() / len(visitors))


def test_visitors_whose_window_is_open_do_not_lower_the_base(tmp_path):
    days = np.repeat(np.arange(20), 50)
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(days, unit="D")
    ids = np.array([f"v{i}" for i in range(len(at))])
    buys = (np.arange(len(at)) % 10 == 0) & (
        days < 10
    )  # one in ten buys ten days later; of the last ten days nobody yet
    later = at[buys] + pd.Timedelta(days=10)
    seen = pd.DataFrame({"visitor_id": ids, "occurred_at": at, "event": "view", "order_id": None})
    bought = pd.DataFrame({"visitor_id": ids[buys], "occurred_at": later, "event": "purchase", "order_id": ids[buys]})
    orders = pd.DataFrame(
        {"order_id": ids[buys], "customer_id": ids[buys], "ordered_at": later, "status": "completed", "net": 10.0}
    )
    events = pd.concat([seen, bought], ignore_index=True)
    events["day"], orders["day"] = events["occurred_at"].dt.date, orders["ordered_at"].dt.date
    shop = frames_shop(tmp_path, {"events": events, "orders": orders})
    plan = jl.growth.power(shop, window="11d")
    assert plan.base == pytest.approx(0.1)
    assert "500 visitors of this period whose window is over" in plan.caveats[0]
    with pytest.raises(jl.NotEnoughData, match="window is over"):
        jl.growth.power(shop, window="30d")


def test_days_follow_the_distinct_visitors_of_the_shops_own_stretches(visited):
    frames, shop = visited
    plan = jl.growth.power(shop, effect=0.5, window="1d")
    days = (frames["events"]["occurred_at"] - pd.Timestamp("2026-01-01")).dt.days
    seen = frames["events"]["visitor_id"]

    def distinct(d):
        return np.mean([seen[(days >= t) & (days < t + d)].nunique() for t in range(60 - d + 1)])

    for d, units in plan.days.loc[plan.days["day"] <= 30, ["day", "units"]].to_numpy():
        assert units == pytest.approx(distinct(int(d)))
    if not math.isnan(plan.needed) and plan.needed <= 30:
        assert distinct(int(plan.needed)) >= plan.n > distinct(int(plan.needed) - 1)


def test_a_shop_whose_visitors_return_needs_more_days_than_one_of_new_visitors(visited):
    _, shop = visited
    a_day = 90  # 3,000 visitors at 3 % a day
    returning = jl.growth.power(shop, effect=0.5)
    fresh = jl.growth.power(shop, effect=0.5, visitors_a_day=a_day)
    assert returning.n == fresh.n
    assert returning.needed > fresh.needed


def test_half_the_visitors_take_longer_and_known_variance_makes_it_shorter():
    plans = [
        jl.growth.power(tiny_shop(), base=0.05, effect=0.2, visitors_a_day=1000, **o)
        for o in ({}, {"share": 0.5}, {"variance_saved": 0.4}, {"variants": 4})
    ]
    assert plans[1].needed == pytest.approx(2 * plans[0].needed, abs=1)
    assert plans[2].n == pytest.approx(0.6 * plans[0].n, abs=2)
    assert plans[3].n > 2 * plans[0].n


def test_the_power_curve_passes_what_was_asked_on_the_day_it_names():
    plan = jl.growth.power(tiny_shop(), base=0.05, effect=0.2, visitors_a_day=1000)
    assert plan.days["power"].is_monotonic_increasing
    assert plan.days["smallest"].is_monotonic_decreasing
    assert np.interp(plan.needed, plan.days["day"], plan.days["power"]) == pytest.approx(0.8, abs=0.03)
    assert np.interp(plan.needed, plan.days["day"], plan.days["smallest"]) == pytest.approx(0.2, abs=0.01)


def test_means_are_planned_from_a_base_and_its_spread():
    plan = jl.growth.power(tiny_shop(), metric="revenue", base=5, spread=20, effect=0.1, visitors_a_day=5000)
    textbook = 2 * (1.959964 + 0.841621) ** 2 * 20**2 / 0.5**2
    assert plan.n == pytest.approx(2 * textbook, rel=1e-3)
    assert "Welch" in plan.formula


def test_ratios_are_planned_by_the_delta_method(visited):
    _, shop = visited
    plan = jl.growth.power(shop, metric="order value", effect=0.1)
    assert plan.n > 100
    for view in plan.views:
        assert plan.chart(view).to_dict()["$schema"]


def test_what_takes_more_than_a_year_is_said(visited):
    _, shop = visited
    plan = jl.growth.power(shop, effect=0.005)
    assert math.isnan(plan.needed)
    assert "more than a year" in plan.headline()


def test_what_cannot_be_planned_is_refused(visited):
    _, shop = visited
    with pytest.raises(jl.BadParameter, match="cannot rise"):
        jl.growth.power(tiny_shop(), base=0.9, effect=0.5)
    with pytest.raises(jl.BadParameter, match="no metric"):
        jl.growth.power(shop, metric="clicks")
    with pytest.raises(jl.BadParameter, match="quantile"):
        jl.growth.power(shop, metric="median of revenue")
    with pytest.raises(jl.NotEnoughData, match="none had any"):
        jl.growth.power(shop, metric="event refund")


def test_a_shop_without_events_needs_a_base(tmp_path):
    frames = simulated(seed=41, units=300)
    shop = frames_shop(tmp_path, {"orders": frames["orders"]})
    with pytest.raises(jl.NotEnoughData, match="no events"):
        jl.growth.power(shop)
    assert jl.growth.power(shop, base=0.1).headline().endswith("visitors.")


def test_the_call_it_carries_makes_the_same_plan_again(visited):
    _, shop = visited
    plan = jl.growth.power(shop, effect=0.3, variants=3)
    scope = {"jl": jl, "shop": shop}
    exec("\n".join(plan.call.lines()), scope)
    pd.testing.assert_frame_equal(scope["power"].table(), plan.table())
