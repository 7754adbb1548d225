"""A first name for a persona: what sets it apart most, in plain words. Users write better ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from journeylab.customers.scaling import Scale

_LEAST = 0.4


def names(centres: NDArray[np.float64], scales: Sequence[Scale]) -> list[str]:
    """Return a different name for each row of centres in scaled units."""
    out: list[str] = []
    for centre in centres:
        words = _traits(centre, scales)
        name = _sentence(words[:2])
        if name in out:
            name = _sentence(words[:3])
        if name in out:
            name = f"{name} ({len(out) + 1})"
        out.append(name)
    return out


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
    return having or lacking[:1] or ["like everyone"]


def _sentence(words: Sequence[str]) -> str:
    text = ", ".join(words)
    return text[:1].upper() + text[1:]
