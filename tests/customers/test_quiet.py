"""Who is gone and who is just quiet: the list, its intervals, and the map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers.bg_nbd import BgNbd
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.gamma_gamma import GammaGamma
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.data.examples import regulars_shop
from journeylab.errors import BadParameter
from tests.customers.crowds import buyers, shop_from
from tests.customers.test_holdout import one_large


@pytest.fixture(scope="module")
def on_cdnow(cdnow_shop):
    tested = jl.customers.holdout(cdnow_shop, weeks=39, free_orders=True)
    return cdnow_shop, tested, jl.customers.quiet(cdnow_shop, tested=tested, free_orders=True, top=60)


def test_the_list_is_sorted_by_loss_and_each_row_is_what_the_model_says(on_cdnow):
    _, tested, result = on_cdnow
    table = result.table()
    assert len(table) == 60
    assert np.all(np.diff(table["loss"]) <= 0)
    row = table.iloc[10]
    alive, loss = row["p_alive"], row["loss"]
    assert row["expected"] == pytest.approx(loss / (1 - alive) * alive)
    assert set(table["verdict"]) <= {"gone", "in doubt", "just quiet"}
    assert np.all(table.loc[table["verdict"] == "gone", "p_alive"] < 0.1)
    assert result.looked_at == tested.customers.base.repeaters


def test_one_customer_recomputed_by_hand_agrees(on_cdnow):
    shop, tested, result = on_cdnow
    row = result.table().iloc[5]
    orders = shop.run(shop.table("orders").filter(shop.table("orders").customer_id == row["customer_id"]))
    days = orders.groupby(pd.to_datetime(orders["day"]))["net"].sum().astype(float).sort_index()
    x, weeks = len(days) - 1, [(day - days.index[0]).days / 7 for day in (days.index[-1], pd.Timestamp(tested.until))]
    base = CustomerBase(np.array([x]), weeks[:1], weeks[1:])
    spend = tested.spend.expected_spend(np.array([x]), np.array([days.iloc[1:].mean()]))[0]
    alive = tested.model.p_alive(base)[0]
    assert row["purchases"] == len(days)
    assert row["p_alive"] == pytest.approx(alive)
    bought = tested.model.expected_purchases(base, WEEKS_A_YEAR)[0]
    assert row["expected"] == pytest.approx(0.4 * spend * bought, rel=1e-9)


def test_predictive_intervals_hold_the_expectation_and_follow_the_seed(on_cdnow):
    shop, tested, result = on_cdnow
    again = jl.customers.quiet(shop, tested=tested, free_orders=True, top=60)
    other = jl.customers.quiet(shop, tested=tested, free_orders=True, top=60, seed=9)
    assert again.table().equals(result.table())
    assert not other.table()["upper"].equals(result.table()["upper"])
    assert np.all(result.table()["lower"] <= result.table()["expected"])


def test_the_map_holds_every_customer_and_silence_lowers_the_chance(on_cdnow):
    _, _, result = on_cdnow
    assert result.cells["n"].sum() == 2357
    often = result.cells[result.cells["frequency"] == "5–9"]
    assert often["p_alive"].is_monotonic_decreasing
    for view in result.views:
        assert result.chart(view).to_dict()["config"]


def test_one_time_buyers_are_left_open_where_the_model_cannot_lose_them(on_cdnow):
    shop, tested, _ = on_cdnow
    assert tested.model.NAME == "BG/NBD"
    cells = jl.customers.quiet(shop, tested=tested, free_orders=True, top=1).cells
    assert cells["p_alive"].isna().equals(cells["frequency"] == "0")
    modified = jl.customers.holdout(shop, weeks=39, model="MBG/NBD", free_orders=True)
    assert jl.customers.quiet(shop, tested=modified, free_orders=True, top=1).cells["p_alive"].notna().all()


def test_where_nobody_is_taken_for_lost_no_loss_is_shared_out():
    result = jl.customers.quiet(one_large(10))
    said = "Hardly any margin is lost to silence: the model takes nearly all of 61 repeat customers for alive"
    assert result.headline() == f"{said}; {result.tested.proof()}."


def test_the_error_on_weeks_not_seen_stands_in_the_sentence_and_its_warnings_below(on_cdnow):
    _, tested, result = on_cdnow
    assert "−12.1 % off in purchases and " in tested.proof()
    assert result.headline().endswith(f" listed; {tested.proof()}.")
    assert tested.warnings
    assert set(tested.warnings) <= set(result.caveats)


def test_purchases_are_counted_as_the_test_counted_them(on_cdnow):
    shop, tested, result = on_cdnow
    unsaid = jl.customers.quiet(shop, tested=tested, top=60)
    assert unsaid.table().equals(result.table())
    with pytest.raises(BadParameter, match="come to zero"):
        jl.customers.quiet(shop, tested=jl.customers.holdout(shop, weeks=39, model="BG/NBD"), free_orders=True)


def test_the_test_of_another_shop_period_or_choice_is_refused(on_cdnow):
    shop, tested, _ = on_cdnow
    for other in (regulars_shop(), shop.between("1997-01-01", "1998-03-31"), shop.choose(zero_orders="leave_out")):
        with pytest.raises(BadParameter, match="another shop"):
            jl.customers.quiet(other, tested=tested)
        with pytest.raises(BadParameter, match="another shop"):
            jl.customers.lifetime_value(other, tested=tested)
    named = shop.with_trait("kind", tested.histories.rows.mutate(kind=tested.histories.rows.customer_id))
    assert jl.customers.lifetime_value(named, tested=tested).total["customers"] == 2357


def test_predictive_intervals_of_a_customer_cover_what_came_about_as_often_as_the_level_says():
    """On simulated customers with known truth, by the model's own conditional draws under drawn parameters."""
    from journeylab.customers.bg_nbd import BgNbd
    from journeylab.customers.simulated_base import simulate_base

    truth = BgNbd(2.0, 6.0, 0.6, 6.0)
    shop = simulate_base(truth, age=np.full(1500, 50.0), follow=26, seed=4)
    fitted = BgNbd.fit(shop.seen)
    often = shop.seen.frequency >= 5
    base, later = shop.seen.take(often), shop.later[often]
    rng = np.random.default_rng(0)
    drawn = np.concatenate(
        [fitted.with_parameters(values).sample(base, 26, 10, rng) for values in fitted.estimate.draws(60, seed=1)]
    )
    lower, upper = np.quantile(drawn, [0.05, 0.95], axis=0)
    covered = ((lower <= later) & (later <= upper)).mean()
    assert 0.88 <= covered <= 0.98


def test_intervals_of_a_customers_money_cover_what_came_about_as_often_as_the_level_says():
    """The whole way: orders of a simulated shop up to a day, the intervals, and the money of the half year after."""
    truth, spend = BgNbd(2.0, 8.0, 0.7, 6.0), GammaGamma(6.0, 6.0, 30.0)
    covered = []
    for seed in (5, 6):
        rows = buyers(truth, spend, customers=700, weeks=96, seed=seed)
        last = 7 * 70
        seen = pd.concat([rows[rows["day"] < last], rows.tail(1).assign(day=last)])
        later = rows[(rows["day"] > last) & (rows["day"] <= last + 26 * 7)].groupby("customer_id")["net"].sum()
        shop = shop_from(seen)
        tested = jl.customers.holdout(shop, model="BG/NBD")
        table = jl.customers.quiet(shop, tested=tested, horizon=6, margin=1.0, top=400, level=0.9).customers
        came = table["customer_id"].map(later).fillna(0.0)
        covered.append(((table["lower"] <= came + 1e-9) & (came <= table["upper"])).mean())
    assert 0.86 <= np.mean(covered) <= 0.97
