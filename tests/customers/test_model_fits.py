"""Groups fitted apart, and spend by frequency."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers.bg_nbd import BgNbd
from journeylab.customers.holdout import Holdout
from journeylab.customers.model_fits import likelihood_ratio
from journeylab.customers.simulated_base import simulate_base
from journeylab.data.examples import shop_of


def shop_of_two(one, other, seed):
    """Return a shop of customers of two countries, each with a truth of its own, as orders by day."""
    rng = np.random.default_rng(seed)
    rows = []
    for country, truth in (("AT", one), ("DE", other)):
        rate, _, until = truth.sample_lifetimes(400, rng)
        for i in range(400):
            start = int(rng.integers(0, 120))
            gaps = rng.exponential(1 / max(rate[i], 1e-9), 200).cumsum()[: int(min(until[i], 200))]
            days = sorted({start, *(start + int(np.ceil(7 * gap)) for gap in gaps)})
            rows += [f"('{country}{i}', DATE '2025-01-01' + {day}, '{country}')" for day in days if day < 364]
    values = ", ".join([*rows, "('AT0', DATE '2025-12-30', 'AT')"])
    return shop_of({"orders": f"""SELECT row_number() OVER ()::VARCHAR AS order_id, customer_id, day, country,
        day::TIMESTAMP AS ordered_at, 'completed' AS status, 20::DECIMAL(18,4) AS net
        FROM (VALUES {values}) t(customer_id, day, country)"""})  # fmt: skip


TRUTH, OTHER = BgNbd(1.2, 8.0, 0.9, 4.0), BgNbd(1.2, 20.0, 0.9, 2.0)


def fits(one, other, seed):
    shop = shop_of_two(one, other, seed)
    return jl.customers.model_fits(shop, tested=jl.customers.holdout(shop, model="BG/NBD", by="country"))


@pytest.mark.slow
def test_groups_with_one_truth_differ_about_as_seldom_as_the_level_says():
    p_values = []
    for seed in range(40):
        bases = {}
        for group in (0, 1):
            age = np.random.default_rng(2 * seed + group).integers(30, 52, 300)
            bases[str(group)] = simulate_base(TRUTH, age=age, unit=1 / 7, seed=1000 * group + seed).seen
        p_values.append(likelihood_ratio(BgNbd, {name: BgNbd.fit(base) for name, base in bases.items()}, bases))
    assert np.mean(np.array(p_values) < 0.05) <= 0.15
    assert 0.3 < np.median(p_values) < 0.7


def test_groups_with_two_truths_differ():
    different = fits(TRUTH, OTHER, 1)
    assert different.p_value < 1e-6
    assert "differ beyond chance" in different.headline()


def test_each_group_comes_back_with_its_own_rate_within_its_interval():
    table = fits(TRUTH, OTHER, 2).table().set_index("group")
    for group, truth in (("AT", TRUTH), ("DE", OTHER)):
        true = 365.25 / 7 * truth.r / truth.alpha
        assert 0.85 * table.loc[group, "a_year_lower"] < true < 1.15 * table.loc[group, "a_year_upper"]
    assert np.all((table["kept_lower"] <= table["kept"]) & (table["kept"] <= table["kept_upper"]))
    assert table.index[-1] == "all"
    assert table.loc["all", "customers"] == 800


def test_spend_by_frequency_on_cdnow_agrees_with_counting_customers(cdnow_shop, cdnow):
    tested = jl.customers.holdout(cdnow_shop, weeks=39, free_orders=True)
    result = jl.customers.model_fits(cdnow_shop, tested=tested)
    frame = cdnow.rows.groupby(["id", "day"], as_index=False)["net"].sum()
    first = frame.groupby("id")["day"].transform("min")
    repeats = frame[frame["day"] > first].groupby("id")["net"].agg(["size", "mean"])
    counted = repeats.groupby(repeats["size"].clip(upper=8))["mean"].agg(["size", "mean", "std"])
    assert result.spend["n"].tolist() == counted["size"].tolist()
    assert result.spend["average"].to_numpy() == pytest.approx(counted["mean"].to_numpy())
    half = 1.959964 * counted["std"] / np.sqrt(counted["size"])
    assert (result.spend["upper"] - result.spend["average"]).to_numpy() == pytest.approx(half.to_numpy(), rel=1e-5)
    assert np.isnan(result.p_value)
    for view in result.views:
        assert result.chart(view).to_dict()["config"]


def test_small_groups_are_left_out_and_said(online_retail):
    tested = jl.customers.holdout(online_retail, model="BG/NBD", by="country")
    assert isinstance(tested, Holdout)
    result = jl.customers.model_fits(online_retail, tested=tested)
    assert set(result.table()["group"]) >= {"United Kingdom", "Germany", "France", "all"}
    assert any("left out" in caveat for caveat in result.caveats)
    assert pd.notna(result.p_value)
