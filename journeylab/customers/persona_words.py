"""A first name for a persona: what sets it apart most, in plain words. Users write better ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from journeylab.words import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from journeylab.customers.scaling import Scale

_LEAST = 0.4
#: Below this, in scaled units, not even the strongest trait is worth a word.
_SLIGHT = 0.15


def names(centres: NDArray[np.float64], scales: Sequence[Scale]) -> list[str]:
    """Return a different name for each row of centres in scaled units.

    Two traits make a name, or three where two say the same of several. Those that still share one are told apart by
    what they differ in most, in its own units.
    """
    words = [_traits(centre, scales) for centre in centres]
    out = [_sentence(each[:2]) for each in words]
    for shared in _shared(out):
        for row in shared:
            out[row] = _sentence(words[row][:3])
    for shared in _shared(out):
        place = int(np.argmax(np.ptp(centres[shared], axis=0)))
        for row in shared:
            out[row] = f"{out[row]}: {_about(centres[row, place], scales[place])}"
    return called(out, {})


def _shared(names: Sequence[str]) -> list[list[int]]:
    """Return the rows of each name that several have."""
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    return [row for row in rows.values() if len(row) > 1]


def _about(value: float, scale: Scale) -> str:
    """Say where a scaled value lies in the feature's own units, to two digits."""
    raw = scale.middle + value * scale.spread
    if scale.column.kind == "share":
        return f"{scale.column.label} about {percent(min(max(raw, 0.0), 1.0), digits=0)}"
    raw = max(float(np.expm1(raw)), 0.0)
    return f"{scale.column.label} about {float(f'{raw:.2g}'):,.{0 if raw >= 10 else 1}f}"


def called(suggested: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """Return what personas are called: as given by the name they are found with, else that name; no name twice.

    >>> called(["Frequent", "Rare", "New"], {"Frequent": "Ina", "New": "Ina"})
    ['Ina', 'Rare', 'Ina (2)']
    """
    out: list[str] = []
    for name in suggested:
        own = str(given.get(name) or "").strip() or name
        number, said = 1, own
        while said in out:
            number += 1
            said = f"{own} ({number})"
        out.append(said)
    return out


def _traits(centre: NDArray[np.float64], scales: Sequence[Scale]) -> list[str]:
    """Return the words for what sets a centre apart, the strongest first; what it has before what it lacks."""
    having, lacking = [], []
    for place in np.argsort(-np.abs(centre), kind="stable"):
        column, value = scales[place].column, centre[place]
        if abs(value) < _LEAST:
            continue
        if value > 0 or not column.less.startswith("little "):
            having.append(column.more if value > 0 else column.less)
        else:
            lacking.append(column.less)
    return having or lacking[:1] or [_slightly(centre, scales)]


def _slightly(centre: NDArray[np.float64], scales: Sequence[Scale]) -> str:
    """Return a word for a centre that nothing sets apart much."""
    place = int(np.argmax(np.abs(centre)))
    if abs(centre[place]) < _SLIGHT:
        return "near the middle"
    return f"rather {scales[place].column.more if centre[place] > 0 else scales[place].column.less}"


def _sentence(words: Sequence[str]) -> str:
    text = ", ".join(words)
    return text[:1].upper() + text[1:]
