"""What an analysis gives back, and the decorator that makes a function an analysis."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar

from journeylab.call import Call
from journeylab.checks import one_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(ABC):
    """A small frozen answer: a table, a chart with views, a sentence, and what would make a careful reader doubt it.

    Subclasses add the figures as fields, list their views, and draw each in `_draw`.

    Args:
        caveats: Sentences a careful reader would want to know.
        call: The call that made it; set by `analysis`.
    """

    views: ClassVar[tuple[str, ...]]

    caveats: tuple[str, ...] = ()
    call: Call | None = None

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """Return the figures, ready to read: every rate beside its denominator and interval."""

    def sheets(self) -> dict[str, pd.DataFrame]:
        """Return further tables by name, for sheets of their own in a workbook; none by default."""
        return {}

    @abstractmethod
    def headline(self) -> str:
        """Say the finding in one plain sentence."""

    @abstractmethod
    def _draw(self, view: str) -> alt.TopLevelMixin:
        """Draw one of the views."""

    def chart(self, view: str | None = None) -> alt.TopLevelMixin:
        """Return one of the `views` as an Altair chart, the first if none is named; BadParameter if it has no such."""
        return self._draw(one_of(view or self.views[0], "view", self.views))


P = ParamSpec("P")
R = TypeVar("R", bound=Result)


def analysis(
    *needs: str, name: str = ""
) -> Callable[[Callable[Concatenate[Dataset, P], R]], Callable[Concatenate[Dataset | ir.Table, P], R]]:
    """Make a function an analysis of the public API.

    What it needs is declared once, here: the pages, and the list of what can be answered, read it from the function.
    The decorated function also takes a bare Ibis table in place of a Dataset, checks that what it needs is there
    (SchemaError if not), and puts the call into its Result.

    Args:
        *needs: Tables ('events') and optional columns ('orders.customer_id') it cannot do without.
        name: The public name, if it is not 'jl.<domain>.<function>'.
    """

    def decorate(function: Callable[Concatenate[Dataset, P], R]) -> Callable[Concatenate[Dataset | ir.Table, P], R]:
        public = name or f"jl.{function.__module__.split('.')[1]}.{function.__name__}"

        @functools.wraps(function)
        def run(shop: Dataset | ir.Table, /, *args: P.args, **options: P.kwargs) -> R:
            from journeylab.data.dataset import as_dataset

            dataset = as_dataset(shop, needs)
            result = function(dataset, *args, **options)
            said = tuple((key, value) for key, value in options.items() if key != "progress")
            return replace(result, call=Call(public, said, dataset.calls))

        run.needs = needs  # type: ignore[attr-defined]
        run.public_name = public  # type: ignore[attr-defined]
        return run

    return decorate


def needs_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return what an analysis declared that it needs."""
    return getattr(function, "needs", ())
