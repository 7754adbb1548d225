"""What a test compares: metrics, as they are written, and the columns they need."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from journeylab import checks, words
from journeylab.errors import BadParameter
from journeylab.growth.measures import BEFORE, EVENT, ORDER_MEASURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.growth.measures import Source

Kind = Literal["proportion", "mean", "ratio", "quantile", "trimmed"]

MAX_METRICS = 20

_FALLING = re.compile(
    r"(^|[^a-z])(refunds?|refunded|returns?|returned|ms|time|latency|errors?|cancel\w*|tickets?|unsubscri\w*)([^a-z]|$)"
)


@dataclass(frozen=True)
class Metric:
    """What is compared: a column of the units, and how it is read.

    Args:
        name: As the owner calls it.
        kind: "proportion" (a column of 0 and 1), "mean", "ratio" (of two columns' means), "quantile" or
            "trimmed" (a mean without the smallest and largest units).
        column: The column; of a ratio, the numerator.
        denom: A ratio's denominator.
        before: The same column before the test, for CUPED.
        denom_before: A ratio's denominator before the test.
        q: Which quantile, between 0 and 1.
        trim: The share left out at either end.
    """

    name: str
    kind: Kind
    column: str
    denom: str | None = None
    before: str | None = None
    denom_before: str | None = None
    q: float | None = None
    trim: float | None = None

    def __post_init__(self) -> None:
        checks.one_of(self.kind, "kind", ("proportion", "mean", "ratio", "quantile", "trimmed"))
        if (self.kind == "ratio") != (self.denom is not None):
            raise BadParameter(f"The metric {self.name!r} needs a denominator if, and only if, it is a ratio.")
        if (self.kind == "quantile") != (self.q is not None):
            raise BadParameter(f"The metric {self.name!r} needs q if, and only if, it is a quantile.")
        if (self.kind == "trimmed") != (self.trim is not None):
            raise BadParameter(f"The metric {self.name!r} needs trim if, and only if, it is trimmed.")

    @property
    def by_moments(self) -> bool:
        """Whether its effect follows from moments; quantiles and trimmed means need the order of the units."""
        return self.kind not in {"quantile", "trimmed"}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose moments it needs."""
        named = (self.column, self.denom, self.before, self.denom_before)
        return tuple(dict.fromkeys(c for c in named if c is not None))


def parse(text: str, columns: Sequence[str]) -> Metric:
    """Read a metric as it is written: 'converted', 'net / sessions', 'median of net', 'p90 of net', 'event checkout'.

    A single column is a mean here; it becomes a proportion once all its values turn out to be 0 and 1.

    >>> parse("p90 of net", ["net"]).q
    0.9
    """
    text = text.strip()
    if text == "order value" and "order value" not in columns and set(ORDER_MEASURES[1:3]) <= set(columns):
        return Metric(text, "ratio", "revenue", denom="orders")
    if text in columns or text.startswith(EVENT):
        return Metric(text, "mean", text)
    quantile = re.fullmatch(r"(?:median|p(\d{1,2}(?:\.\d+)?)) of (.+)", text)
    if quantile:
        q = 0.5 if quantile[1] is None else float(quantile[1]) / 100
        return Metric(text, "quantile", _column(quantile[2], columns), q=q)
    if " / " in text:
        numer, denom = (part.strip() for part in text.split(" / ", 1))
        return Metric(text, "ratio", _column(numer, columns), denom=_column(denom, columns))
    raise BadParameter(
        f"There is no metric {text!r} in this test.",
        do=f"It has {words.listed(columns)}; also 'a / b', 'median of a', 'p90 of a'."
        if columns
        else "Its outcomes have no column of numbers, and its units cannot be joined to orders.",
    )


def _column(name: str, columns: Sequence[str]) -> str:
    if name not in columns:
        raise BadParameter(f"There is no column {name!r} in this test.", do=f"It has {words.listed(columns)}.")
    return name


def default_metrics(source: Source) -> list[str]:
    """The columns one would look at first: those that are no covariate, in their order."""
    return [c for c in source.columns if not c.startswith(BEFORE)][:5]


def should_fall(name: str) -> bool:
    """Whether a metric's name says that less of it is better: a suggestion, for its owner to confirm.

    >>> should_fall("load_ms"), should_fall("refunds"), should_fall("returning visitors"), should_fall("net")
    (True, True, False, False)
    """
    return _FALLING.search(name.lower()) is not None


def asked_for(source: Source, metrics: Sequence[str] | None) -> list[str]:
    """The metrics that were asked for, as they are written; the usual ones if none were."""
    asked = default_metrics(source) if metrics is None else list(dict.fromkeys(metrics))
    if isinstance(metrics, str) or not asked or len(asked) > MAX_METRICS:
        raise BadParameter(
            f"A test has 1 to {MAX_METRICS} metrics, given as a list.",
            why="" if asked else "Its units have no outcomes, and cannot be joined to the shop's orders.",
            do="Add outcomes, or events that name the order they led to.",
        )
    return asked


def with_before(metric: Metric, source: Source) -> Metric:
    """Add the same columns before the test, where they are known."""
    if metric.kind == "quantile" or metric.column.startswith(EVENT):
        return metric
    known = set(source.columns) if source.outcomes else {BEFORE + c for c in ORDER_MEASURES}
    before = BEFORE + metric.column
    below = None if metric.denom is None else BEFORE + metric.denom
    if before not in known or (below is not None and below not in known):
        return metric
    return replace(metric, before=before, denom_before=below)
