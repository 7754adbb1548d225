"""What every model of buying until one day no more can answer, whatever its story of dropping out.

While alive a customer buys at random at an own rate, Gamma(r, α) over customers; how they drop out is what the models
differ in (`bg_nbd`, `pareto_nbd`). All that a question about the future needs is then

* the probability of being alive now, given frequency, recency and age, and
* the **rate** at which a customer alive now buys `t` later, dropout in between included.

Expected purchases are the rate added up; discounted residual transactions (Fader, Hardie & Lee 2005, "RFM and CLV") are
the rate added up with e^(−δt). Two levers bend the future: purchases come `pace` times as often, dropout is `dropout`
times as strong. Both only stretch the rate's clock, which is why a slider costs no new fit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from journeylab.checks import number
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.likelihood import Estimate, maximise
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Iterator

NODES = 24
_FAR = 40.0  # e^-40 is nothing
_BLOCK = 4096


@dataclass(frozen=True)
class PurchaseModel(ABC):
    """A model of repeat buying with its parameters, and with its estimate when it was fitted.

    Every method takes a `CustomerBase` in the unit of time of the parameters and answers one number a row.
    """

    NAME: ClassVar[str]
    NAMES: ClassVar[tuple[str, ...]]
    TIMES: ClassVar[tuple[str, ...]]

    estimate: Estimate | None = field(default=None, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check that every parameter is above zero."""
        for name in self.NAMES:
            number(float(getattr(self, name)), name, lowest=1e-300)

    @property
    def parameters(self) -> np.ndarray:
        """The parameters in the order of `NAMES`. Shape (k,)."""
        return np.array([getattr(self, name) for name in self.NAMES], dtype=float)

    def with_parameters(self, values: np.ndarray) -> Self:
        """Return the model at other parameters, for draws and differences."""
        return type(self)(*(float(value) for value in values), estimate=self.estimate)

    @classmethod
    def fit(cls, base: CustomerBase) -> Self:
        """Fit by maximum likelihood, a row counting as often as its `count` says.

        Raises:
            NotEnoughData: Fewer than 30 customers, or fewer than 10 who bought again.
        """
        base = base.require_enough().distinct()
        unit = float(base.age.max())
        scaled = base.scaled(1 / unit)
        estimate = maximise(
            lambda values: cls(*values).log_likelihood(scaled),
            names=cls.NAMES,
            starts=cls._starts(scaled),
            n=scaled.customers,
        )
        values = estimate.values * np.array([unit if name in cls.TIMES else 1.0 for name in cls.NAMES])
        height = estimate.log_likelihood - base.repeat_purchases * np.log(unit)
        estimate = Estimate(cls.NAMES, values, estimate.information, height, estimate.n)
        return cls(*(float(value) for value in values), estimate=estimate)

    @classmethod
    @abstractmethod
    def _starts(cls, base: CustomerBase) -> list[np.ndarray]:
        """Parameters to start the fit from, on a base whose highest age is 1."""

    @abstractmethod
    def log_likelihood(self, base: CustomerBase) -> tuple[float, np.ndarray]:
        """Return the log-likelihood of the base and its gradient in the parameters. Shapes () and (k,)."""

    @abstractmethod
    def p_alive(self, base: CustomerBase) -> np.ndarray:
        """Return the probability that each row's customer has not dropped out. Shape (n,)."""

    @abstractmethod
    def rate(self, base: CustomerBase, after: np.ndarray, *, pace: float = 1.0, dropout: float = 1.0) -> np.ndarray:
        """Return purchases per unit of time, `after` (n, or m by n) from now, of customers alive now."""

    @abstractmethod
    def _second_factorial_moment(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return E[X(X − 1)] of the purchases within the horizon, of customers alive now. Shape (n,)."""

    @abstractmethod
    def p_purchase_if_alive(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return the probability of at least one purchase within the horizon, of customers alive now. Shape (n,)."""

    @abstractmethod
    def survival_if_alive(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return the probability of still being alive after the horizon, of customers alive now. Shape (n,)."""

    @abstractmethod
    def sample(self, base: CustomerBase, horizon: float, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw purchases within the horizon from each row's conditional distribution. Shape (draws, n)."""

    @abstractmethod
    def sample_lifetimes(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw new customers: purchase rates (n,), time until dropout (n,), repeat purchases until dropout (n,)."""

    def expected_purchases(
        self,
        base: CustomerBase,
        horizon: float,
        *,
        discount: float = 0.0,
        pace: float = 1.0,
        dropout: float = 1.0,
    ) -> np.ndarray:
        """Expected purchases of each row's customer within the horizon, given what was seen. Shape (n,).

        Args:
            base: Customers; `CustomerBase([0], [0], [0])` is a new one.
            horizon: From now on; infinite with a discount, which gives discounted residual transactions.
            discount: Continuous rate δ per unit of time; a purchase at t counts e^(−δt).
            pace: How many times as often customers buy from now on.
            dropout: How many times as strong dropout is from now on.
        """
        return self.p_alive(base) * self.purchases_if_alive(
            base, horizon, discount=discount, pace=pace, dropout=dropout
        )

    def purchases_if_alive(
        self,
        base: CustomerBase,
        horizon: float,
        *,
        discount: float = 0.0,
        pace: float = 1.0,
        dropout: float = 1.0,
    ) -> np.ndarray:
        """Expected purchases within the horizon of customers alive now: the rate added up. Shape (n,).

        Gauss-Legendre on the logarithm of time, where the rate is smooth whatever the parameters.
        """
        number(discount, "discount", lowest=0)
        if not horizon >= 0:
            raise BadParameter(f"horizon must be zero or more, and is {horizon!r}.")
        if np.isinf(horizon):
            if discount == 0:
                raise BadParameter("An infinite horizon needs a discount above zero.", do="Give a horizon.")
            horizon = _FAR / discount
        base, place = base.futures
        return self._added_up(base, np.asarray(horizon), discount, pace, dropout)[place]

    def _added_up(
        self, base: CustomerBase, horizon: np.ndarray, discount: float, pace: float, dropout: float
    ) -> np.ndarray:
        """Add the rate up to each row's horizon, all nodes at once for some thousand rows at a time."""
        size, horizon = len(base.age), np.broadcast_to(horizon, base.age.shape)
        if size > _BLOCK:
            parts = [slice(start, start + _BLOCK) for start in range(0, size, _BLOCK)]
            return np.concatenate(
                [self._added_up(base.take(part), horizon[part], discount, pace, dropout) for part in parts]
            )
        nodes, weights = np.array(list(quadrature(2 * NODES if discount > 0 else NODES))).T[:, :, None]
        scale = self._clock(base)
        reach = np.log1p(horizon / scale)
        after = scale * np.expm1(reach * nodes)
        heights = (after + scale) * self.rate(base, after, pace=pace, dropout=dropout) * np.exp(-discount * after)
        return (weights * heights).sum(axis=0) * reach

    @abstractmethod
    def _clock(self, base: CustomerBase) -> np.ndarray:
        """Return the time over which each row's rate changes, the scale of the quadrature. Shape (n,)."""

    def purchase_variance(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Variance of the purchases within the horizon, the parameters taken as known. Shape (n,)."""
        mean = self.expected_purchases(base, horizon)
        futures, place = base.futures
        pairs = self._second_factorial_moment(futures, horizon)[place]
        return self.p_alive(base) * pairs + mean - mean**2

    def p_no_purchase(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return the probability of no purchase within the horizon, by dropout or by chance. Shape (n,)."""
        return 1 - self.p_alive(base) * self.p_purchase_if_alive(base, horizon)

    def new_customer(self, times: np.ndarray) -> np.ndarray:
        """Expected repeat purchases of a new customer up to each time. Shape of `times`."""
        times = np.asarray(times, dtype=float)
        newcomers = CustomerBase(*np.zeros((3, times.size)))
        alive = self.p_alive(newcomers)
        return (alive * self._added_up(newcomers, times.ravel(), 0.0, 1.0, 1.0)).reshape(times.shape)


@cache
def _nodes(n: int) -> tuple[tuple[float, float], ...]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return tuple(zip((nodes + 1) / 2, weights / 2, strict=True))


def quadrature(n: int = NODES) -> Iterator[tuple[float, float]]:
    """Gauss-Legendre nodes and weights on [0, 1]."""
    return iter(_nodes(n))
