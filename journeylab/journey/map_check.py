"""Whether JSON is a journey map: every part that is read has the form it is read by; what is not known is let be."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import TYPE_CHECKING, Any

from journeylab.errors import SchemaError
from journeylab.journey.map_model import ASSUMED, CRITERIA, FORMAT, KINDS, NUMBERS, SOURCES, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What of a cell, pain or opportunity is a number, and which of these count.
_COUNTS = ("n", "of", "votes", "days")
_FIGURES = (*_COUNTS, "value", "lower", "upper", "margin", "margin_lower", "margin_upper")
MAX_CHARACTERS, MAX_TOUCHPOINTS = 8_000_000, 500


def parse(text: str, *, name: str = "The map") -> dict[str, Any]:
    """Read a map's JSON and check its form; nothing in it is changed.

    Raises:
        SchemaError: if it is no journey map, of a later version, or a part of it has another form.
    """
    if len(text) > MAX_CHARACTERS:
        raise SchemaError(f"{name} is larger than a journey map can be.")
    try:
        data = json.loads(text, parse_constant=_no_number, parse_float=_number)
    except (ValueError, RecursionError):
        raise SchemaError(f"{name} is not JSON.", do="Choose a file that journeylab saved.") from None
    check(data, name)
    return data


def write(data: Mapping[str, Any], name: str = "The map") -> str:
    """Return a map's data as JSON after a check of it.

    Raises:
        SchemaError: if it has not the form of a map, or holds what no JSON in UTF-8 can: a number without end, or half
            of a character.
    """
    check(data, name)
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError, RecursionError):
        raise SchemaError(f"{name} holds a number or a character that cannot be saved.") from None
    return text


def check(data: Any, name: str = "The map") -> None:
    """Raise SchemaError where a map's data has not the form of one."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SchemaError(f"{name} is not a journey map.", do="Choose a JSON file that was saved from a journey map.")
    if not isinstance(data.get("version"), int) or data["version"] > VERSION:
        raise SchemaError(f"{name} was saved by a later version of journeylab.", do="Update journeylab.")
    stages = _list(data, "stages", name)
    known = _ids(stages, "stage", name)
    touchpoints = _list(data, "touchpoints", name)
    if len(touchpoints) > MAX_TOUCHPOINTS:
        raise SchemaError(f"{name} has more than {MAX_TOUCHPOINTS} touchpoints.")
    _ids(touchpoints, "touchpoint", name)
    if not isinstance(data.get("persona"), str | None) or not isinstance(data.get("about", {}), dict):
        raise SchemaError(f"{name} names its persona in another way.")
    _texts((*stages, *touchpoints, data, data.get("about", {})), name)
    for point in touchpoints:
        if not isinstance(point.get("stage"), str) or point["stage"] not in known:
            raise SchemaError(f"{name} has a touchpoint in a stage that it does not have: {point.get('stage')!r}.")
        _check_touchpoint(point, name)
    _check_teams(data.get("teams", {}), name)
    _check_moves(_list(data, "moves", name, needed=False), name)
    _check_period(data.get("period"), name)
    if not isinstance(data.get("currency"), str | None):
        raise SchemaError(f"{name} names its currency in another way than by text.")


def _check_moves(moves: list[Any], name: str) -> None:
    _texts(moves, name)
    for move in moves:
        if not all(isinstance(move.get(key), str) for key in ("touchpoint", "lane")):
            raise SchemaError(f"{name} says that something moved, but not where.")
        if not all(isinstance(move.get(key), str | None) for key in ("change", "was", "now")):
            raise SchemaError(f"{name} says what moved in another way than by text.")
        if not all(_is_number(move.get(key)) for key in ("before", "after")) or not _is_yes_or_no(move.get("clear")):
            raise SchemaError(f"{name} says how much moved in another way than by a number.")


def _check_period(period: Any, name: str) -> None:
    """Raise SchemaError unless a period is missing, or its first and last day."""
    if period is None:
        return
    try:
        first, last = period
        if date.fromisoformat(first) <= date.fromisoformat(last):
            return
    except (TypeError, ValueError):
        pass
    raise SchemaError(f"{name} names its period in another way than by its first and last day.")


def _check_teams(teams: Any, name: str) -> None:
    if not isinstance(teams, dict) or not all(isinstance(team, dict) for team in teams.values()):
        raise SchemaError(f"{name} writes the teams' guesses in another way.")
    for guesses in teams.values():
        for guess in guesses.values():
            if not isinstance(guess, dict):
                raise SchemaError(f"{name} has a team's guess that is no number.")
            for what in ("emotion", "drop_off"):
                low, high = NUMBERS[what]
                if what in guess and not (_is_number(guess[what]) and low <= (guess[what] or 0) <= high):
                    raise SchemaError(f"{name} has a team's guess outside {low:g} to {high:g}.")


def _check_touchpoint(point: dict[str, Any], name: str) -> None:
    cells, scores = point.get("cells", {}), point.get("scores", {})
    if not isinstance(cells, dict) or not isinstance(scores, dict):
        raise SchemaError(f"{name} has a touchpoint without cells: {point['id']!r}.")
    for words in ("events", "about"):
        if not all(isinstance(word, str) for word in _list(point, words, name, needed=False)):
            raise SchemaError(f"{name} names events in another way than by text.")
    pains = _list(point, "pains", name, needed=False)
    chances = _list(point, "opportunities", name, needed=False)
    _ids(pains, "pain", name)
    _ids(chances, "opportunity", name)
    _check_cells(point, cells, name)
    _check_figures(point, [*cells.values(), *pains, *chances], name)
    for pain in pains:
        if pain.get("kind", KINDS[0]) not in KINDS:
            raise SchemaError(f"{name} has a pain of an unknown kind: {pain.get('kind')!r}.", do=", ".join(KINDS))
    for criterion, score in scores.items():
        if criterion in CRITERIA and not (_is_number(score) and 0 <= (score or 0) <= 5):
            raise SchemaError(f"{name} has a score outside 0 to 5: {criterion!r} at {point['id']!r}.")


def _check_cells(point: dict[str, Any], cells: dict[str, Any], name: str) -> None:
    for lane, cell in cells.items():
        if not isinstance(cell, dict):
            raise SchemaError(f"{name} has a cell that is none: {lane!r} at {point['id']!r}.")
        low, high = NUMBERS.get(lane, (-math.inf, math.inf))
        if _is_number(cell.get("value")) and not low <= (cell.get("value") or 0) <= high:
            raise SchemaError(f"{name} has a value outside {low:g} to {high:g}: {lane!r} at {point['id']!r}.")


def _check_figures(point: dict[str, Any], figures: list[Any], name: str) -> None:
    _texts(figures, name)
    for figure in figures:
        for key in _FIGURES:
            if not _is_number(figure.get(key)):
                raise SchemaError(f"{name} has a figure that is no number: {key!r} at {point['id']!r}.")
        for key in _COUNTS:
            if (figure.get(key) or 0) < 0 or (figure.get(key) or 0) % 1:
                raise SchemaError(f"{name} has a count that counts nothing: {key!r} at {point['id']!r}.")
        if not _is_yes_or_no(figure.get("clear")):
            raise SchemaError(f"{name} has a finding that is neither clear nor not: {point['id']!r}.")
        if figure.get("source", ASSUMED) not in SOURCES:
            raise SchemaError(f"{name} has evidence of an unknown kind: {figure.get('source')!r}.")


def _list(data: dict[str, Any], key: str, name: str, *, needed: bool = True) -> list[Any]:
    found = data.get(key, None if needed else [])
    if not isinstance(found, list):
        raise SchemaError(f"{name} has no list of {key}.")
    return found


def _ids(rows: list[Any], noun: str, name: str) -> set[str]:
    ids = [row.get("id") if isinstance(row, dict) else None for row in rows]
    if not all(isinstance(one, str) and one for one in ids) or len(set(ids)) != len(ids):
        raise SchemaError(f"{name} has a {noun} without an id of its own.")
    return set(ids)  # type: ignore[arg-type]


def _texts(rows: Iterable[Any], name: str) -> None:
    for row in rows:
        if not isinstance(row, dict):
            raise SchemaError(f"{name} holds something of another form.")
        for key in (
            "name",
            "text",
            "title",
            "kpi",
            "owner",
            "next_step",
            "date",
            "unit",
            "goals",
            "needs",
            "barriers",
            "quote",
        ):
            if not isinstance(row.get(key), str | None):
                raise SchemaError(f"{name} has a {key} that is no text.")


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18)


def _is_yes_or_no(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _number(word: str) -> float:
    """Read a number; one too large for a computer's is none, for it could not be written again."""
    value = float(word)
    if not math.isfinite(value):
        raise ValueError("no number of JSON")
    return value


def _no_number(_word: str) -> float:
    raise ValueError("no number of JSON")
