"""The replay: a shelf worked by hand, no peeking, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest

import journeylab as jl
from journeylab.errors import NotEnoughData
from journeylab.operations.policy_replay import OURS, RULE
from journeylab.operations.shelf_replay import replay
from tests.operations.stocked import count, stocked


def fixed(point: float, level: float):
    return lambda _day, _sold: (np.array([point]), np.array([level]))


def run(demand, *, start, coming=None, lead=2, review=1, policy=None, pack=1.0, moq=0.0):
    days = len(demand)
    return replay(
        np.array([demand], dtype=float),
        start=np.array([float(start)]),
        coming=np.zeros((1, days)) if coming is None else np.array([coming], dtype=float),
        leads=np.full((1, 1, days), lead),
        review=review,
        target=policy or fixed(4, 10),
        moq=np.array([moq]),
        pack=np.array([pack]),
    )


def test_a_shelf_worked_by_hand():
    made = run([3, 3, 3, 3, 3, 3], start=8)
    assert made.ordered[0, 0].tolist() == [0, 0, 8, 0, 0, 0]  # positions 8, 5, 2, 8 (on order), 8, 5
    assert made.stock[0, 0].tolist() == [5, 2, 0, 0, 5, 2]
    assert made.lost[0, 0].tolist() == [0, 0, 1, 3, 0, 0]


def test_units_are_neither_made_nor_lost():
    rng = np.random.default_rng(2)
    demand = rng.poisson(3, 60)
    coming = np.zeros(60)
    coming[4] = 7
    made = run(demand, start=20, coming=coming, lead=5, review=7, pack=4, moq=8)
    came = 20 + 7 + made.ordered[0, 0, :55].sum()
    sold = demand.sum() - made.lost.sum()
    assert came - sold == pytest.approx(made.stock[0, 0, -1])
    assert (made.stock >= 0).all()
    assert (made.ordered % 4 == 0).all()


def test_without_lead_time_an_order_is_there_at_once():
    made = run([3] * 5, start=0, lead=0, policy=fixed(3, 3))
    assert made.lost.sum() == 0
    assert made.ordered[0, 0].tolist() == [3] * 5


@pytest.fixture(scope="module")
def shop():
    return stocked(
        {"mug": 4, "bowl": 1},
        stock=[
            count("mug", 40),
            count("bowl", 30),
            count("mug", 60, at="2026-04-26"),
            count("bowl", 15, at="2026-04-26"),
        ],
        products=[("mug", "Pottery", 4, 7, 2, 12, 6), ("bowl", "Pottery", 5, 14, 3, 1, 1)],
    )


def test_the_replay_starts_from_the_stock_there_was(shop):
    made = jl.operations.policy_replay(shop, days=28, draws=3)
    assert str(made.first) == "2026-04-27"
    first = made.days.groupby("policy")["stock"].first()
    assert first[OURS] <= 60 * 4 + 15 * 5
    assert made.rows["demand"].tolist() == [28 * 5, 28 * 5]
    assert not any("No stock is known" in said for said in made.caveats)


def test_forecasts_of_the_replay_do_not_know_what_came_after(shop):
    """The same days with a boom on the last two: every order before it is the same."""
    boom = stocked(
        {"mug": 4, "bowl": 1},
        stock=[count("mug", 60, at="2026-04-26"), count("bowl", 15, at="2026-04-26")],
        products=[("mug", "Pottery", 4, 7, 2, 12, 6), ("bowl", "Pottery", 5, 14, 3, 1, 1)],
        lines="UNION ALL SELECT 'o' || i, 'mug', 'The mug', 90, 10 FROM range(138, 140) t(i)",
    )
    quiet = jl.operations.policy_replay(shop, days=28, draws=2, refresh=7).days
    loud = jl.operations.policy_replay(boom, days=28, draws=2, refresh=7).days
    before = quiet["day"] < "2026-05-23"
    assert quiet[before]["stock"].to_numpy() == pytest.approx(loud[before]["stock"].to_numpy())
    assert loud["lost"].sum() > quiet["lost"].sum()


def test_more_service_holds_no_less_and_loses_no_more(shop):
    low, high = (
        jl.operations.policy_replay(shop, days=28, draws=5, service=s).rows.set_index("policy") for s in (0.6, 0.99)
    )
    assert high.loc[OURS, "stock"] >= low.loc[OURS, "stock"]
    assert high.loc[OURS, "lost"] <= low.loc[OURS, "lost"] + 1e-9
    assert high.loc[RULE].equals(low.loc[RULE])


def test_a_seed_gives_the_same_draws_and_the_table_its_intervals(shop):
    one, two = (jl.operations.policy_replay(shop, days=21, draws=4, seed=5) for _time in range(2))
    assert one.table().equals(two.table())
    assert (one.rows["lower"] <= one.rows["lost"]).all()
    assert (one.rows["lost"] <= one.rows["upper"]).all()
    assert "30-day rule" in one.headline()
    for view in one.views:
        assert one.chart(view).to_dict()


def test_too_short_a_past_is_refused(shop):
    with pytest.raises(NotEnoughData, match="less than 60 days"):
        jl.operations.policy_replay(shop, days=120)


def test_without_a_history_of_stock_both_begin_alike():
    made = jl.operations.policy_replay(stocked({"mug": 4}), days=28, draws=2)
    assert any("both begin with" in said for said in made.caveats)
    assert not made.costed
    assert "units" in made.headline()


def test_lost_days_of_the_best_seller_are_asked_for_in_the_replay(demo):
    """Planted: COF-ESP-1000 was out from 10 to 18 February 2026."""
    from datetime import date

    from journeylab.operations.replay_days import asked

    until = demo.between("2024-07-01", "2026-03-31")
    _before, wanted = asked(until, ["COF-ESP-1000"], date(2026, 2, 10), date(2026, 3, 31))
    assert (wanted[0, :9] > 0).all()
    assert wanted[0, :9].sum() == pytest.approx(wanted[0, 9:].mean() * 9, rel=0.5)
