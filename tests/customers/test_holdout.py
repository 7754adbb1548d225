"""The hold-out test: its arithmetic, its choice, and what it says on CDNOW, Online Retail and simulated shops."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtri

import journeylab as jl
from journeylab.customers import holdout_scores as scores
from journeylab.customers.bg_nbd import BgNbd, MbgNbd
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.gamma_gamma import GammaGamma
from journeylab.customers.history_worth import total_ends
from journeylab.customers.holdout_rules import FORMULA, NAIVE, OWN, RULES, rules
from journeylab.customers.value_curve import WEEKS_A_YEAR, Spenders
from journeylab.data.examples import regulars_shop, shop_of, tiny_shop
from journeylab.errors import BadParameter, NotEnoughData
from tests.customers.crowds import binomial_bounds, buyers, kinds, shop_from

TRUTH = BgNbd(0.9, 6.0, 0.8, 3.0)


@pytest.fixture(scope="module")
def on_cdnow(cdnow_shop):
    return jl.customers.holdout(cdnow_shop, weeks=39, free_orders=True)


def test_on_cdnow_the_published_totals_and_means_come_out_of_the_engine(on_cdnow):
    assert on_cdnow.split.isoformat() == "1997-09-30"
    assert on_cdnow.errors["actual"].unique().tolist() == [1882]
    table = on_cdnow.errors.set_index("method")
    assert table.loc["BG/NBD", "log_likelihood"] == pytest.approx(-9582.4, abs=0.05)
    assert table.loc["Pareto/NBD", "log_likelihood"] == pytest.approx(-9595.0, abs=0.05)
    best = {"BG/NBD": [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]}[on_cdnow.model.NAME]
    assert on_cdnow.by_frequency["predicted"].tolist() == pytest.approx(best, abs=1e-3)
    actual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    assert on_cdnow.by_frequency["actual"].tolist() == pytest.approx(actual, abs=1e-3)


def test_the_naive_rule_is_far_off_on_cdnow_and_the_headline_says_both(on_cdnow, cdnow):
    naive = on_cdnow.errors.set_index("method").loc[NAIVE, "total_error"]
    assert naive == pytest.approx(2457 / cdnow.base.age.sum() * 39 * 2357 / 1882 - 1)
    assert "12.1 % fewer purchases than there were" in on_cdnow.headline()
    assert "55.6 % more" in on_cdnow.headline()


def test_tracking_adds_up_to_all_repeat_purchases_and_to_the_new_customer_curve(on_cdnow, cdnow):
    last = on_cdnow.tracking.groupby("series")["cumulative"].last()
    assert last["actual"] == 2457 + 1882
    ages = cdnow.base.age + 39
    fitted = BgNbd.fit(cdnow.base)
    assert last["model"] == pytest.approx(fitted.new_customer(ages).sum(), rel=1e-9)


def test_the_chosen_model_has_the_smallest_error_over_frequency_classes(on_cdnow):
    models = on_cdnow.errors[~on_cdnow.errors["method"].isin(RULES)]
    assert models.loc[models["error"].idxmin(), "method"] == on_cdnow.model.NAME
    assert models["chosen"].sum() == 1
    assert any("was chosen for its hold-out error" in caveat for caveat in on_cdnow.caveats)


def test_classes_that_are_off_both_ways_do_not_cancel_in_the_error():
    base = CustomerBase([0, 1], [0, 5], [10, 10], [100, 100])
    model = BgNbd(1, 10, 1, 3)
    each = model.expected_purchases(base, 10) * 100
    table = scores.errors({"BG/NBD": model}, base, each + np.array([30, -30]), 10.0).set_index("method")
    assert table.loc["BG/NBD", "total_error"] == pytest.approx(0)
    assert table.loc["BG/NBD", "error"] == pytest.approx(60 / each.sum())


def test_the_rules_of_thumb_are_what_can_be_worked_out_by_hand():
    """Two customers bought again in the last 10 of 40 weeks, one did not, and one came too late to be asked."""
    base = CustomerBase([3, 1, 2, 0], [35, 31, 20, 0], [40, 40, 40, 5])
    seen = pd.DataFrame({"spend": [90.0, 10.0, 40.0, 0.0], "first_net": [10.0, 10.0, 10.0, 50.0], "later_net": 25.0})
    found = rules(base, 10.0, seen, average=140 / 6)
    assert found[NAIVE].purchases == pytest.approx([6 / 125 * 10] * 4)
    assert found[NAIVE].money.sum() == pytest.approx(4 * 6 / 125 * 10 * 140 / 6)
    assert found[OWN].purchases == pytest.approx([3 / 4, 1 / 4, 2 / 4, 0])
    assert found[OWN].money == pytest.approx([90 / 4, 10 / 4, 40 / 4, 0])
    leaving = -np.log(2 / 3) / 10
    orders = 10 / 125 * (1 - 2 / 3) / leaving
    assert found[FORMULA].purchases == pytest.approx([orders] * 4)
    assert found[FORMULA].money.sum() == pytest.approx(4 * orders * 220 / 10)
    short = rules(CustomerBase([1, 0], [4, 0], [5, 5]), 10.0, None, 1.0)
    assert short[FORMULA].purchases[0] == pytest.approx(3 / 10 * (1 - 2**-4) / (np.log(2) / 2.5))
    assert np.isnan(rules(CustomerBase([0], [0], [0]), 10.0, None, 1.0)[FORMULA].purchases[0])


def test_every_method_has_its_money_and_the_chosen_one_is_the_money_of_the_test(on_cdnow):
    table = on_cdnow.errors.set_index("method")
    assert table.loc[on_cdnow.model.NAME, "money"] == on_cdnow.money[0]
    assert table["money_error"].tolist() == pytest.approx((table["money"] / on_cdnow.money[1] - 1).tolist())
    assert set(table.index) == {"BG/NBD", "MBG/NBD", "Pareto/NBD", *RULES}
    assert on_cdnow.by_frequency["own"].iloc[0] == 0
    assert np.all(np.diff(on_cdnow.by_frequency["own"]) > 0)
    assert table.loc[OWN, "error"] != pytest.approx(table.loc[NAIVE, "error"])


def test_the_interval_of_the_money_of_the_test_is_that_of_a_value_over_as_long():
    shop = regulars_shop()
    tested = jl.customers.holdout(shop, model="BG/NBD")
    value = jl.customers.lifetime_value(shop, tested=tested, horizon=6, margin=1.0, discount=0.0).total
    ends = total_ends(
        tested.model, tested.spend, tested.average, tested.rows, weekly=False, horizon=WEEKS_A_YEAR / 2, level=0.95
    )
    assert ends == pytest.approx((value["lower"], value["upper"]), rel=1e-6)
    assert tested.money_ends[0] < tested.money[0] < tested.money_ends[1]


def test_money_that_is_off_is_warned_of_where_purchases_are_not_and_beside_every_value():
    rows = buyers(BgNbd(2.0, 8.0, 0.7, 6.0), GammaGamma(6.0, 6.0, 30.0), customers=600, weeks=80, seed=3)
    dearer = rows.assign(net=rows["net"] * np.where(rows["day"] > 54 * 7, 2.0, 1.0))
    plain, doubled = (jl.customers.holdout(shop_from(orders), weeks=26, model="BG/NBD") for orders in (rows, dearer))
    assert doubled.total_error == plain.total_error
    assert abs(plain.money_error) < 0.1
    assert plain.warnings == ()
    assert doubled.money_error == pytest.approx((1 + plain.money_error) / 2 - 1, abs=0.01)
    said = " ".join(doubled.warnings)
    assert f"The money was off by {-100 * doubled.money_error:.1f} %" in said
    assert "which lies outside" in said
    value = jl.customers.lifetime_value(shop_from(dearer), tested=doubled)
    assert set(doubled.warnings) <= set(value.caveats)
    off = f"in money the test was off by {-100 * doubled.money_error:.0f} %"
    assert any(off in caveat for caveat in value.caveats)
    assert not any(
        "to either side" in said for said in jl.customers.lifetime_value(shop_from(rows), tested=plain).caveats
    )


def test_frequent_customers_who_spend_more_are_said_with_the_interval_of_the_correlation():
    rng = np.random.default_rng(8)
    rate = rng.integers(2, 12, 120)
    who = np.repeat(np.arange(120), rate)
    net = 10.0 + 3 * rate[who] + rng.normal(0, 8, len(who)).clip(-9, 30)
    shop = shop_from(
        pd.DataFrame({"customer_id": [f"c{w}" for w in who], "day": rng.integers(0, 300, len(who)), "net": net})
    )
    result = jl.customers.holdout(shop, model="BG/NBD")
    said = next(caveat for caveat in result.caveats if "spend differently" in caveat)
    lower, upper = map(float, re.search(r"95 % interval (\S+) to (\S+)\);", said).groups())
    n = result.customers.base.repeaters
    assert lower < result.spend_correlation < upper
    assert np.arctanh(upper) - np.arctanh(lower) == pytest.approx(2 * 1.96 / np.sqrt(n - 3), abs=0.05)


def test_a_rule_that_was_nearer_in_total_is_said_though_the_model_has_the_smaller_error_by_class(online_retail):
    result = jl.customers.holdout(online_retail)
    table = result.errors.set_index("method")
    assert table.loc[NAIVE, "error"] > table.loc[result.model.NAME, "error"]
    assert abs(table.loc[NAIVE, "total_error"]) < abs(result.total_error)
    nearer = table.loc[list(RULES), "total_error"].abs().idxmin()
    assert f"In total the rule “{nearer}” was nearer than the model: +4.3 % in purchases" in " ".join(result.warnings)


def calibrated(chance_times: float) -> pd.DataFrame:
    """Return the tenths of customers of a true model, whose answers are drawn again at so many times their chance."""
    from journeylab.customers.simulated_base import simulate_base

    shop = simulate_base(TRUTH, age=np.full(20_000, 40.0), follow=20, unit=1.0, seed=1)
    bought = shop.later > 0
    if chance_times < 1:
        bought &= np.random.default_rng(2).random(len(bought)) < chance_times
    return scores.calibration(TRUTH, shop.seen, bought.astype(float), 20.0, 0.9)


def test_calibration_covers_the_predicted_chance_as_often_as_the_level_says_when_the_model_is_true():
    table = calibrated(1.0)
    assert table["of"].sum() == 20_000
    assert np.all(np.diff(table["predicted"]) > 0)
    inside = (table["lower"] <= table["predicted"]) & (table["predicted"] <= table["upper"])
    low, high = binomial_bounds(len(table), 0.9)
    assert low <= inside.sum() <= high
    misses = (table["rate"] - table["predicted"]) / np.sqrt(table["predicted"] * (1 - table["predicted"]) / table["of"])
    assert np.square(misses).sum() < chdtri(len(table), 0.001)


def test_calibration_shows_a_chance_that_is_a_tenth_too_high():
    table = calibrated(0.9)
    inside = (table["lower"] <= table["predicted"]) & (table["predicted"] <= table["upper"])
    assert inside.sum() < binomial_bounds(len(table), 0.9)[0]


def test_a_model_can_be_asked_for_and_that_is_said():
    asked = jl.customers.holdout(regulars_shop(), model="MBG/NBD")
    assert isinstance(asked.model, MbgNbd)
    assert "was asked for" in asked.caveats[0]
    with pytest.raises(BadParameter, match="model"):
        jl.customers.holdout(regulars_shop(), model="magic")


def test_online_retail_has_no_dropout_to_find_and_a_season_and_both_are_said(online_retail):
    result = jl.customers.holdout(online_retail)
    assert result.total_error == pytest.approx(-0.185, abs=0.01)
    said = " ".join(result.caveats)
    assert "do not settle how customers drop out" in said
    assert "know no season" in said


def test_where_every_purchase_costs_the_same_money_is_off_as_much_as_purchases():
    plain = regulars_shop()
    rows = plain.run(plain.table("orders"))
    values = ", ".join(f"('{r.order_id}', '{r.customer_id}', DATE '{r.day:%Y-%m-%d}')" for r in rows.itertuples())
    same = shop_of({"orders": f"""SELECT order_id, customer_id, day, day::TIMESTAMP AS ordered_at,
        'completed' AS status, 25::DECIMAL(18,4) AS net
        FROM (VALUES {values}) t(order_id, customer_id, day)"""})  # fmt: skip
    result = jl.customers.holdout(same, model="BG/NBD")
    assert result.spend is None
    assert result.average == 25
    assert result.money_error == pytest.approx(result.total_error)


def test_customers_whose_spend_has_no_mean_are_taken_at_the_average_of_the_others():
    shop = kinds(31, each=60)[0]
    result = jl.customers.holdout(shop, weeks=17)
    assert result.spend.q <= 1
    assert (result.rows["frequency"] == 0).sum() == 0
    assert np.isfinite(result.money_error)
    some = Spenders(CustomerBase([0, 3], [0, 20], [30, 30]), np.array([0.0, 90.0]), np.zeros(2), np.zeros(2, int), 1)
    assert some.money(GammaGamma(6.0, 0.8, 15.0), 40.0)[0] == 40.0


def test_expected_money_on_cdnow_is_expected_purchases_times_expected_spend(on_cdnow, cdnow):
    from journeylab.customers.gamma_gamma import GammaGamma

    base, some = cdnow.base, cdnow.repeater & (cdnow.average > 0)
    spend = GammaGamma.fit(base.frequency[some], cdnow.average[some])
    expected = BgNbd.fit(base).expected_purchases(base, 39) @ spend.expected_spend(base.frequency, cdnow.average)
    assert on_cdnow.money[0] == pytest.approx(expected, rel=1e-6)


def test_groups_split_the_customers_and_leave_the_test_as_it_is(online_retail):
    plain, grouped = (jl.customers.holdout(online_retail, model="BG/NBD", by=by) for by in (None, "country"))
    assert grouped.rows["n"].sum() == plain.rows["n"].sum()
    assert grouped.total_error == plain.total_error
    assert grouped.model.parameters == pytest.approx(plain.model.parameters, rel=1e-6)
    with pytest.raises(BadParameter, match="by"):
        jl.customers.holdout(online_retail, by="device")


def test_where_half_of_the_customers_give_everything_back_half_the_money_is_expected():
    rng = np.random.default_rng(0)
    kept = [(f"c{c}", int(day), 100.0) for c in range(200) for day in rng.integers(0, 300, 4)]
    back = [(who, day + 3, -100.0) for who, day, _ in kept if int(who[1:]) % 2]
    plain, less = (shop_from(pd.DataFrame([*rows, ("c0", 310, 100.0)], columns=["customer_id", "day", "net"]))
                   for rows in (kept, kept + back))  # fmt: skip
    without, with_returns = (jl.customers.holdout(shop, model="BG/NBD") for shop in (plain, less))
    assert with_returns.rows["n"].sum() == without.rows["n"].sum()
    past = with_returns.rows[["spend", "first_net"]].sum().sum()
    assert past == pytest.approx(sum(net for *_, net in [*kept, *back]) + 100)
    values = [float(result.curve.value(52.0)[0].sum()) for result in (without, with_returns)]
    assert values[1] / values[0] == pytest.approx(0.5, abs=0.03)
    assert any("taken off the customer's money" in said for said in with_returns.caveats)


def everyone_once(days):
    return shop_of({"orders": f"""SELECT 'o' || i AS order_id, 'c' || i AS customer_id,
        DATE '2026-01-01' + CAST(i % {days} AS INTEGER) AS day, TIMESTAMP '2026-01-01' AS ordered_at,
        'completed' AS status, 10::DECIMAL(18,4) AS net FROM range(500) t(i)"""})  # fmt: skip


def test_a_shop_nobody_came_back_to_and_a_shop_of_one_day_and_of_two_customers_say_so():
    with pytest.raises(NotEnoughData, match="bought again"):
        jl.customers.holdout(everyone_once(200))
    with pytest.raises(NotEnoughData, match="weeks"):
        jl.customers.holdout(everyone_once(1))
    with pytest.raises(NotEnoughData, match="30 customers"):
        jl.customers.holdout(tiny_shop(), weeks=2)


def one_large(repeats):
    """Sixty customers who buy every five weeks, and one who buys as often, for a thousand times as much."""
    return shop_of({"orders": f"""SELECT 'o' || i AS order_id, 'c' || (i % 61) AS customer_id,
        DATE '2025-01-01' + CAST(i // 61 * 35 + i % 35 AS INTEGER) AS day, TIMESTAMP '2025-01-01' AS ordered_at,
        'completed' AS status, (CASE WHEN i % 61 = 60 THEN 20000 ELSE 15 + i % 7 END)::DECIMAL(18,4) AS net
        FROM range({61 * repeats}) t(i)"""})  # fmt: skip


def test_customers_who_buy_like_clockwork_have_figures_in_every_model():
    assert jl.customers.holdout(one_large(10)).errors[["predicted", "error"]].notna().all(axis=None)
    tested = jl.customers.holdout(one_large(10), model="MBG/NBD")
    value = jl.customers.lifetime_value(one_large(10), tested=tested)
    assert np.isfinite(value.groups[["margin", "lower", "upper"]]).all(axis=None)


def test_a_customer_on_whom_the_money_hangs_is_pointed_out_with_at_least_its_share():
    caveat = next(said for said in jl.customers.holdout(one_large(10)).caveats if said.startswith("One customer"))
    assert "brought 9" in caveat
    assert not any("One customer" in said for said in jl.customers.holdout(regulars_shop()).caveats)


def test_weeks_held_out_must_leave_half_of_the_history():
    with pytest.raises(BadParameter, match="weeks"):
        jl.customers.holdout(regulars_shop(), weeks=40)
