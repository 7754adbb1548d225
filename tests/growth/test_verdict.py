import pytest

import journeylab as jl
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
