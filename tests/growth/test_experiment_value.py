import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop
from journeylab.growth import buyers
from tests.growth.shops import frames_shop, simulated


@pytest.fixture(scope="module")
def conflict(tmp_path_factory):
    """B wins 40 % more buyers, four in five of them with a discount, who are worth a fifth."""
    frames = simulated(seed=60, units=20_000, effect=0.4, worth=(100.0, 20.0), history=1500)
    return frames, frames_shop(tmp_path_factory.mktemp("conflict"), frames)


def test_a_test_that_wins_orders_and_loses_value_is_flagged(conflict):
    _, shop = conflict
    result = jl.growth.experiment_value(shop, by=["discount"])
    row = result.table().iloc[0]
    assert row["conversion_lower"] > 0 > row["upper"]
    assert row["conflict"]
    assert result.headline().startswith("Conflict: B brings more buyers and less value.")


def test_the_difference_is_what_pandas_says(conflict):
    frames, shop = conflict
    result = jl.growth.experiment_value(shop, by=["discount"], window="14d", horizon="365d")
    orders = frames["orders"].sort_values(["customer_id", "ordered_at"])
    end = pd.Timestamp(max(orders["day"].max(), frames["events"]["day"].max())) + pd.Timedelta(days=1)
    first = orders.groupby("customer_id").head(1)
    ripe = first[first["ordered_at"] + pd.Timedelta(days=365) <= end]
    joined = ripe.merge(orders, on="customer_id", suffixes=("", "_later"))
    inside = (joined["ordered_at_later"] < joined["ordered_at"] + pd.Timedelta(days=365)) & (
        joined["order_id_later"] != joined["order_id"]
    )
    spent = (
        joined["net_later"].where(inside, 0.0).groupby([joined["customer_id"], joined["discount_code"].notna()]).sum()
    )
    later = spent.groupby(level=1).mean()
    kinds = result.kinds.set_index("kind")
    assert kinds.loc["new, with discount", "later"] == pytest.approx(later[True])
    assert kinds.loc["new, without discount", "later"] == pytest.approx(later[False])
    assert kinds.loc["new, with discount", "n_past"] == ripe["discount_code"].notna().sum()

    came = orders[orders["order_id"].str.startswith("t")].merge(
        frames["exposures"], left_on="customer_id", right_on="unit_id"
    )
    came = came[came["variant"] == "B"]
    value = came["net"].sum() + sum(later[bool(d)] for d in came["discount_code"].notna())
    assert result.table()["value"][0] == pytest.approx(value / (frames["exposures"]["variant"] == "B").sum())


def test_half_the_margin_is_half_the_value(conflict):
    _, shop = conflict
    whole = jl.growth.experiment_value(shop, by=["discount"]).table().iloc[0]
    half = jl.growth.experiment_value(shop, by=["discount"], margin=0.5).table().iloc[0]
    for column in ("value", "effect", "lower", "upper"):
        assert half[column] == pytest.approx(whole[column] / 2)


def test_where_buyers_are_alike_there_is_no_conflict(tmp_path):
    frames = simulated(seed=61, units=12_000, effect=0.4, worth=(60.0, 60.0), history=1500, second=0.0)
    result = jl.growth.experiment_value(frames_shop(tmp_path, frames), by=["discount"])
    assert not result.table()["conflict"].any()
    assert "more margin per visitor over 12 months" in result.headline()


def test_an_order_of_two_equal_lines_is_of_one_kind_in_any_order_of_rows(tmp_path):
    frames = simulated(seed=64, units=300, history=100)
    line = frames["orders"][["order_id"]].assign(quantity=1, unit_price=10.0)
    lines = pd.concat([line.assign(category=c) for c in ("tea", "cups", "pots")], ignore_index=True)
    found = []
    for name, ascending in (("up", True), ("down", False)):
        folder = tmp_path / name
        folder.mkdir()
        shop = frames_shop(folder, {**frames, "order_lines": lines.sort_values("category", ascending=ascending)})
        found.append(set(shop.run(buyers.numbered(shop, ["category"]))["kind"]))
    assert found == [{"new, cups", "returning, cups"}] * 2


def test_an_uneven_split_is_refused_unless_it_was_planned(tmp_path):
    frames = simulated(seed=63, units=3000, history=300)
    lost = (frames["exposures"]["variant"] == "B") & (np.arange(3000) % 2 == 0)
    shop = frames_shop(tmp_path, {**frames, "exposures": frames["exposures"][~lost]})
    assert jl.growth.experiment_value(shop, by=[]).headline().startswith("No verdict: the split is broken")
    assert jl.growth.experiment_value(shop, by=[], split={"A": 2, "B": 1}).fit
    with pytest.raises(jl.BadParameter, match="planned split"):
        jl.growth.experiment_value(shop, by=[], split={"A": 2, "C": 1})


@pytest.mark.slow
def test_the_interval_holds_the_planted_difference_for_most_shops(tmp_path):
    held = []
    for seed in range(20):
        frames = simulated(seed=100 + seed, units=3000, effect=0.2, worth=(100.0, 20.0), history=800)
        folder = tmp_path / str(seed)
        folder.mkdir()
        shop = frames_shop(folder, frames)
        row = jl.growth.experiment_value(shop, by=["discount"]).table().iloc[0]
        # worth of a buyer: the order, and with chance .5 (or .1 with a discount) the same again
        dear, cheap = 100 * 1.5, 20 * 1.1
        truth = 0.12 * (0.2 * dear + 0.8 * cheap) - 0.1 * (0.8 * dear + 0.2 * cheap)
        held.append(row["lower"] <= truth <= row["upper"])
        shop.close()
    assert np.mean(held) >= 0.8


def test_a_past_shorter_than_the_horizon_is_said(tmp_path):
    frames = simulated(seed=62, units=500)
    recent = frames["orders"][frames["orders"]["ordered_at"] >= "2026-03-01"]
    with pytest.raises(jl.NotEnoughData, match="horizon"):
        jl.growth.experiment_value(frames_shop(tmp_path, {**frames, "orders": recent}), by=["discount"])


def test_what_is_missing_is_said_in_words(conflict, tmp_path):
    frames, shop = conflict
    with pytest.raises(jl.BadParameter, match="by must be one of"):
        jl.growth.experiment_value(shop, by=["category"])
    with pytest.raises(jl.SchemaError, match="no test"):
        jl.growth.experiment_value(tiny_shop())
    bare = frames_shop(tmp_path, {"exposures": frames["exposures"], "orders": frames["orders"]})
    with pytest.raises(jl.SchemaError, match="cannot be told"):
        jl.growth.experiment_value(bare)


def test_it_draws_and_its_call_runs_again(conflict):
    _, shop = conflict
    result = jl.growth.experiment_value(shop, margin=0.4)
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]
    scope = {"jl": jl, "shop": shop}
    exec("\n".join(result.call.lines()), scope)
    pd.testing.assert_frame_equal(scope["experiment_value"].table(), result.table())
