"""Margin at stake: by hand, never more than there is, planted leaks found, noise called noise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.journey import cells
from tests.journey.test_funnel import shop_with

STEPS = ["view", "cart", "purchase"]
DEMO = Path(__file__).resolve().parents[2] / "sample_data"


def store(seed, *, leak=1.0, visitors=3000):
    """Events of visitors by device and country; on mobile, `purchase` is passed `leak` times as often."""
    rng = np.random.default_rng(seed)
    mobile, north = rng.random(visitors) < 0.4, rng.random(visitors) < 0.5
    cart = rng.random(visitors) < np.where(north, 0.6, 0.4)
    buy = cart & (rng.random(visitors) < np.where(mobile, leak, 1.0) * np.where(north, 0.7, 0.5))
    rows = []
    for i in range(visitors):
        told = f"'{'mobile' if mobile[i] else 'desktop'}', '{'north' if north[i] else 'south'}'"
        rows.append(f"('v{i}', 0, 'view', {told})")
        if cart[i]:
            rows.append(f"('v{i}', 1, 'cart', {told})")
        if buy[i]:
            rows.append(f"('v{i}', 2, 'purchase', {told})")
    return rows, mobile, north, cart, buy


def shop_from(rows):
    return shop_of(
        {
            "events": "SELECT v AS visitor_id, TIMESTAMP '2026-01-01' + to_minutes(m) AS occurred_at, "
            "DATE '2026-01-01' AS day, event, device, country "
            f"FROM (VALUES {', '.join(rows)}) t(v, m, event, device, country)"
        }
    )


def test_the_steps_are_what_one_reckons_by_hand():
    log = [(f"v{i}", 0, "view") for i in range(10)] + [(f"v{i}", 1, "cart") for i in range(4)] + [("v0", 2, "purchase")]
    result = jl.journey.stake(shop_with(log), steps=STEPS, window=None, value=40, margin=0.25)
    assert result.rows["lost"].tolist() == [6, 3, 9]
    assert result.rows["margin"].tolist() == pytest.approx([6 * 0.25 * 10, 3 * 10, 45])
    assert (result.ceiling, result.realised) == (100, 10)


def test_all_steps_together_never_exceed_the_ceiling():
    for seed in range(3):
        shop = shop_from(store(seed, visitors=300)[0])
        for options in ({}, {"by": "device"}, {"by": "device", "strata": ["country"]}):
            result = jl.journey.stake(shop, steps=STEPS, window=None, value=50, **options)
            together = result.rows.iloc[-1]
            assert result.rows["margin"].iloc[:-1].sum() == pytest.approx(together["margin"])
            assert together["margin"] + result.realised <= result.ceiling + 1e-6
            assert together["upper"] <= result.ceiling


def test_doubling_the_value_doubles_the_money():
    shop = shop_from(store(1, visitors=400)[0])
    one, two = (jl.journey.stake(shop, steps=STEPS, window=None, value=v, by="device") for v in (20, 40))
    for column in ("margin", "lower", "upper"):
        assert (2 * one.rows[column]).tolist() == pytest.approx(two.rows[column].tolist())
        assert (2 * one.leaks[column]).tolist() == pytest.approx(two.leaks[column].tolist())


def test_a_planted_leak_is_found_and_what_it_costs_lies_in_the_interval():
    rows, mobile, north, cart, _buy = store(3, leak=0.6)
    result = jl.journey.stake(
        shop_from(rows), steps=STEPS, window=None, by="device", strata=["country"], value=100, margin=0.3
    )
    top = result.found().iloc[0]
    truth = (np.where(north, 0.7, 0.5)[mobile & cart] * 0.4).sum() * 30
    assert (top["group"], top["step"]) == ("mobile", "purchase")
    assert top["lower"] < truth < top["upper"]
    assert result.headline().startswith("mobile passes purchase at ")
    assert " where other visitors of the same country do at " in result.headline()


def test_strata_take_away_a_difference_that_is_only_one_of_mix():
    rng = np.random.default_rng(8)
    rows = []
    for i in range(4000):
        north = rng.random() < 0.5
        mobile = rng.random() < (0.8 if north else 0.2)
        told = f"'{'mobile' if mobile else 'desktop'}', '{'north' if north else 'south'}'"
        rows.append(f"('v{i}', 0, 'view', {told})")
        if rng.random() < (0.3 if north else 0.6):
            rows.append(f"('v{i}', 1, 'purchase', {told})")
    plain = {"steps": ["view", "purchase"], "window": None, "by": "device", "value": 1}
    shop = shop_from(rows)
    assert len(jl.journey.stake(shop, **plain).found()) == 1
    assert jl.journey.stake(shop, **plain, strata=["country"]).found().empty


def test_noise_is_called_noise_in_at_least_95_of_100_seeds():
    rng, found = np.random.default_rng(11), 0
    for _ in range(100):
        counts = np.array([[rng.multinomial(n, [0.5, 0.2, 0.1, 0.2])] for n in (900, 700, 300, 60)])[:, 0]
        grid = cells.Grid(
            ("a", "b", "c", "d"), np.array(["m", "d", "t", "x"]), np.zeros(4, "int64"), counts.astype(float),
            np.full(4, 10.0), np.zeros(4), 0, (1, 2, 3, 4),
        )  # fmt: skip
        found += bool(cells.leaks(grid, grid.draw(rng, 100), 0.05, 365)["clear"].any())
    assert found <= 5


@pytest.mark.slow
def test_stores_without_any_story_show_no_finding_in_at_least_95_of_100_seeds():
    quiet = 0
    for seed in range(100):
        shop = shop_from(store(seed, visitors=600)[0])
        result = jl.journey.stake(
            shop, steps=STEPS, window=None, by="device", strata=["country"], value=10, draws=100, seed=seed
        )
        quiet += result.found().empty
        shop.close()
    assert quiet >= 95


@pytest.mark.slow
def test_the_interval_covers_a_planted_leak_about_as_often_as_its_level_says():
    covered = 0
    for seed in range(40):
        rows, mobile, north, cart, _buy = store(seed, leak=0.7, visitors=1500)
        shop = shop_from(rows)
        result = jl.journey.stake(shop, steps=STEPS, window=None, by="device", strata=["country"], value=1, margin=1)
        row = result.leaks.query("group == 'mobile' and step == 'purchase'").iloc[0]
        truth = (np.where(north, 0.7, 0.5)[mobile & cart] * 0.3).sum()
        covered += row["lower"] <= truth <= row["upper"]
        shop.close()
    assert covered >= 31


def test_the_value_comes_from_the_events_else_from_the_orders_and_costs_give_the_margin():
    events = """SELECT visitor_id, TIMESTAMP '2026-01-01' + to_minutes(m) AS occurred_at, DATE '2026-01-01' AS day,
        event, value::DECIMAL(18,4) AS value FROM (VALUES ('v', 0, 'a', NULL), ('v', 1, 'b', 30), ('w', 0, 'a', NULL),
        ('w', 1, 'b', 50), ('x', 0, 'a', NULL)) t(visitor_id, m, event, value)"""
    orders = """SELECT '1' AS order_id, TIMESTAMP '2026-01-01' AS ordered_at, DATE '2026-01-01' AS day,
        'completed' AS status, 70::DECIMAL(18,4) AS net"""
    lines = """SELECT '1' AS order_id, 'p' AS product, 2::DECIMAL(18,4) AS quantity, 40::DECIMAL(18,4) AS unit_price,
        10::DECIMAL(18,4) AS discount, 14::DECIMAL(18,4) AS unit_cost"""
    shop = shop_of({"events": events, "orders": orders, "order_lines": lines})
    result = jl.journey.stake(shop, steps=["a", "b"], window=None)
    assert (result.worth.value, result.worth.margin) == (40, pytest.approx(0.6))
    bare = shop_of({"events": events.replace("value::DECIMAL(18,4) AS value", "1 AS z"), "orders": orders})
    assert jl.journey.stake(bare, steps=["a", "b"], window=None).worth.value == 70
    with pytest.raises(jl.NotEnoughData, match="worth"):
        jl.journey.stake(shop_with([("v", 0, "a"), ("v", 1, "b")]), steps=["a", "b"], window=None)


def ordered_shop(costs="14::DECIMAL(18,4) AS unit_cost"):
    """Two visitors who buy, one of them twice; what their events say of money holds tax and shipping."""
    events = """SELECT visitor_id, TIMESTAMP '2026-01-01' + to_minutes(m) AS occurred_at, DATE '2026-01-01' AS day,
        event, value::DECIMAL(18,4) AS value, order_id FROM (VALUES ('v', 0, 'a', NULL, NULL), ('v', 1, 'b', 90, '1'),
        ('w', 0, 'a', NULL, NULL), ('w', 1, 'b', 60, '2'), ('w', 2, 'b', 30, '3'), ('x', 0, 'a', NULL, NULL))
        t(visitor_id, m, event, value, order_id)"""
    orders = """SELECT order_id, TIMESTAMP '2026-01-01' AS ordered_at, DATE '2026-01-01' AS day,
        status, net::DECIMAL(18,4) AS net FROM (VALUES ('1', 'completed', 70), ('2', 'completed', 40),
        ('3', 'completed', 20), ('4', 'completed', 900)) t(order_id, status, net)"""
    lines = f"""SELECT order_id, 'p' AS product, 2::DECIMAL(18,4) AS quantity, 40::DECIMAL(18,4) AS unit_price, {costs}
        FROM (VALUES ('1'), ('2'), ('3')) t(order_id)"""
    return shop_of({"events": events, "orders": orders, "order_lines": lines})


def test_a_conversion_is_worth_what_the_order_it_names_leaves_and_one_visitor_counts_once():
    left = jl.journey.stake(ordered_shop(), steps=["a", "b"], window=None)
    # 70 - 28 by one visitor; 40 - 28 and 20 - 28 by the other, on average 2
    assert (left.worth.value, left.worth.margin) == (pytest.approx((42 + 2) / 2), 1.0)
    assert left.rows["margin"].iloc[-1] == pytest.approx(22)  # one was lost
    share = jl.journey.stake(ordered_shop(), steps=["a", "b"], window=None, margin=0.5)
    assert (share.worth.value, share.worth.margin) == (pytest.approx((70 + 30) / 2), 0.5)
    bare = jl.journey.stake(ordered_shop("1 AS z"), steps=["a", "b"], window=None)
    assert (bare.worth.value, bare.worth.margin) == (pytest.approx(50), 1.0)
    assert "revenue stands for margin" in bare.caveats[0]


def test_where_no_step_names_an_order_the_mean_of_the_orders_that_events_name_stands_in():
    assert jl.journey.stake(ordered_shop(), steps=["a", "a"], window=None).worth.value == pytest.approx(
        (42 + 12 - 8) / 3
    )


def test_the_same_call_gives_the_same_figures_and_every_view_draws():
    shop = shop_from(store(5, visitors=300)[0])
    one, two = (jl.journey.stake(shop, steps=STEPS, window=None, value=9, by="device") for _ in range(2))
    assert one.table().equals(two.table())
    for view in one.views:
        assert one.chart(view).to_dict()["$schema"]


@pytest.mark.slow
def test_the_mobile_leak_of_the_demo_store_lies_in_the_interval():
    truth = json.loads((DEMO / "truths.json").read_text())["leaks"][0]
    shop = jl.read(str(DEMO / "shopify_orders.csv"), str(DEMO / "events.parquet"))
    result = jl.journey.stake(
        shop,
        steps=["add_to_cart", "begin_checkout", "add_shipping_info", "add_payment_info", truth["step"]],
        window="1d",
        unit="session",
        by="device",
        value=truth["mean_margin_of_an_order"],
        margin=1.0,
    )
    top = result.found().iloc[0]
    assert (top["group"], top["step"]) == (truth["device"], truth["step"])
    assert top["lower"] < truth["margin_at_stake"] < top["upper"]


@pytest.mark.slow
def test_the_leak_is_found_as_dear_as_it_is_when_nobody_says_what_an_order_is_worth():
    truth = json.loads((DEMO / "truths.json").read_text())["leaks"][0]
    shop = jl.read(*(str(DEMO / name) for name in ("shopify_orders.csv", "events.parquet", "purchasing.csv")))
    steps = ["add_to_cart", "begin_checkout", "add_shipping_info", "add_payment_info", truth["step"]]
    top = jl.journey.stake(shop, steps=steps, window="1d", unit="session", by="device").found().iloc[0]
    assert (top["group"], top["step"]) == (truth["device"], truth["step"])
    assert top["lower"] < truth["margin_at_stake"] < top["upper"]


def steady(days=28, a_day=40):
    """A stream of visitors: one in two puts into the cart, one in five of those buys, ten days later."""
    log = []
    for day in range(days):
        for i in range(a_day):
            at, name = day * 24 * 60 + i, f"v{day}x{i}"
            log.append((name, at, "view", "mobile" if i % 4 else "desktop"))
            if i % 2 == 0:
                log.append((name, at + 1, "cart", "mobile"))
                if i % 10 == 0 and day + 10 < days:
                    log.append((name, at + 10 * 24 * 60, "purchase", "mobile"))
    return shop_with(log)


def test_a_window_that_is_still_open_does_not_make_the_rates_look_better():
    result = jl.journey.stake(steady(), steps=STEPS, window="14d", value=100)
    cart = result.rows.set_index("step").loc["cart"]
    assert cart["rate"] == pytest.approx(0.2), "one in five of those who put into the cart buys"
    assert cart["of"] == 14 * 40
    assert cart["margin_a_year"] == pytest.approx(cart["margin"] * 365 / 14)


def test_a_period_shorter_than_the_window_is_said_in_a_sentence():
    with pytest.raises(jl.NotEnoughData, match="early enough for the whole window"):
        jl.journey.stake(steady(days=5), steps=STEPS, window="14d", value=100)


def test_a_breakdown_does_not_narrow_the_interval_of_the_whole():
    orders = """SELECT i::VARCHAR AS order_id, TIMESTAMP '2026-01-01' AS ordered_at, DATE '2026-01-01' AS day,
        'completed' AS status, (20 + 60 * (i % 2))::DECIMAL(18,4) AS net FROM range(12) t(i)"""
    rng = np.random.default_rng(0)
    rows = [f"('v{i}', 0, 'view', 'd{i % 16}', 'x')" for i in range(1600)]
    rows += [f"('v{i}', 1, 'purchase', 'd{i % 16}', 'x')" for i in range(1600) if rng.random() < 0.3]
    events = (
        "SELECT v AS visitor_id, TIMESTAMP '2026-01-01' + to_minutes(m) AS occurred_at, DATE '2026-01-01' AS day, "
        f"event, device, country FROM (VALUES {', '.join(rows)}) t(v, m, event, device, country)"
    )
    shop = shop_of({"events": events, "orders": orders})
    widths = []
    for options in ({}, {"by": "device"}):
        whole = jl.journey.stake(shop, steps=["view", "purchase"], window=None, **options).rows.iloc[-1]
        widths.append(whole["upper"] - whole["lower"])
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_a_small_cell_of_misses_is_tested_exactly():
    exact = cells.mantel_haenszel(*(np.array([float(x)]) for x in (28, 30, 990, 1000)))
    assert exact == pytest.approx(0.045, abs=0.001)


def test_those_who_came_too_late_to_be_followed_are_counted_by_name_and_day():
    result = jl.journey.stake(steady(), steps=STEPS, window="14d", value=100, unit="session", gap="20d")
    (late,) = (said for said in result.caveats if "left out" in said)
    assert late == (
        "560 entrants of the last 14 days (from 15 Jan 2026 on), 16 of whom converted, are left out: they had not had "
        "the whole time yet, and of those who come late only the quick are seen to convert."
    )
    assert any(said.startswith("Sessions of one visitor are alike") for said in result.caveats)


def test_where_nothing_is_held_equal_the_others_are_not_called_comparable():
    shop = shop_from(store(3, leak=0.5, visitors=1000)[0])
    result = jl.journey.stake(shop, steps=STEPS, window=None, by="device", value=100)
    assert " where the other visitors do at " in result.headline()
    assert any("with nothing held equal" in said for said in result.caveats)
