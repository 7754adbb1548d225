import math

import numpy as np
import pytest

from journeylab.growth.effects import difference
from journeylab.growth.moments import Moments
from journeylab.growth.sequential import always_valid, mixture_rate, widening
from tests.growth.arms import CONVERSION, ORDERS


def test_growthbooks_published_confidence_sequence():
    # GrowthBook's test suite: 1396 of 3000 against 2422 of 3461, tuning 5000, relative effect.
    arms = Moments.counts("ordered", [3000, 3461], [1396, 2422])
    d = difference(arms[0], arms[1], CONVERSION)
    lower, upper = always_valid(d.relative, d.relative_se, d.n, tuning=5000)
    assert float(d.relative) == pytest.approx(0.504, abs=5e-4)
    assert (float(lower), float(upper)) == pytest.approx((0.401, 0.607), abs=5e-4)


def test_the_boundary_is_the_papers_theorem():
    n, level = 2500.0, 0.95
    rho = mixture_rate(1000, level=level)
    by_hand = math.sqrt(2 * (n * rho**2 + 1) / (n**2 * rho**2) * math.log(math.sqrt(n * rho**2 + 1) / 0.05))
    assert float(widening(n, tuning=1000)) == pytest.approx(by_hand * math.sqrt(n))


def test_the_sequence_is_never_narrower_than_the_fixed_interval_and_tightest_near_its_tuning():
    n = np.geomspace(10, 1e7, 400)
    reach = widening(n, tuning=5000)
    assert (reach > 1.96).all()
    rates = {t: float(widening(5000, tuning=t)) for t in (100, 500, 5000, 50_000, 500_000)}
    assert min(rates, key=rates.get) == 5000


def test_a_higher_level_is_wider_and_no_units_say_nothing():
    assert widening(5000, level=0.99) > widening(5000, level=0.9)
    assert float(widening(0)) == math.inf


def daily_tests(tests, days, a_day, draw, seed):
    """Moments of many tests of two equal arms, as they read at the end of each day: (tests, days)."""
    rng = np.random.default_rng(seed)
    arms = []
    for _ in range(2):
        daily = Moments.of(draw(rng, (tests, days, a_day, 1)), ["orders"])
        arms.append(daily.cumulative(axis=1))
    return arms


@pytest.mark.slow
@pytest.mark.parametrize(
    "draw",
    [lambda rng, size: rng.binomial(1, 0.1, size), lambda rng, size: rng.exponential(20, size)],
    ids=["conversions", "revenue"],
)
def test_peeking_daily_at_tests_without_effect_errs_in_at_most_five_percent_of_a_thousand(draw):
    control, variant = daily_tests(1000, 40, 100, draw, seed=11)
    d = difference(control, variant, ORDERS)
    lower, upper = always_valid(d.effect, d.se, d.n, tuning=5000)
    always = ((lower > 0) | (upper < 0)).any(axis=1).mean()
    fixed = (np.abs(d.effect) > 1.96 * d.se).any(axis=1).mean()
    assert always <= 0.05
    assert fixed > 0.2
