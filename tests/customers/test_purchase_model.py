"""What holds for every purchase model: exactness against brute force, invariances, planted truth, and odd shops."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.bg_nbd import BgNbd, MbgNbd
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.pareto_nbd import ParetoNbd
from journeylab.customers.simulated_base import simulate_base
from journeylab.errors import BadParameter, NotEnoughData

TRUTHS = [
    BgNbd(0.243, 4.414, 0.793, 2.426),
    MbgNbd(0.525, 6.183, 0.891, 1.614),
    ParetoNbd(0.553, 10.578, 0.606, 11.669),
]
ODD = [
    BgNbd(2.5, 0.6, 1.0, 1.0),
    MbgNbd(0.08, 40.0, 4.5, 0.3),
    ParetoNbd(0.06, 60.0, 1.0, 2.0),
    ParetoNbd(3.0, 0.5, 2.5, 90.0),
]
CUSTOMERS = CustomerBase(
    [0, 0, 1, 2, 5, 26, 40],
    [0, 0, 0.4, 30.43, 12, 30.857, 38],
    [38.86, 1, 38.86, 38.86, 30, 31, 38],
    [5, 1, 4, 1, 2, 1, 1],
)
by_name = pytest.mark.parametrize("model", TRUTHS + ODD, ids=repr)
fitted = pytest.mark.parametrize("model", TRUTHS, ids=lambda model: model.NAME)


class BruteForce:
    """The story itself, summed over a fine grid of purchase rates and dropouts, without any formula of the papers."""

    def __init__(self, model, frequency, recency, age):
        logs = np.linspace(-90, 9, 900) if model.parameters[0] > 0.2 else np.linspace(-420, 9, 4000)
        self.rate = np.exp(logs)[:, None]
        r, alpha, first, second = model.parameters
        weight = np.exp(r * logs - alpha * self.rate[:, 0])[:, None] * (logs[1] - logs[0])
        self.per_purchase = not isinstance(model, ParetoNbd)
        if self.per_purchase:
            logit = np.linspace(-110, 110, 900)
            self.drop = 1 / (1 + np.exp(-logit))[None]
            stay = 1 / (1 + np.exp(logit))[None]
            weight = weight * self.drop**first * stay**second * (logit[1] - logit[0])
            chances = frequency + model.CHANCES_AT_FIRST
            self.alive = weight * stay**chances * self.rate**frequency * np.exp(-self.rate * age)
            lost = self.drop * stay ** max(chances - 1, 0) * self.rate**frequency * np.exp(-self.rate * recency)
            self.total = self.alive.sum() + ((weight * lost).sum() if chances else 0)
            self.hazard, self.stay = self.rate * self.drop, stay
        else:
            drops = np.linspace(-90, 9, 900)
            self.hazard = np.exp(drops)[None]
            weight = weight * np.exp(first * drops - second * self.hazard[0])[None] * (drops[1] - drops[0])
            both = self.rate + self.hazard
            self.alive = weight * self.rate**frequency * np.exp(-both * age)
            lost = weight * self.rate**frequency * self.hazard / both * (np.exp(-both * recency) - np.exp(-both * age))
            self.total, self.stay = self.alive.sum() + lost.sum(), 1.0
        self.prior = weight.sum()

    def mean(self, value):
        return float((self.alive * value).sum() / self.total)

    def purchases(self, horizon, discount=0.0, pace=1.0, dropout=1.0):
        speed = pace if self.per_purchase else 1.0
        fade = self.hazard * dropout * speed + discount
        return self.mean(pace * self.rate * horizon * _mean_decay(fade * horizon))

    def pairs(self, horizon):
        z = self.hazard * horizon
        near = 0.5 - z / 3 + z**2 / 8
        far = (1 - np.exp(-z) * (1 + z)) / np.where(z > 1e-4, z, 1) ** 2
        return self.mean(2 * self.rate**2 * self.stay * horizon**2 * np.where(z > 1e-4, far, near))

    def none(self, horizon):
        if self.per_purchase:
            return 1 - self.mean(-np.expm1(-self.rate * horizon))
        both = self.rate + self.hazard
        return 1 - self.mean(self.rate / both * -np.expm1(-both * horizon))


def _mean_decay(z):
    return np.where(z > 0, -np.expm1(-z) / np.where(z > 0, z, 1), 1)


@by_name
def test_every_formula_is_the_story_summed_by_brute_force(model):
    for row in range(len(CUSTOMERS.age)):
        one = CUSTOMERS.take(np.array([row]))
        brute = BruteForce(model, float(one.frequency[0]), float(one.recency[0]), float(one.age[0]))
        likelihood = model.log_likelihood(CustomerBase(one.frequency, one.recency, one.age))[0]
        assert likelihood == pytest.approx(np.log(brute.total / brute.prior), abs=2e-6)
        assert model.p_alive(one)[0] == pytest.approx(brute.mean(1), rel=1e-6)
        assert model.expected_purchases(one, 39)[0] == pytest.approx(brute.purchases(39), rel=1e-6)
        assert model.expected_purchases(one, 156, discount=0.003, pace=1.2, dropout=0.9)[0] == pytest.approx(
            brute.purchases(156, 0.003, 1.2, 0.9), rel=1e-6
        )
        assert model.p_no_purchase(one, 20)[0] == pytest.approx(brute.none(20), rel=1e-6)
        alive = model.p_alive(one)[0] * model.survival_if_alive(one, 26)[0]
        assert alive == pytest.approx(brute.mean(np.exp(-brute.hazard * 26)), rel=1e-6)
        mean = brute.purchases(39)
        assert model.purchase_variance(one, 39)[0] == pytest.approx(brute.pairs(39) + mean - mean**2, rel=1e-5)


@by_name
def test_an_infinite_horizon_is_the_limit_of_long_ones(model):
    endless = model.expected_purchases(CUSTOMERS, np.inf, discount=0.01)
    assert model.expected_purchases(CUSTOMERS, 3000, discount=0.01) == pytest.approx(endless, rel=1e-6)


@by_name
def test_the_gradient_is_that_of_the_likelihood(model):
    _, slope = model.log_likelihood(CUSTOMERS)
    for position, value in enumerate(model.parameters):
        step = 1e-5 * value * np.eye(4)[position]
        up, down = (model.with_parameters(model.parameters + s).log_likelihood(CUSTOMERS)[0] for s in (step, -step))
        assert slope[position] == pytest.approx((up - down) / (2 * step[position]), rel=1e-5, abs=1e-6)


@by_name
def test_draws_have_the_mean_the_variance_and_the_zeros_of_the_formulas(model):
    rng = np.random.default_rng(11)
    one = CUSTOMERS.take(np.array([0, 3, 4]))
    drawn = model.sample(one, 39, 60_000, rng)
    error = np.sqrt(model.purchase_variance(one, 39) / 60_000)
    assert np.all(np.abs(drawn.mean(axis=0) - model.expected_purchases(one, 39)) < 4.5 * error + 1e-12)
    none = model.p_no_purchase(one, 39)
    assert np.all(np.abs((drawn == 0).mean(axis=0) - none) < 4.5 * np.sqrt(none * (1 - none) / 60_000) + 1e-12)


@pytest.fixture(scope="module")
def shops():
    ages = np.repeat(np.arange(20, 80), 40)
    return {model.NAME: simulate_base(model, age=ages, follow=39, unit=1 / 7, seed=5) for model in TRUTHS}


@fitted
def test_a_count_is_as_good_as_repeated_rows_in_any_order(model, shops):
    base = shops[model.NAME].seen
    shuffled = base.take(np.random.default_rng(0).permutation(len(base.age)))
    assert len(base.distinct().age) < len(base.age)
    one, other, third = (type(model).fit(each) for each in (base, shuffled, base.distinct()))
    assert np.array_equal(one.parameters, other.parameters)
    assert np.array_equal(one.parameters, third.parameters)


@fitted
def test_another_unit_of_time_changes_scales_and_nothing_else(model, shops):
    base = shops[model.NAME].seen
    weeks, days = type(model).fit(base), type(model).fit(base.scaled(7))
    factor = np.array([7.0 if name in model.TIMES else 1.0 for name in model.NAMES])
    assert days.parameters == pytest.approx(weeks.parameters * factor, rel=1e-5)
    assert days.estimate.standard_errors == pytest.approx(weeks.estimate.standard_errors * factor, rel=1e-3)
    assert days.expected_purchases(base.scaled(7), 70) == pytest.approx(weeks.expected_purchases(base, 10), rel=1e-5)
    moved = base.repeat_purchases * np.log(7)
    assert days.estimate.log_likelihood == pytest.approx(weeks.estimate.log_likelihood - moved, abs=1e-4)


@pytest.mark.slow
@fitted
def test_the_parameters_come_back_within_their_intervals_about_as_often_as_the_level_says(model):
    ages, covered, later = np.linspace(26, 78, 1000), [], []
    for seed in range(30):
        shop = simulate_base(model, age=ages, follow=39, seed=seed)
        back = type(model).fit(shop.seen)
        lower, upper = back.estimate.interval(0.9)
        covered.append((lower <= model.parameters) & (model.parameters <= upper))
        spread = np.sqrt(model.purchase_variance(shop.seen, 39).sum())
        later.append((shop.later.sum() - model.expected_purchases(shop.seen, 39).sum()) / spread)
    assert 0.80 <= np.mean(covered) <= 0.98
    assert abs(np.mean(later)) < 4 / np.sqrt(30)
    assert 0.6 < np.std(later) < 1.4


@fitted
def test_alive_is_as_frequent_as_it_is_said_to_be(model):
    shop = simulate_base(model, age=np.full(12_000, 50.0), follow=1000, seed=2)
    p_none = model.p_no_purchase(shop.seen, 1000)
    tenth = np.digitize(p_none, np.linspace(0, 1, 11)[1:-1])
    for group in np.unique(tenth):
        rows = tenth == group
        gone = (shop.later[rows] == 0).mean()
        assert abs(gone - p_none[rows].mean()) < 4.5 * np.sqrt(0.25 / rows.sum())


@by_name
def test_more_time_more_pace_and_less_dropout_never_lower_what_is_expected(model):
    horizons = [0, 1, 4, 13, 52, 260]
    grown = np.array([model.expected_purchases(CUSTOMERS, horizon) for horizon in horizons])
    assert np.all(grown[0] == 0)
    assert np.all(np.diff(grown, axis=0) > 0)
    assert np.all(model.expected_purchases(CUSTOMERS, 52, pace=1.1) > grown[4])
    assert np.all(model.expected_purchases(CUSTOMERS, 52, dropout=0.9) > grown[4])
    assert np.all(model.expected_purchases(CUSTOMERS, 52, discount=0.002) < grown[4])


@by_name
def test_a_new_customer_is_one_with_no_history(model):
    curve = model.new_customer(np.array([0.0, 10.0, 52.0]))
    assert curve[0] == 0
    assert curve[2] == pytest.approx(model.expected_purchases(CustomerBase([0], [0], [0]), 52)[0])


@fitted
def test_numbers_stay_finite_for_customers_far_out(model):
    far = CustomerBase([0, 1, 5000, 20_000, 900], [0, 1e-6, 99.9, 100, 1], [1e-9, 5000, 100, 100, 5000])
    for value in (
        model.p_alive(far),
        model.expected_purchases(far, 52),
        model.expected_purchases(far, np.inf, discount=0.001),
        model.purchase_variance(far, 52),
        model.p_no_purchase(far, 52),
        np.atleast_1d(model.log_likelihood(far)[0]),
        model.log_likelihood(far)[1],
    ):
        assert np.all(np.isfinite(value))
    assert model.p_alive(far)[4] < 1e-6
    assert model.expected_purchases(far, 52)[3] < 20_000 * 52 / 100


@fitted
def test_a_wholesaler_a_thousand_times_the_median_is_fitted_along(model, shops):
    base = shops[model.NAME].seen
    joined = CustomerBase(
        *(np.r_[getattr(base, name), value] for name, value in (("frequency", 2000), ("recency", 70), ("age", 70)))
    )
    with_it = type(model).fit(joined)
    assert with_it.estimate.log_likelihood > -np.inf
    assert with_it.expected_purchases(joined, 10)[-1] == pytest.approx(2000 / 7, rel=0.2)


@fitted
def test_too_little_to_go_by_is_said(model):
    with pytest.raises(NotEnoughData, match="bought again"):
        type(model).fit(CustomerBase(np.zeros(500), np.zeros(500), np.full(500, 30.0)))
    with pytest.raises(NotEnoughData, match="30 customers"):
        type(model).fit(CustomerBase([3, 1], [10, 5], [20, 20]))
    with pytest.raises(NotEnoughData, match="bought again"):
        type(model).fit(CustomerBase(np.zeros(500), np.zeros(500), np.zeros(500)))


@fitted
def test_dropout_that_never_happens_is_an_answer_without_standard_errors_but_with_usable_draws(model):
    rng = np.random.default_rng(3)
    rate = rng.gamma(2, 0.1, 800)
    count = rng.poisson(rate * 50)
    recency = np.where(count > 0, 50 * rng.random(800) ** (1 / np.maximum(count, 1)), 0)
    base = CustomerBase(count, recency, np.full(800, 50.0))
    back = type(model).fit(base)
    total = back.expected_purchases(base, 25).sum()
    assert total == pytest.approx(rate.sum() * 25, rel=0.1)
    if not back.estimate.identified:
        assert np.all(np.isnan(back.estimate.standard_errors))
    drawn = [back.with_parameters(d).expected_purchases(base, 25).sum() for d in back.estimate.draws(30, seed=1)]
    assert np.all(np.isfinite(drawn))
    assert np.std(drawn) / total < 0.2


def test_what_cannot_be_a_model_or_a_question_is_refused():
    with pytest.raises(BadParameter, match="alpha"):
        BgNbd(1, 0, 1, 1)
    with pytest.raises(BadParameter, match="infinite horizon"):
        TRUTHS[0].expected_purchases(CUSTOMERS, np.inf)
    with pytest.raises(BadParameter, match="horizon"):
        TRUTHS[0].expected_purchases(CUSTOMERS, -1)
