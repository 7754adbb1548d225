"""Where the mix of answers misleads: a score that moves, or a group that differs, against its own parts.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

from journeylab import words
from journeylab.customers import answers, paradox, respondents
from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.customers.paradox import Paradox
    from journeylab.data.dataset import Dataset


def halves(
    shop: Dataset, split: ir.Table, by: str | None, *, level: float, smallest: int
) -> tuple[Paradox | None, tuple[str, ...]]:
    """Say if the score moves one way from half to half of the period, and within the groups the other.

    It is looked at by the groups and, whatever they are, by touchpoint.

    Returns:
        The first paradox, None if there is none; and a sentence for each.
    """
    if shop.period is None or shop.period[0] == shop.period[1]:
        return None, ()
    middle = shop.period[0] + (shop.period[1] - shop.period[0]) / 2
    parts = [("group", split.group, "Trust the groups.")] if by is not None else []
    if by != "touchpoint" and "touchpoint" in split.columns:
        told = "Break it down by touchpoint, and trust the touchpoints."
        parts.append(("touchpoint", split.touchpoint.fill_null(""), told))
    first, said = None, []
    for noun, part, advice in parts:
        counts = answers.counted(shop, split.mutate(arm=_.day > ibis_date(middle), part=part), "arm", "part")
        found = paradox.look(_weighed(counts, level), level=level, smallest=smallest)
        if found is None or not found.reversed:
            continue
        first = first or found
        up, down = ("up", "down") if found.whole > 0 else ("down", "up")
        said.append(
            f"Simpson's paradox: from the first half of the period to the second the score goes {up} by "
            f"{abs(found.whole):.2g} as a whole, and {down} by {abs(found.within):.2g} within the {noun}s "
            f"({found.against} of {words.count(found.parts, noun)} against the whole), because other {noun}s answer "
            f"now. {advice}".replace("other touchpoints answer now", "other touchpoints are asked about now")
        )
    return first, tuple(said)


def groups(
    shop: Dataset, split: ir.Table, rows: pd.DataFrame, by: str, *, level: float, smallest: int
) -> tuple[str, ...]:
    """Say of each clear group whether it stands on the other side of the rest at the same touchpoints."""
    clear = rows.loc[rows["clear"], "group"]
    if by == "touchpoint" or "touchpoint" not in split.columns or clear.empty:
        return ()
    counts = answers.counted(shop, split.mutate(part=_.touchpoint.fill_null("")), "group", "part")
    counts = _weighed(counts, level)
    said = []
    for group in clear:
        found = paradox.look(counts.assign(arm=counts["group"] == group), level=level, smallest=smallest)
        if found is not None and found.reversed:
            over, under = ("above", "below") if found.whole > 0 else ("below", "above")
            said.append(
                f"Simpson's paradox: {group} lies {over} the rest as a whole, and {under} it at the same touchpoints "
                f"(by {abs(found.within):.2g}), because it was asked about others. Trust the touchpoints."
            )
    return tuple(said)


def _weighed(counts: pd.DataFrame, level: float) -> pd.DataFrame:
    return counts.assign(less=respondents.design(counts, level=level))
