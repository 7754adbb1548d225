import numpy as np
import pytest

from journeylab.errors import BadParameter
from journeylab.growth.effects import compare
from journeylab.growth.moments import Moments
from journeylab.growth.value import Buyers, in_conflict, value_by_mix
from tests.growth.arms import CONVERSION


def buyers(units, n, spent=None):
    """Buyers who each spent the same."""
    n, each = np.asarray(n, dtype=float), np.asarray(0.0 if spent is None else spent, dtype=float)
    return Buyers(units, n, n * each, n * each**2)


def test_value_is_what_was_spent_and_what_such_buyers_spend_later():
    found = value_by_mix(buyers(1000, [60, 10], 50), buyers(2000, [100, 60], 40), [100, 20], [0, 0])
    assert found.value_control == pytest.approx((60 * 150 + 10 * 70) / 1000)
    assert found.value == pytest.approx((100 * 140 + 60 * 60) / 2000)
    assert found.se_past == 0


def test_the_spread_is_that_of_the_units_values():
    rng = np.random.default_rng(1)
    kind = rng.choice([0, 1, 2], 1000, p=[0.06, 0.01, 0.93])
    spent = np.where(kind < 2, rng.gamma(2, 20, 1000), 0)
    later = np.array([100.0, 20.0])
    arm = Buyers(1000, *(np.array([(f * (kind == k)).sum() for k in (0, 1)]) for f in (np.ones(1000), spent, spent**2)))
    values = spent + np.append(later, 0)[kind]
    found = value_by_mix(arm, arm, later, [0, 0])
    assert found.value == pytest.approx(values.mean())
    assert found.se_mix == pytest.approx(np.sqrt(2 * values.var() / 1000))


def test_doubling_prices_doubles_the_value_and_its_interval():
    once = value_by_mix(buyers(1000, [60, 10], 30), buyers(900, [50, 30], 30), [100, 20], [4, 1])
    twice = value_by_mix(buyers(1000, [60, 10], 60), buyers(900, [50, 30], 60), [200, 40], [16, 4])
    assert twice[:5] == pytest.approx([2 * v for v in once[:5]])


def test_conversion_that_wins_while_value_loses_is_a_conflict():
    arms = Moments.counts("ordered", [20_000, 20_000], [1000, 1300])
    conversion = compare(arms[0], arms[1], CONVERSION)
    loses = value_by_mix(buyers(20_000, [1000, 0]), buyers(20_000, [500, 800]), [100, 10], [1, 1])
    wins = value_by_mix(buyers(20_000, [1000, 0]), buyers(20_000, [1300, 0]), [100, 10], [1, 1])
    assert in_conflict(conversion, loses)
    assert not in_conflict(conversion, wins)


def test_more_buyers_than_units_are_refused():
    with pytest.raises(BadParameter, match="more buyers"):
        value_by_mix(buyers(10, [11]), buyers(10, [1]), [5], [0])
    with pytest.raises(BadParameter, match="Each kind"):
        value_by_mix(buyers(10, [1, 2]), buyers(10, [1]), [5], [0])


@pytest.mark.slow
def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    rng = np.random.default_rng(17)
    later, spread, past = np.array([100.0, 20.0]), np.array([60.0, 15.0]), np.array([150, 200])
    pc, pt = np.array([0.05, 0.01, 0.94]), np.array([0.035, 0.05, 0.915])
    truth = float((pt - pc)[:2] @ np.array([140.0, 30.0]))  # the first order and what follows
    held = 0
    for _ in range(2000):
        arms = []
        for p in (pc, pt):
            n = rng.multinomial(4000, p)[:2]
            spent = [rng.gamma(4, mean / 4, k) for k, mean in zip(n, (40, 10), strict=True)]
            arms.append(Buyers(4000, n, [s.sum() for s in spent], [(s**2).sum() for s in spent]))
        found = value_by_mix(*arms, rng.normal(later, spread / np.sqrt(past)), spread**2 / past)
        held += found.lower <= truth <= found.upper
    assert 0.935 <= held / 2000 <= 0.965
