"""Who to write to: the formula by hand, the budget, the lots, the list that comes back, and a planted effect found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers import margin
from journeylab.customers.closed_loop import BEYOND, CONTACT, HELD, NOT_WORTH
from journeylab.customers.closed_loop_effect import _save_rate
from journeylab.data.examples import regulars_shop, shop_of


@pytest.fixture(scope="module")
def tested(spoken):
    return jl.customers.holdout(spoken, model="BG/NBD")


def test_recoverable_is_what_the_formula_says(spoken, tested):
    found = jl.customers.closed_loop(spoken, tested=tested, saved=0.3, cost=2.0)
    rows = found.customers
    assert rows["recoverable"].to_numpy() == pytest.approx((rows["p_alive"] * rows["value"] * 0.3 - 2.0).to_numpy())
    assert rows["recoverable"].is_monotonic_decreasing
    assert found.recoverable == pytest.approx(rows.loc[rows["plan"] == CONTACT, "recoverable"].sum())
    assert found.recoverable_lower <= found.recoverable <= found.recoverable_upper
    assert " of margin (" in found.headline()


def test_alive_and_value_agree_with_the_list_of_quiet_customers(spoken, tested):
    quiet = jl.customers.quiet(spoken, tested=tested, top=500).customers.set_index("customer_id")
    rows = jl.customers.closed_loop(spoken, tested=tested, since=400).customers.set_index("customer_id")
    both = rows.join(quiet, how="inner", rsuffix="_quiet")
    assert len(both) > 20
    assert both["p_alive"].to_numpy() == pytest.approx(both["p_alive_quiet"].to_numpy())
    assert (both["p_alive"] * both["value"]).to_numpy() == pytest.approx(both["expected"].to_numpy())


def test_only_whose_last_word_was_unhappy_is_on_the_list(spoken, tested):
    rows = jl.customers.closed_loop(spoken, tested=tested, since=400).customers
    answers = spoken.run(spoken.table("surveys")).dropna(subset=["customer_id"])
    answers = answers[answers["kind"] != "enps"]
    low = np.where(answers["kind"].isin(["nps", "yes_no"]), 0, 1)
    answers = answers.assign(place=(answers["score"] - low) / (answers["scale"] - low))
    answers = answers[answers["place"] <= 1][["customer_id", "answered_at", "response_id", "place"]]
    cases = spoken.run(spoken.table("tickets"))
    cases = pd.DataFrame(
        {
            "customer_id": cases["customer_id"],
            "answered_at": cases["opened_at"],
            "response_id": cases["ticket_id"],
            "place": cases["satisfied"].astype(float),
        }
    )
    said = pd.concat([answers, cases]).sort_values(["answered_at", "response_id"]).groupby("customer_id").tail(1)
    assert set(rows["customer_id"]) == set(said.loc[said["place"] <= 0.6, "customer_id"])


def test_a_budget_buys_the_best_and_the_held_out_cost_nothing(spoken, tested):
    free = jl.customers.closed_loop(spoken, tested=tested, cost=2.0, since=400, held=0.3)
    tight = jl.customers.closed_loop(spoken, tested=tested, cost=2.0, since=400, held=0.3, budget=20.0)
    assert tight.contacts == 10
    assert tight.contacts * tight.cost <= 20
    plans = tight.customers["plan"]
    assert plans[plans == CONTACT].index.max() < plans[plans == BEYOND].index.min()
    assert set(free.customers["plan"]) <= {CONTACT, HELD, NOT_WORTH}
    none = jl.customers.closed_loop(spoken, tested=tested, cost=2.0, since=400, budget=0.0)
    assert none.contacts == none.held == 0
    assert none.headline().startswith("The budget pays for no contact, though ")
    assert f" of {none.n} unhappy customers are worth one." in none.headline()


def test_whom_nobody_contacts_is_said_for_the_right_reason(spoken, tested):
    dear = jl.customers.closed_loop(spoken, tested=tested, cost=10_000.0, since=400)
    assert dear.headline() == f"None of {dear.n} unhappy customers is worth a contact at this cost and save rate."
    plans = dear.customers.assign(plan=[HELD] * 3 + [NOT_WORTH] * (dear.n - 3))
    held = replace(dear, customers=plans)
    assert held.headline().startswith(f"Nobody is to be contacted: 3 of {dear.n} unhappy customers are worth one, and")


def test_margin_is_what_the_unit_costs_come_to_unless_it_is_given(demo_customers, spoken, tested):
    share = margin.share_of_net(demo_customers)
    found = jl.customers.closed_loop(demo_customers)
    assert 0.5 < share < 0.6
    given = jl.customers.closed_loop(demo_customers, tested=found.tested, margin=share)
    pd.testing.assert_frame_equal(found.customers, given.customers)
    assert any(said.endswith("of net value, which is what your unit costs come to.") for said in found.caveats)
    lower = jl.customers.closed_loop(demo_customers, tested=found.tested, margin=0.4)
    assert lower.contacts < found.contacts
    assert any("which is your assumption; your unit costs come to" in said for said in lower.caveats)
    without = jl.customers.closed_loop(spoken, tested=tested)
    pd.testing.assert_frame_equal(
        without.customers, jl.customers.closed_loop(spoken, tested=tested, margin=margin.USUAL).customers
    )
    assert any("an assumption: no file has unit costs" in said for said in without.caveats)


def test_who_is_held_out_depends_on_seed_and_customer_alone(spoken, tested):
    def held(**options: object) -> set[str]:
        rows = jl.customers.closed_loop(spoken, tested=tested, since=400, held=0.3, cost=0.0, **options).customers
        return set(rows.loc[rows["plan"] == HELD, "customer_id"])

    assert held() == held(margin=0.6)
    assert held() != held(seed=2)
    share = len(held()) / jl.customers.closed_loop(spoken, tested=tested, since=400).n
    assert 0.1 < share < 0.5


def test_the_list_is_read_back_as_exposures(spoken, tested, tmp_path):
    made = jl.customers.closed_loop(spoken, tested=tested, since=400, cost=0.5)
    path, orders = tmp_path / "list.csv", tmp_path / "orders.csv"
    made.exposures().to_csv(path, index=False)
    spoken.run(spoken.table("orders")).drop(columns=["day", "delivered_at"]).to_csv(orders, index=False)
    shop = jl.read(orders, path)
    exposures = shop.run(shop.table("exposures"))
    assert set(exposures["unit"]) == {"customer"}
    assert set(exposures["unit_id"]) == set(made.exposures()["unit_id"])
    assert set(exposures["variant"]) == {CONTACT, HELD}
    shop.close()


def acted(gain: int) -> jl.Dataset:
    """Return 600 customers, a third held out, of whom those contacted order for `gain` more within the days."""
    return shop_of(
        {
            "orders": f"""
                SELECT 'o' || i || '-' || k AS order_id, 'c' || i AS customer_id,
                       DATE '2026-01-01' + CAST(k * 45 AS INTEGER) AS day,
                       (DATE '2026-01-01' + CAST(k * 45 AS INTEGER))::TIMESTAMP AS ordered_at, 'completed' AS status,
                       (20 + i * 37 % 41 + CASE WHEN k = 1 AND i % 3 > 0 THEN {gain} ELSE 0 END)::DECIMAL(18,4) AS net
                FROM range(600) a(i), range(4) b(k)""",
            "exposures": """
                SELECT 'closed loop' AS experiment, 'customer' AS unit, 'c' || i AS unit_id,
                       CASE WHEN i % 3 = 0 THEN 'hold-out' ELSE 'contact' END AS variant,
                       CASE WHEN i < 500 THEN TIMESTAMP '2026-01-31' ELSE TIMESTAMP '2026-05-10' END AS exposed_at
                FROM range(600) t(i)""",
            "surveys": """
                SELECT 'r' || i AS response_id, 'c' || i AS customer_id, TIMESTAMP '2026-02-10' AS answered_at,
                       DATE '2026-02-10' AS day, 'nps' AS kind,
                       CASE WHEN i % 3 > 0 THEN 9 ELSE 7 END::DOUBLE AS score FROM range(400) t(i)""",
        }
    )


def test_a_planted_effect_is_measured_and_no_effect_is_called_chance():
    found = jl.customers.closed_loop_effect(acted(8), days=60)
    rows = found.rows.set_index("outcome")
    net = rows.loc["net a customer"]
    assert net["lower"] <= 8 <= net["upper"]
    assert net["lower"] > 0
    assert "beyond chance" in found.headline()
    assert rows.loc["score after", "difference"] == pytest.approx(20)
    assert rows.loc["ordered", "difference"] == 0
    assert found.open == 100
    assert net["n_contact"] + net["n_holdout"] == 500
    assert "it may be chance" in jl.customers.closed_loop_effect(acted(0), days=60).headline()
    assert found.chart().to_dict()


def test_the_effect_comes_in_margin_after_the_contact_and_as_a_save_rate():
    found = jl.customers.closed_loop_effect(acted(8), days=60, margin=0.5, cost=1.0)
    rows = found.rows.set_index("outcome")
    net, gain, each = (rows.loc[name] for name in ("net a customer", "margin after the contact", "margin a customer"))
    for end in ("difference", "lower", "upper"):
        assert each[end] == pytest.approx(net[end] / 2)
        assert gain[end] == pytest.approx(net[end] / 2 - 1)
    assert found.saved == pytest.approx(net["contact"] / net["holdout"] - 1)
    assert found.saved_lower <= 8 / 80 <= found.saved_upper  # two orders of 40 each lie in the days
    assert found.saved_lower > 0
    assert "The measured save rate is 10 % (" in found.headline()
    assert "In margin, less the contact's cost: €" in found.headline()
    assert "margin after the contact" not in set(jl.customers.closed_loop_effect(acted(8), days=60).rows["outcome"])
    assert found.chart().to_dict()


def sides(contacted: np.ndarray, held: np.ndarray) -> pd.DataFrame:
    rows = [(len(x), x.sum(), (x**2).sum()) for x in (contacted, held)]
    return pd.DataFrame(rows, columns=["n", "total", "squares"], index=[CONTACT, HELD])


def test_the_interval_of_the_save_rate_covers_a_planted_one():
    rng = np.random.default_rng(6)
    covered = []
    for _ in range(1500):
        contacted = rng.gamma(0.8, 60, 200) * (rng.random(200) < 0.6)
        held = rng.gamma(0.8, 50, 100) * (rng.random(100) < 0.6)
        _saved, lower, upper = _save_rate(sides(contacted, held), 0.95)
        covered.append(lower <= 0.2 <= upper)
    assert 0.93 <= np.mean(covered) <= 0.975


def test_where_the_held_out_brought_too_little_no_save_rate_is_measured():
    nothing = _save_rate(sides(np.full(50, 9.0), np.zeros(20)), 0.95)
    assert np.isnan(nothing).all()
    hardly = np.zeros(20)
    hardly[0] = 10.0
    saved, lower, upper = _save_rate(sides(np.arange(50.0), hardly), 0.95)
    assert saved > 0
    assert np.isnan([lower, upper]).all()


def test_the_difference_has_welchs_interval():
    from scipy.stats import ttest_ind

    shop = acted(8)
    listed, orders = (shop.run(shop.table(name)) for name in ("exposures", "orders"))
    listed = listed[listed["exposed_at"] < "2026-05-01"].assign(day=lambda t: t["exposed_at"].dt.normalize())
    pairs = orders.merge(listed, left_on="customer_id", right_on="unit_id", suffixes=("", "_on"))
    after = (pairs["day"] - pairs["day_on"]).dt.days
    net = pairs[(after > 0) & (after <= 60)].groupby("unit_id")["net"].sum().astype(float)
    listed["net"] = listed["unit_id"].map(net).fillna(0.0)
    sides = [listed.loc[listed["variant"] == side, "net"] for side in (CONTACT, HELD)]
    want = ttest_ind(*sides, equal_var=False).confidence_interval(0.95)
    got = jl.customers.closed_loop_effect(shop, days=60).rows.iloc[0]
    assert (got["lower"], got["upper"]) == pytest.approx((want.low, want.high))


def test_what_is_missing_is_said(spoken, tested):
    with pytest.raises(jl.SchemaError, match="say whose they are"):
        jl.customers.closed_loop(regulars_shop())
    with pytest.raises(jl.NotEnoughData, match="was unhappy in these days"):
        jl.customers.closed_loop(spoken.between("2025-01-01", "2025-01-02"), tested=tested, since=1)
    with pytest.raises(jl.NotEnoughData, match="still wait"):
        jl.customers.closed_loop_effect(acted(1), days=300)
    with pytest.raises(jl.BadParameter, match="must be the Result"):
        jl.customers.closed_loop(spoken, tested="BG/NBD")


def test_the_demo_store_has_customers_worth_a_contact_and_the_charts_draw(demo_customers):
    shop = demo_customers
    found = jl.customers.closed_loop(shop, budget=500.0)
    assert found.contacts == 100
    assert found.recoverable > 0
    assert [found.chart(view).to_dict() for view in found.views]
