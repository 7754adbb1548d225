import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop
from tests.growth.shops import small


@pytest.fixture(scope="module")
def torn():
    """B converts more units, whose revenue is lower: 12 % and 16 % of units, worth 105 and 64 each."""
    exposed = [(f"u{i}", "AB"[i % 2], i % 14) for i in range(20_000)]
    bought = [(i // 2) % 25 < (4 if i % 2 else 3) for i in range(20_000)]
    measured = [(f"u{i}", b, b * (64.0 if i % 2 else 105.0)) for i, b in enumerate(bought)]
    return small(exposed, measured, ["converted", "revenue"])


@pytest.mark.parametrize("reading", ["fixed", "always valid"])
def test_a_win_that_costs_revenue_is_mixed_and_not_kept(torn, reading):
    result = jl.growth.experiment(torn, metrics=["converted", "revenue"], reading=reading)
    assert result.verdict.kind == "mixed"
    assert result.headline().endswith("but revenue got clearly worse: decide what counts.")
    assert "keep" not in result.headline() + result.memo().partition("## Units")[0].lower()


def test_a_win_that_harms_a_guardrail_is_mixed(torn):
    result = jl.growth.experiment(torn, metrics=["converted"], guardrails={"revenue": 0.02})
    assert result.guardrails["reading"].tolist() == ["harmed"]
    assert result.verdict.kind == "mixed"
    falls = jl.growth.experiment(torn, metrics=["converted", "revenue"], lower_is_better=["revenue"])
    assert falls.verdict.kind == "better"


def forest(result):
    """The rows that the chart of effects draws, by what they are of."""
    drawn = result.chart("effects").to_dict()["datasets"].values()
    return {row["what"]: row for rows in drawn for row in rows if "what" in row}


@pytest.mark.parametrize(
    ("alternative", "converted", "said"),
    [
        ("greater", 1300, "B brings at least 2.3 more orders per 100 units; keep it."),
        ("less", 700, "B brings at least 2.4 fewer orders per 100 units; stay with A."),
        ("less", 1010, "We cannot tell yet: B brings at most 0.8 more orders per 100 units"),
        ("greater", 1010, "We cannot tell yet: B brings at most 0.6 fewer orders per 100 units"),
    ],
)
def test_a_one_sided_interval_is_said_by_its_one_bound(alternative, converted, said):
    counts = {"A": [10_000, 1000], "B": [10_000, converted]}
    result = jl.growth.experiment(tiny_shop(), counts=counts, alternative=alternative)
    assert result.headline().startswith(said)
    drawn = forest(result)["conversion"]
    assert -1 < drawn["lower"] < drawn["effect"] < drawn["upper"] < 1
    assert "no bound" in (drawn["from"], drawn["to"])


def test_guardrails_of_a_one_sided_test_have_two_sides(torn):
    one, two = (
        jl.growth.experiment(torn, metrics=["converted"], guardrails={"revenue": 0.02}, alternative=alternative)
        for alternative in ("greater", "two-sided")
    )
    assert one.guardrails.equals(two.guardrails)
    assert one.verdict.kind == "mixed"
    assert "inf" not in one.memo()


def test_what_is_clear_alone_and_not_among_several_is_said_and_drawn_so():
    result = jl.growth.experiment(tiny_shop(), counts={"A": [10_000, 400], "B": [10_000, 458], "C": [10_000, 400]})
    row = result.table().iloc[0]
    assert row["lower"] > 0
    assert row["pvalue_adjusted"] > 0.05
    assert "(alone it would be clear; among 2 comparisons it is not)" in result.headline()
    assert forest(result)["conversion · B"]["reading"] == "not clear"
    alone = jl.growth.experiment(tiny_shop(), counts={"A": [10_000, 400], "B": [10_000, 458]})
    assert forest(alone)["conversion"]["reading"] == "clearly up"


def test_what_is_neither_money_nor_a_count_is_said_per_unit():
    exposed = [(f"u{i}", "AB"[i % 2], i % 14) for i in range(2000)]
    measured = [(f"u{i}", 800.0 + 100 * (i % 2) + i // 2 % 9) for i in range(2000)]
    result = jl.growth.experiment(small(exposed, measured, ["load_ms"]), lower_is_better=["load_ms"])
    assert result.headline() == "B brings between 99.8 and 100 more load_ms per visitor; stay with A."
