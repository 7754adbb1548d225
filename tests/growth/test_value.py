import numpy as np
import pytest

from journeylab.errors import BadParameter
from journeylab.growth.effects import compare
from journeylab.growth.moments import Moments
from journeylab.growth.value import in_conflict, value_by_mix
from tests.growth.arms import CONVERSION


def test_value_is_who_came_in_times_what_they_are_worth():
    found = value_by_mix(1000, [60, 10], 2000, [100, 60], [100, 20], [0, 0])
    assert found.value_control == pytest.approx(6.2)
    assert found.value == pytest.approx(5.6)
    assert found.se_past == 0


def test_the_spread_of_the_mix_is_that_of_the_units_worths():
    worths = np.repeat([100.0, 20.0, 0.0], [60, 10, 930])
    found = value_by_mix(1000, [60, 10], 1000, [60, 10], [100, 20], [0, 0])
    assert found.se_mix == pytest.approx(np.sqrt(2 * worths.var() / 1000))


def test_doubling_worths_doubles_the_value_and_its_interval():
    once = value_by_mix(1000, [60, 10], 900, [50, 30], [100, 20], [4, 1])
    twice = value_by_mix(1000, [60, 10], 900, [50, 30], [200, 40], [16, 4])
    assert twice[:5] == pytest.approx([2 * v for v in once[:5]])


def test_conversion_that_wins_while_value_loses_is_a_conflict():
    arms = Moments.counts("ordered", [20_000, 20_000], [1000, 1300])
    conversion = compare(arms[0], arms[1], CONVERSION)
    loses = value_by_mix(20_000, [1000, 0], 20_000, [500, 800], [100, 10], [1, 1])
    wins = value_by_mix(20_000, [1000, 0], 20_000, [1300, 0], [100, 10], [1, 1])
    assert in_conflict(conversion, loses)
    assert not in_conflict(conversion, wins)


def test_more_customers_than_units_are_refused():
    with pytest.raises(BadParameter, match="more customers"):
        value_by_mix(10, [11], 10, [1], [5], [0])


@pytest.mark.slow
def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    rng = np.random.default_rng(17)
    worth, spread, past = np.array([100.0, 20.0]), np.array([60.0, 15.0]), np.array([150, 200])
    pc, pt = np.array([0.05, 0.01, 0.94]), np.array([0.035, 0.05, 0.915])
    truth = float((pt - pc)[:2] @ worth)
    held = 0
    for _ in range(2000):
        kc, kt = rng.multinomial(4000, pc)[:2], rng.multinomial(4000, pt)[:2]
        means = rng.normal(worth, spread / np.sqrt(past))
        found = value_by_mix(4000, kc, 4000, kt, means, spread**2 / past)
        held += found.lower <= truth <= found.upper
    assert 0.935 <= held / 2000 <= 0.965
