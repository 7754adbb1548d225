"""The shape of a funnel's rules: what stays when its steps are renamed and its lengths of time are moved.

Two funnels of one shape are one statement with other values in it, so the statement is written once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from journeylab.journey.closing import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset
    from journeylab.journey.attempts import Rules
    from journeylab.journey.steps import Step


def run(shop: Dataset, log: ir.Table, rules: Rules, query: Callable[..., ir.Table], **options: str) -> pd.DataFrame:
    """Return the rows of `query(log, rules, **options)`, by a statement that is kept for rules of the same shape.

    Args:
        shop: The shop.
        log: The events.
        rules: The rules.
        query: Makes the expression, from nothing else; lengths of time may only be compared.
        **options: What else it takes.
    """
    texts, lengths = values(rules)

    def filled(names: Sequence[str], numbers: Sequence[int]) -> Rules:
        spans = [timedelta(microseconds=number) for number in numbers]
        return holding(rules, dict(zip(texts, names, strict=True)), dict(zip(lengths, spans, strict=True)))

    def build(names: Sequence[str], numbers: Sequence[int]) -> ir.Table:
        return query(log, filled(names, numbers), **options)

    shape = filled([str(place) for place in range(len(texts))], range(1, len(lengths) + 1))
    key = (query, log.op(), shape, *options.items())
    return shop.engine.run_shape(key, build, texts, [microseconds(length) or 0 for length in lengths])


def values(rules: Rules) -> tuple[tuple[str, ...], tuple[timedelta, ...]]:
    """Return the texts that name the rules' events and conditions, in order, and their lengths of time, least first.

    >>> from journeylab.journey.attempts import Rules
    >>> from journeylab.journey.steps import read
    >>> steps = read(["view", {"event": ["cart", "view"], "device": "mobile"}], ["event", "device"])
    >>> values(Rules(steps=steps, window=timedelta(days=1)))
    (('view', 'cart', 'mobile'), (datetime.timedelta(days=1),))
    """
    texts: dict[str, None] = {}
    for step in (*rules.steps, *rules.exclude):
        texts |= dict.fromkeys(step.events)
        for _column, asked in step.where:
            texts |= dict.fromkeys(asked)
    lengths = {length for length in (rules.window, *(step.within for step in rules.steps)) if length is not None}
    return tuple(texts), tuple(sorted(lengths))


def holding(rules: Rules, texts: Mapping[str, str], lengths: Mapping[timedelta, timedelta]) -> Rules:
    """Return the rules with other texts and lengths of time in the places of theirs."""

    def other(step: Step) -> Step:
        return replace(
            step,
            events=tuple(texts[name] for name in step.events),
            where=tuple((column, tuple(texts[value] for value in asked)) for column, asked in step.where),
            within=None if step.within is None else lengths[step.within],
        )

    return replace(
        rules,
        steps=tuple(other(step) for step in rules.steps),
        exclude=tuple(other(step) for step in rules.exclude),
        window=None if rules.window is None else lengths[rules.window],
    )
