"""Customers who answer several times: intervals that still hold, moments by hand, lines by customers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from ibis import _

import journeylab as jl
from journeylab.customers import answers, respondents, score_course, score_interval, score_trend
from journeylab.customers.answers import KINDS
from journeylab.data.examples import shop_of

_POINTS = np.array([-100.0, 0.0, 100.0])


def sums_of(points: np.ndarray, who: np.ndarray) -> dict[str, float]:
    """Return sums and moments of the answers of one series, by hand."""
    each = pd.DataFrame({"who": who, "points": points}).groupby("who")["points"].agg(["size", "sum"])
    n, total = each["size"].to_numpy(float), each["sum"].to_numpy(float)
    return {
        "n": len(points), "total": points.sum(), "squares": (points**2).sum(), "people": len(each),
        "nn": (n**2).sum(), "tn": (total * n).sum(), "tt": (total**2).sum(),
    }  # fmt: skip


def drawn(people: int, most: int, again: float, times: int, seed: int) -> pd.DataFrame:
    """Return sums of series of people who answer 1 to `most` times, and say what they said before by a chance."""
    rng = np.random.default_rng(seed)
    count = rng.integers(1, most + 1, (times, people))
    first = rng.choice(_POINTS, (times, people), p=[0.3, 0.3, 0.4])
    total, squares = first.copy(), first**2
    for place in range(1, most):
        there = count > place
        said = np.where(rng.random((times, people)) < again, first, rng.choice(_POINTS, first.shape, p=[0.3, 0.3, 0.4]))
        total, squares = total + there * said, squares + there * said**2
    return pd.DataFrame(
        {
            "n": count.sum(axis=1), "total": total.sum(axis=1), "squares": squares.sum(axis=1), "people": people,
            "nn": (count**2).sum(axis=1), "tn": (total * count).sum(axis=1), "tt": (total**2).sum(axis=1),
        }
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("people", "most", "again"), [(300, 3, 0.7), (300, 3, 0.0), (60, 8, 0.9), (40, 3, 1.0)])
def test_the_interval_covers_the_truth_although_customers_answer_again(people: int, most: int, again: float):
    rows = drawn(people, most, again, 4000, seed=5)
    lower, upper = score_interval.interval(*respondents.effective(rows, level=0.95), KINDS["nps"])
    assert 0.935 <= np.mean((lower <= 10) & (upper >= 10)) <= 0.97
    alone = score_interval.interval(rows["n"], rows["total"], rows["squares"], KINDS["nps"])
    if again:
        assert np.mean((alone[0] <= 10) & (alone[1] >= 10)) < 0.91


def test_an_answer_a_customer_changes_nothing():
    one_each = pd.DataFrame([sums_of(np.array([-100.0, 0, 100, 100]), np.arange(4))])
    assert respondents.design(one_each, level=0.95).tolist() == [1.0]


@pytest.mark.parametrize(
    ("points", "who", "least", "most"),
    [
        ([100.0] * 40, [0] * 40, 40, 40),  # one customer alone: one answer
        ([100.0] * 40, [0] * 20 + [1] * 20, 20, 40),  # all alike
        ([100.0] * 20 + [-100.0] * 20, list(range(20)) * 2, 1, 1.2),  # whoever answers twice says both: not below one
    ],
)
def test_the_design_stays_between_one_and_the_answers(points, who, least, most):
    got = float(respondents.design(pd.DataFrame([sums_of(np.array(points), np.array(who))]), level=0.95)[0])
    assert least <= got <= most


#: Customers who answer day by day: six of ten are promoters, always; the rest detract. Some do not say who they are.
ANSWERED = """SELECT 'r' || i AS response_id,
    CASE WHEN i % 41 = 40 THEN NULL ELSE 'c' || (i % {people}) END AS customer_id,
    DATE '2026-03-20' + CAST(i // {people} AS INTEGER) AS day,
    (DATE '2026-03-20' + CAST(i // {people} AS INTEGER))::TIMESTAMP AS answered_at, 'nps' AS kind,
    CASE WHEN i % 10 < 6 THEN 10 ELSE 2 END::DOUBLE AS score, 10::DOUBLE AS scale, 'x' AS touchpoint
    FROM range({n}) t(i)"""


def repeating(people: int, each: int) -> jl.Dataset:
    """Return a shop whose customers answer day by day."""
    return shop_of({"surveys": ANSWERED.format(people=people, n=people * each)})


def test_ten_customers_who_answer_forty_times_are_ten_and_not_four_hundred():
    shop = shop_of(
        {
            "surveys": """SELECT 'r' || i AS response_id, 'c' || (i % 10) AS customer_id,
                DATE '2026-03-20' + CAST(i // 10 AS INTEGER) AS day, TIMESTAMP '2026-03-20' AS answered_at,
                'nps' AS kind, CASE WHEN i % 10 < 6 THEN 10 ELSE 2 END::DOUBLE AS score FROM range(400) t(i)"""
        }
    )
    found = jl.customers.feedback(shop)
    row = found.whole.iloc[0]
    assert (row["n"], row["customers"], row["score"]) == (400, 10, 20)
    assert row["lower"] < -30
    assert row["upper"] > 60
    assert any(said.startswith("400 answers of 10 customers: ") for said in found.caveats)
    assert (found.trend["upper"] - found.trend["lower"] > 80).all()


def test_moments_agree_with_a_count_by_hand_and_an_answer_of_nobody_stands_alone():
    shop = repeating(30, 8)
    asked = answers.asked(shop, "nps")
    got = answers.counted(shop, asked, "kind").iloc[0]
    rows = shop.run(asked)
    want = sums_of(rows["points"].to_numpy(float), rows["customer_id"].fillna(rows["response_id"]).to_numpy())
    assert {name: float(got[name]) for name in want} == pytest.approx(want)
    assert rows["customer_id"].isna().any()


def test_the_line_through_answers_goes_by_customers_as_by_hand():
    shop = repeating(30, 8)
    asked = answers.asked(shop, "nps")
    whole = answers.counted(shop, asked, "kind")
    got = score_course.slope(shop, asked, answers.counted(shop, asked, "day"), whole, level=0.95)
    rows = shop.run(asked)
    x = (rows["day"] - rows["day"].min()).dt.days.to_numpy(float)
    x, y = x - x.mean(), rows["points"].to_numpy(float)
    steep = (x @ y) / (x @ x)
    pulls = pd.Series(x * (y - y.mean() - steep * x)).groupby(rows["customer_id"].fillna(rows["response_id"])).sum()
    error = np.sqrt((pulls**2).sum() * len(pulls) / (len(pulls) - 1)) / (x @ x)
    from scipy.stats import t

    half = t.ppf(0.975, len(pulls) - 1) * error
    month = 365.25 / 12
    assert got.a_month == pytest.approx(steep * month)
    assert (got.lower, got.upper) == pytest.approx(((steep - half) * month, (steep + half) * month))


def test_a_level_that_changes_with_who_answers_when_is_found_less_often_if_few_answer_often():
    rng = np.random.default_rng(2)
    days = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=60), "n": 20})
    total = 20 * np.repeat(rng.normal(0, 25, 12), 5)  # a few people, each answering for some days
    days = days.assign(total=total, squares=20 * 7000.0)
    assert len(score_trend.changes(days, smallest=30)) > len(score_trend.changes(days, smallest=30, less=100.0))


def test_groups_of_customers_who_repeat_themselves_are_clear_less_easily():
    shop = repeating(30, 8)
    rows = shop.run(shop.table("surveys").group_by("customer_id").agg(n=_.count()))
    assert rows["n"].max() > 1
    found = jl.customers.feedback(shop, by="touchpoint")
    assert found.rows["customers"].iloc[0] < found.rows["n"].iloc[0]


def test_the_overview_says_the_same_interval_as_feedback():
    orders = """SELECT 'o' || i AS order_id, DATE '2026-03-20' + i::INTEGER AS day,
        TIMESTAMP '2026-03-20' AS ordered_at,
        'completed' AS status, 20::DECIMAL(18,4) AS net FROM range(8) t(i)"""
    shop = shop_of({"orders": orders, "surveys": ANSWERED.format(people=30, n=240)})
    want, found = jl.customers.feedback(shop).whole.iloc[0], jl.overview(shop)["nps"]
    assert want["customers"] < want["n"]
    assert (found.value, found.lower, found.upper) == pytest.approx(tuple(want[["score", "lower", "upper"]]))
