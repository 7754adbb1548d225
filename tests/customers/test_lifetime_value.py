"""Lifetime value as a shop sees it: money scales, levers push the right way, and the proof stands beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab import words
from journeylab.customers.bg_nbd import BgNbd
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.gamma_gamma import GammaGamma
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.customers.value_methods import formulas
from journeylab.data.examples import regulars_shop, shop_of
from journeylab.errors import BadParameter
from tests.customers.crowds import buyers, shop_from


@pytest.fixture(scope="module")
def on_cdnow(cdnow_shop):
    return cdnow_shop, jl.customers.holdout(cdnow_shop, weeks=39, by="cohort", free_orders=True)


def value(on_cdnow, **options):
    shop, tested = on_cdnow
    return jl.customers.lifetime_value(shop, tested=tested, **options)


def test_margin_and_order_value_scale_money_and_intervals_and_nothing_else(on_cdnow):
    one, two = value(on_cdnow, margin=0.2), value(on_cdnow, margin=0.4)
    three = value(on_cdnow, margin=0.2, order_value=2.0)
    for column in ("margin", "lower", "upper"):
        assert two.groups[column].to_numpy() == pytest.approx(2 * one.groups[column].to_numpy())
        assert three.groups[column].to_numpy() == pytest.approx(2 * one.groups[column].to_numpy())
    assert two.groups["share"].tolist() == pytest.approx(one.groups["share"].tolist())


def test_groups_add_up_to_all_and_hold_all_customers(on_cdnow):
    table = value(on_cdnow).table()
    parts, whole = table[table["group"] != "all"], table[table["group"] == "all"].iloc[0]
    assert parts["customers"].sum() == whole["customers"] == 2357
    assert parts["margin"].sum() == pytest.approx(whole["margin"])
    assert np.all((table["lower"] <= table["margin"]) & (table["margin"] <= table["upper"]))


def test_the_total_of_an_interval_is_narrower_than_the_sum_of_its_groups(on_cdnow):
    table = value(on_cdnow).table()
    parts, whole = table[table["group"] != "all"], table[table["group"] == "all"].iloc[0]
    assert whole["upper"] - whole["lower"] < (parts["upper"] - parts["lower"]).sum()


def test_a_longer_horizon_is_worth_more_and_a_higher_discount_less(on_cdnow):
    worth = [value(on_cdnow, horizon=months).total["margin"] for months in (3, 12, 36)]
    assert worth[0] < worth[1] < worth[2]
    assert value(on_cdnow, horizon=36, discount=0.3).total["margin"] < worth[2]
    assert value(on_cdnow, horizon=36, discount=0.0).total["margin"] > worth[2]


def test_without_discount_the_value_is_purchases_times_spend_times_margin(on_cdnow):
    tested = on_cdnow[1]
    bought = tested.model.expected_purchases(tested.customers.base, WEEKS_A_YEAR)
    money = float(bought @ tested.customers.money(tested.spend, tested.average))
    assert value(on_cdnow, discount=0.0, margin=0.5).total["margin"] == pytest.approx(money / 2, rel=1e-6)


def test_each_lever_raises_the_value_and_the_view_of_levers_says_by_how_much(on_cdnow):
    plain = value(on_cdnow)
    gains = plain.levers.set_index("lever")["gain"]
    for lever, name in (("order_value", "order value"), ("pace", "purchase rate"), ("retention", "customers kept")):
        moved = value(on_cdnow, **{lever: 1.05}).total["margin"]
        assert moved - plain.total["margin"] == pytest.approx(gains[name], rel=1e-3)
        assert gains[name] > 0


def test_months_end_at_the_total_and_never_fall(on_cdnow):
    result = value(on_cdnow, horizon=18)
    last = result.months.iloc[-1]
    for column in ("margin", "lower", "upper"):
        assert last[column] == pytest.approx(result.total[column], rel=1e-6)
    assert np.all(np.diff(result.months["margin"]) > 0)


def test_the_three_methods_stand_side_by_side_with_cost_taken_off(on_cdnow):
    table = value(on_cdnow, cost=7.0).methods.set_index("method")
    assert table.index.tolist() == ["model", "formula", "history"]
    assert (table["margin"] - table["profit"]).tolist() == pytest.approx([7, 7, 7])
    assert table.loc["model", "lower"] < table.loc["model", "margin"] < table.loc["model", "upper"]


def margins(on_cdnow, **options):
    return value(on_cdnow, **options).methods["margin"].to_numpy()


def test_every_method_follows_the_horizon_the_discount_and_every_lever(on_cdnow):
    plain = margins(on_cdnow)
    assert np.all(margins(on_cdnow, horizon=6) < plain)
    assert np.all(margins(on_cdnow, discount=0.3) < plain)
    assert margins(on_cdnow, order_value=1.1) == pytest.approx(1.1 * plain)
    for lever in ("pace", "retention"):
        more, less = (margins(on_cdnow, **{lever: size}) for size in (1.1, 0.9))
        assert np.all(less < plain)
        assert np.all(plain < more)


def test_history_agrees_with_counting_customers_week_by_week(on_cdnow, cdnow):
    days = cdnow.rows.groupby(["id", "day"], as_index=False)["net"].sum()
    first = days.groupby("id")["day"].transform("min")
    days = days.assign(age=(days["day"] - first).dt.days, seen=(pd.Timestamp("1998-06-30") - first).dt.days)
    people = days.drop_duplicates("id")
    expected = days.loc[days["age"] == 0, "net"].sum() / 2357
    weeks, year = 13, WEEKS_A_YEAR
    for week in range(weeks + 1):
        part = min(3 * year / 12 - week, 1)
        some = days[(days["age"] > 7 * week) & (days["age"] <= 7 * week + 7) & (days["seen"] >= 7 * week + 7)]
        expected += part * some["net"].sum() / (people["seen"] >= 7 * week + 7).sum()
    assert margins(on_cdnow, horizon=3, discount=0.0)[2] == pytest.approx(0.4 * expected, rel=1e-9)


def test_the_formula_without_end_and_discount_is_the_one_that_is_taught(on_cdnow):
    tested = on_cdnow[1]
    options = {"pace": 1.0, "discount": 0.0, "dropout": 1.0}
    far, taught = formulas(tested, 1e6, 1.0, options)
    assert far == pytest.approx(taught)
    rows, age = tested.rows, float(tested.customers.base.count @ tested.customers.base.age)
    order_value = (rows["spend"] + rows["first_net"]).sum() / (rows["n"] * (rows["frequency"] + 1)).sum()
    a_year = (rows["n"] * (rows["frequency"] + 1)).sum() / age * WEEKS_A_YEAR
    lifespan = -39 / np.log(tested.kept) / WEEKS_A_YEAR
    assert taught == pytest.approx(order_value * a_year * lifespan)


def test_history_says_nothing_beyond_what_customers_have_been_seen_for(on_cdnow):
    result = value(on_cdnow, horizon=24)
    assert np.isnan(result.methods["margin"].iloc[2])
    assert any("History is left blank" in caveat for caveat in result.caveats)
    assert result.chart("methods").to_dict()["config"]


def test_the_model_and_history_agree_where_the_model_is_true():
    rows = buyers(BgNbd(1.2, 10.0, 0.8, 3.0), GammaGamma(6.0, 7.0, 40.0), customers=1500, weeks=90, seed=3)
    shop = shop_from(rows)
    table = jl.customers.lifetime_value(shop, discount=0.0, level=0.99).methods.set_index("method")
    assert table.loc["model", "lower"] < table.loc["history", "margin"] < table.loc["model", "upper"]
    assert table.loc["history", "n"] == 1500


def test_the_top_tenth_holds_more_than_a_tenth_and_tenths_add_up(on_cdnow):
    table = value(on_cdnow).concentration
    assert table["share"].sum() == pytest.approx(1)
    assert table["share"].iloc[0] > 0.5
    assert np.all(np.diff(table["share"]) <= 1e-12)


def test_a_value_is_never_said_without_its_hold_out_error(on_cdnow):
    said = value(on_cdnow).headline()
    assert "on 39 weeks it had not seen" in said
    assert "−12.1 % off in purchases" in said


def test_with_levers_the_headline_says_that_it_is_an_assumption_and_what_they_add(on_cdnow):
    plain, kept = value(on_cdnow), value(on_cdnow, retention=1.05)
    gain = float(kept.total["margin"] - plain.total["margin"])
    assert kept.today == pytest.approx(float(plain.total["margin"]))
    assert kept.headline().startswith("With customers kept a year +5.0 %, 2,357 customers would bring about")
    assert (
        f"{words.money(gain, kept.currency)} more ({words.signed(gain / kept.today)}) than as things are"
        in kept.headline()
    )
    assert "will bring" in plain.headline()
    assert not plain.changed
    assert any("is assumed" in caveat for caveat in kept.caveats)
    assert not any("is assumed" in caveat for caveat in plain.caveats)


def test_the_workbook_has_every_view_and_the_published_parameters(on_cdnow):
    made = value(on_cdnow, cost=10.0)
    sheets = made.sheets()
    assert [len(sheets[name]) for name in ("Months", "Methods", "Levers", "Concentration", "New customer")] == [
        13, 3, 3, 10, 13,
    ]  # fmt: skip
    found = made.parameters.set_index(["model", "parameter"])
    model = made.tested.model
    for name, error in zip(model.NAMES, model.estimate.standard_errors, strict=True):
        assert found.loc[(model.NAME, name), "value"] == pytest.approx(getattr(model, name))
        assert found.loc[(model.NAME, name), "standard_error"] == pytest.approx(error)
    assert (found["lower"] < found["value"]).all()
    assert (found["value"] < found["upper"]).all()


def test_what_a_new_customer_is_expected_to_buy_is_what_simulated_ones_buy(on_cdnow):
    made = value(on_cdnow)
    rng = np.random.default_rng(5)
    newcomers = CustomerBase(*np.zeros((3, 1)))
    bought = made.tested.model.sample(newcomers, WEEKS_A_YEAR, 40_000, rng)
    last = made.newcomer.iloc[-1]
    assert last["purchases"] == pytest.approx(bought.mean(), rel=0.05)
    assert last["none"] == pytest.approx((bought == 0).mean(), abs=0.01)
    assert made.newcomer.iloc[0].tolist() == [0.0, 0.0, 1.0]


def test_the_cost_of_winning_a_customer_is_seen(on_cdnow):
    drawn = str(value(on_cdnow, cost=10.0).chart("methods").to_dict())
    assert "after winning them" in drawn
    assert "times its cost" in drawn
    assert "after winning them" not in str(value(on_cdnow).chart("methods").to_dict())


def test_every_view_draws_and_the_call_can_be_run_again(on_cdnow):
    result = value(on_cdnow, margin=0.3)
    for view in result.views:
        assert result.chart(view).to_dict()["config"]
    assert "tested = jl.customers.holdout(shop, weeks=39, by='cohort', free_orders=True)" in result.call.python()


def test_doubling_every_price_doubles_the_value():
    def shop(factor):
        plain = regulars_shop()
        rows = plain.run(plain.table("orders"))
        values = ", ".join(
            f"('{r.order_id}', '{r.customer_id}', DATE '{r.day:%Y-%m-%d}', {factor * r.net})" for r in rows.itertuples()
        )
        return shop_of({"orders": f"""SELECT order_id, customer_id, day, day::TIMESTAMP AS ordered_at,
            'completed' AS status, net::DECIMAL(18,4) AS net
            FROM (VALUES {values}) t(order_id, customer_id, day, net)"""})  # fmt: skip

    one, two = (jl.customers.lifetime_value(shop(factor)).total["margin"] for factor in (1, 2))
    assert two == pytest.approx(2 * one, rel=1e-6)


@pytest.mark.parametrize(
    "options", [{"horizon": 0}, {"margin": 1.2}, {"discount": -0.1}, {"cost": -1}, {"retention": 3.0}, {"tested": 5}]
)
def test_what_makes_no_sense_is_refused(on_cdnow, options):
    with pytest.raises(BadParameter):
        jl.customers.lifetime_value(on_cdnow[0], **{"tested": on_cdnow[1], **options})
