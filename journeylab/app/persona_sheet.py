"""Persona sheets: what the data says of each persona, and beside it what the team writes, kept with the data."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab import words
from journeylab.app import controls, persona_recipe
from journeylab.app.state import visitor
from journeylab.customers import stability
from journeylab.customers.features import BY_NAME, WEB, available, chosen
from journeylab.customers.margin import share_of_net
from journeylab.customers.persona_map import axes as map_axes
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.customers.persona_count import PersonaCount
    from journeylab.customers.persona_value import PersonaValue
    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

WRITTEN = ("goals", "needs", "barriers", "quote")
_ICONS = {
    stability.STEADY: ":green-badge[:material/verified: steady {}]",
    stability.FAIR: ":orange-badge[:material/help: fair {}]",
    stability.WEAK: ":red-badge[:material/warning: shaky {}]",
}
_STEADY, _FAIR = stability.LIMITS
BADGE = (
    "Would this persona come back from other customers of the same shop? The figure is the mean overlap (Jaccard "
    f"similarity) with its nearest match when it is found anew from customers drawn again. Steady: at least {_STEADY}; "
    f"fair: at least {_FAIR}; shaky: less, not to be relied on."
)
CUT = (
    "No gap in the data sets these customers apart; where they are cut is our choice, so there is nothing to come back."
)
_CUT = ":gray-badge[:material/content_cut: {}]"
_ABOUT = ("frequency", "gap_days", "order_value", "basket_size", "discount_share", "returns_share", "feedback")
_MONEY = ("order_value", "monetary")
_BLOCKS = {
    "channels": "Channel",
    "devices": "Device",
    "sales_channels": "Sales channel",
    "countries": "Country",
    "phase": "In the buying cycle",
}


def features(shop: Dataset) -> list[str] | None:
    """Choose the features personas are made of, by their labels; None for the usual ones."""
    persona_recipe.begin(shop)
    labels = {BY_NAME[name].label: name for name in available(shop)}
    usual = [BY_NAME[name].label for name in chosen(shop, None)]
    picked = controls.several("Features", list(labels), usual, key="features", most=len(labels))
    return [labels[label] for label in picked] or None


def number_of_personas(count: PersonaCount | None) -> int | None:
    """Choose how many personas; by default the suggested number, or slices by value if there are no real groups."""
    if count is None:
        return None
    options: dict[str, int | None] = {str(k): k for k in count.counts["k"]}
    if count.suggested is None:
        options = {"slices by value": None, **options}
        return controls.choice("Personas", options, key="k", help="No real groups were found.")
    return controls.slider("Personas", 2, 10, count.suggested, key="k", help=f"{count.suggested} are suggested.")


def looks(found: Personas) -> list[str]:
    """Return the further looks at personas; slices have neither a map nor rules."""
    return [*([] if found.sliced else ["On a map", "As rules"]), "Against RFM groups", "As an audience"]


def axes(found: Personas) -> dict[str, str]:
    """Choose the two axes of the map."""
    known = map_axes(found)
    if len(known) < 2:
        return {}
    usual = {"as suggested": ""}
    with st.container(horizontal=True):
        x = controls.choice("Across", {**usual, **known}, key="map_x")
        others = {label: name for label, name in known.items() if name != x}
        y = controls.choice("Up", {**usual, **others}, key="map_y")
    return {name: value for name, value in (("x", x), ("y", y)) if value}


def sheets(found: Personas) -> dict[str, Any]:
    """Draw a sheet a persona: size, money, habits, products, and what the team writes.

    Returns:
        Where the lifetime value of each persona goes, by its name; it takes longer than the rest.
    """
    places: dict[str, Any] = {}
    mark = persona_recipe.mark(found.count, persona_recipe.number(found))
    st.subheader("Who they are", anchor=False)
    cards = list(found.cards.to_dict("records"))
    figures: dict[int, list[dict[str, Any]]] = {card["persona"]: [] for card in cards}
    for row in found.figures.to_dict("records"):
        figures[row["persona"]].append(row)
    for first in range(0, len(cards), 2):
        for column, card in zip(st.columns(2), cards[first : first + 2], strict=False):
            with column, st.container(border=True):
                places[card["name"]] = _sheet(found, card, figures[card["persona"]], mark)
    _of_nobody(found, mark)
    return places


def _sheet(found: Personas, card: dict[str, Any], figures: list[dict[str, Any]], mark: str) -> Any:
    steady = card["badge"] in _ICONS
    badge = _ICONS.get(card["badge"], _CUT).format(f"{card['jaccard']:.2f}" if steady else escape(card["badge"]))
    st.markdown(f"**{escape(card['name'])}** {badge}", help=BADGE if steady else CUT)
    st.markdown(_write(size(found, card)))
    place = st.empty()
    st.markdown(_table(habits(found, figures)))
    if card["products"]:
        st.markdown(_write([("Buys more than others", card["products"])]))
    key = _key(found, card, mark)
    words_of = st.expander(
        "Name, goals, needs, barriers, quote", icon=":material/edit:", key=f"{key}_write", on_change="rerun"
    )
    if words_of.open:  # many fields, of which few are ever written in
        with words_of:
            _written(found, found.suggested[card["persona"]], key)
    return place


def _key(found: Personas, card: dict[str, Any], mark: str) -> str:
    """Name the fields of a sheet: those of personas that were asked for in another way are others."""
    of = f"_{zlib.crc32(mark.encode()):08x}" if mark else ""
    return f"sheet_{card['persona']}_{found.suggested[card['persona']]}{of}"


def _written(found: Personas, name: str, key: str) -> None:
    """Let the team write what a persona is called, wants and says, and keep it."""
    k = persona_recipe.number(found)
    sheets = persona_recipe.sheets(found.count, k)
    kept = sheets.get(name, {})
    told = {"name": st.text_input("Name", kept.get("name", ""), key=f"{key}_name", placeholder=name, max_chars=80)}
    for field in WRITTEN:
        told[field] = st.text_area(field.capitalize(), kept.get(field, ""), key=f"{key}_{field}", height=68)
    told = {field: text for field, text in told.items() if text}
    if told != kept:
        persona_recipe.write(found.count, k, {**sheets, name: told})
        if told.get("name") != kept.get("name"):  # every chart and list calls it so
            st.rerun()


def _of_nobody(found: Personas, mark: str) -> None:
    """Show what was written of personas that are not found any more, and let it be given to one that is."""
    k = persona_recipe.number(found)
    sheets = persona_recipe.sheets(found.count, k)
    names = set(found.suggested.values())
    for lost in sorted(set(sheets) - names):
        sheet = sheets[lost]
        with st.container(border=True):
            st.markdown(
                f"**{escape(sheet.get('name') or lost)}**: written of “{escape(lost)}”, which is not among these "
                "personas now."
            )
            st.markdown(_write([(field.capitalize(), sheet[field]) for field in WRITTEN if sheet.get(field)]))
            heirs = {card["name"]: card for card in found.cards.to_dict("records")}
            heir = st.selectbox("Who is it now?", list(heirs), index=None, key=f"heir_{lost}", width=360)
            if heir and st.button("Write it there", key=f"give_{lost}"):
                card = heirs[heir]
                name = found.suggested[card["persona"]]
                rest = {other: kept for other, kept in sheets.items() if other != lost}
                persona_recipe.write(found.count, k, {**rest, name: {**sheet, **rest.get(name, {})}})
                for field in ("name", *WRITTEN):
                    st.session_state.pop(f"{_key(found, card, mark)}_{field}", None)
                st.rerun()


def margin(shop: Dataset) -> float:
    """Return the shop's margin as a share of net value, as its costs tell; 1 where there are none, for net value."""
    known = visitor().remember((shop.fingerprint, "margin share"), lambda: share_of_net(shop))
    return round(known, 2) if 0 < known < 1 else 1.0


def worth(places: dict[str, Any], value: PersonaValue | None) -> None:
    """Write the lifetime value into the sheets, with its interval and the error of its hold-out test."""
    rows = {} if value is None else value.groups.set_index("group").to_dict("index")
    for name, place in places.items():
        if value is None or name not in rows:
            place.markdown("**Lifetime value** not known; the card below says why.")
            continue
        mine = rows[name]
        each, low, high, usual = (
            words.money(row[f"per_customer{end}"], value.currency)
            for row, end in ((mine, ""), (mine, "_lower"), (mine, "_upper"), (rows["all"], ""))
        )
        said = f"{each} of {value.what} a customer within {words.count(value.horizon, 'month')}"
        span = f"{low} to {high}, n = {mine['customers']:,}; all {usual}"
        place.markdown(_write([("Lifetime value", f"{said} ({span}); {value.proof()}")]))


def size(found: Personas, card: dict[str, Any]) -> list[tuple[str, str]]:
    """Return how large a persona is, in customers and in money: what, and how much of it with its interval."""
    lines = [
        ("Size", f"{words.count(card['n'], 'customer')}, {_share(card, 'share')} of {words.count(card['of'])}"),
        ("Net", f"{_money(card, 'net', found.currency)}, {_share(card, 'share_of_net')} of the whole"),
    ]
    if "margin" in card:
        known = "" if card["margin_n"] == card["n"] else f", known of {words.count(card['margin_n'])}"
        money = _money(card, "margin", found.currency)
        lines.append(("Margin", f"{money}, {_share(card, 'share_of_margin')} of the whole{known}"))
    if card["probability"] >= 0:  # slices have none
        lines.append(("Belonging", f"{words.percent(card['probability'])} sure, the mean of its customers"))
    return lines


def habits(found: Personas, figures: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return how a persona buys: what, its figure, the interval, n, and the figure of all customers.

    Args:
        found: The personas.
        figures: The persona's rows of the figures.
    """
    lines: list[tuple[str, ...]] = [
        (row["label"][:1].upper() + row["label"][1:], *_figure(row, found.currency))
        for figure in _ABOUT
        for row in figures
        if row["figure"] == figure
    ]
    for block, label in _BLOCKS.items():
        rows = [row for row in figures if row["figure"].startswith(block) and row["value"] == row["value"]]
        if rows:
            row = max(rows, key=lambda one: one["value"])
            level = row["label"].partition(":")[0].removesuffix(" (orders)").removesuffix(f" ({WEB})")
            of = f", {WEB}" if row["label"].endswith(f"({WEB})") else ""
            lines.append((f"{label}{of}: {level}", *_figure(row, found.currency)))
    return lines


def _table(lines: list[tuple[str, ...]]) -> str:
    rows: list[tuple[str, ...]] = [("", "here", "interval", "n", "all"), ("---", "--:", "--:", "--:", "--:")]
    rows += [
        (escape(line[0]), *(escape(cell).replace(" ", "\N{NO-BREAK SPACE}") for cell in line[1:])) for line in lines
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _write(lines: list[tuple[str, str]]) -> str:
    return "  \n".join(f"**{escape(label)}** {escape(text)}" for label, text in lines)


def _figure(row: dict[str, Any], currency: str) -> tuple[str, str, str, str]:
    def number(value: float) -> str:
        if value != value:  # noqa: PLR0124 - not a number
            return "not known"
        if row["figure"] in _MONEY:
            return words.money(value, currency)
        if row["kind"] == "share" or row["figure"] == "feedback":
            return words.percent(value, digits=0)
        return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"

    span = f"{number(row['lower'])} to {number(row['upper'])}"
    return number(row["value"]), span, f"{row['n']:,}", number(row["base"])


def _share(card: dict[str, Any], name: str) -> str:
    low, high = card[f"{name}_lower"], card[f"{name}_upper"]
    return f"{words.percent(card[name])} ({words.percent(low)} to {words.percent(high)})"


def _money(card: dict[str, Any], name: str, currency: str) -> str:
    low, high = (words.money(card[f"{name}_{end}"], currency) for end in ("lower", "upper"))
    return f"{words.money(card[name], currency)} ({low} to {high})"
