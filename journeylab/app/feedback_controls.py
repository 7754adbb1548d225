"""The controls of the Feedback page: looks, answers, groups, words of pain, stages of cases, money of a contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, named_list, panels, persona_recipe, value_controls
from journeylab.app.state import visitor
from journeylab.customers import answers, cases, pain_words
from journeylab.customers.closed_loop_effect import has_list
from journeylab.errors import JourneylabError
from journeylab.report.markdown import escape
from journeylab.result import needs_of
from journeylab.words import listed, money, plus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from journeylab.customers.closed_loop import ClosedLoop
    from journeylab.customers.closed_loop_effect import ClosedLoopEffect
    from journeylab.customers.feedback import Feedback
    from journeylab.customers.holdout import Holdout
    from journeylab.customers.themes import Themes
    from journeylab.data.dataset import Dataset

PAIN_WORDS, STAGES, SAVED = pain_words.EDIT, cases.EDIT, "saved"
_PERSONA = "persona"
_WIDTH = 240
_ICONS = {
    "navigational": ":material/explore:", "usability": ":material/touch_app:", "emotional": ":material/mood_bad:",
    "financial": ":material/payments:", "support": ":material/support_agent:", "performance": ":material/speed:",
}  # fmt: skip


def look(shop: Dataset, looks: Mapping[str, Callable[..., Any]]) -> str:
    """Choose what to look at, the looks these files allow first; one they do not allow says what it lacks, and is ''.

    Args:
        shop: The shop.
        looks: The analysis of each look, by title.
    """
    lacking = {title: shop.missing(needs_of(function)) for title, function in looks.items()}
    chosen = controls.segments("Look at", sorted(looks, key=lambda title: bool(lacking[title])), key="look")
    if lacking[chosen]:
        panels.missing(lacking[chosen], "This look")
        return ""
    rest = [f"“{title}”" for title in looks if lacking[title]]
    if rest:
        st.caption(f"{listed(rest)} cannot be shown with these files yet; open one to see what to add.")
    return chosen


def kinds(shop: Dataset) -> dict[str, int]:
    """Return the kinds of answers there are, with how many, in the usual order."""
    found = visitor().remember((shop.fingerprint, "kinds"), lambda: answers.kinds_of(shop))
    return {name: found[name] for name in answers.KINDS if name in found}


def kind(shop: Dataset, *, key: str, every: bool = False) -> str | None:
    """Choose a kind of answer among those there are; every kind stands for None."""
    titles = {answers.KINDS[name].title: name for name in kinds(shop)}
    return controls.choice("Answers", {**({"all of customers": None} if every else {}), **titles}, key=key)


def key_scores(shop: Dataset, feedback: Callable[..., Feedback]) -> None:
    """Show the score of each kind with its interval in a row."""
    found_by_kind = visitor().remember(
        (shop.fingerprint, "key scores"), lambda: {name: feedback(shop, kind=name) for name in kinds(shop)}
    )
    with st.grid(3, min_column_width=165):
        for found in found_by_kind.values():
            score, _dot, rest = found.written(found.whole.iloc[0]).partition(" (")
            inside = rest.removesuffix(")")
            st.metric(
                escape(found.kind.title), escape(score), border=True, height="stretch",
                help=escape(f"95 % interval {inside}."), delta=escape(inside), delta_color="off", delta_arrow="off",
            )  # fmt: skip


def breakdown(shop: Dataset, splits: Sequence[str], *, key: str, default: str = "nothing") -> dict[str, Any]:
    """Choose what to break down by and return the arguments that do so; personas are worked out when asked for."""
    named = {name.replace("customers.", "customer's ").replace("_", " "): name for name in splits}
    named = {("RFM group" if name == "rfm" else label): name for label, name in named.items()}
    more = {_PERSONA: _PERSONA} if shop.has("orders.customer_id") else {}
    chosen = controls.choice("Break down by", {"nothing": None, **named, **more}, key=key, default=default)
    if chosen == _PERSONA:
        return {"personas": persona_recipe.found(shop)}
    return {"by": chosen} if chosen else {}


def scores(shop: Dataset) -> dict[str, Any]:
    """Choose what answers to score, and by what."""
    known = visitor().remember((shop.fingerprint, "answers by"), lambda: answers.splits(shop))
    with st.container(horizontal=True):
        asked = kind(shop, key="kind")
        split = breakdown(shop, known, key="by")
        smallest = controls.slider(
            "Compared from so many answers", 5, 100, 30, key="smallest", help="Smaller groups are shown, not compared."
        )
    return {"kind": asked, **split, "smallest": smallest}


def comments(shop: Dataset) -> dict[str, Any]:
    """Choose what comments to read, how many themes to look for, who wrote them, and the words of each pain."""
    known = visitor().remember((shop.fingerprint, "answers by"), lambda: answers.splits(shop))
    with st.container(horizontal=True):
        asked = kind(shop, key="of", every=True)
        count = controls.slider("Themes of each mood", 2, 12, 6, key="themes")
        split = breakdown(shop, known, key="written_by")
    words = _pain_words(shop)
    return {"kind": asked, "count": count, **split, **({"pains": words} if words else {}), "progress": progress()}


def progress() -> Callable[[float, str], None]:
    """Return what shows how far long work is; it draws nothing where the work was done before."""
    place = st.empty()

    def tell(share: float, words: str) -> None:
        if share >= 1:
            place.empty()
        else:
            place.progress(share, escape(words))

    return tell


def _pain_words(shop: Dataset) -> dict[str, list[str]]:
    """Edit the words of each kind of pain in place; what differs from the usual ones is kept with the data."""
    kept = pain_words.kept(shop)
    with st.expander("The words of each kind of pain", icon=":material/rule:"):
        st.caption(
            "Beginnings of words, in any language; with a full stop at the end only the whole word fits. A theme is of "
            "the kind whose words its comments have more often than unhappy comments at large."
        )
        edited = st.data_editor(
            [
                {"pain": pain, "meaning": meaning, "words": list(kept.get(pain, pain_words.USUAL[pain]))}
                for pain, meaning in pain_words.PAINS.items()
            ],
            hide_index=True,
            disabled=["pain", "meaning"],
            key="pain_words",
            column_config={
                "pain": st.column_config.TextColumn("Kind"),
                "meaning": st.column_config.TextColumn("Meaning"),
                "words": st.column_config.ListColumn("Words", width="large"),
            },
        )
        if kept and st.button("Back to the usual words", key="pain_words_usual"):
            _keep(PAIN_WORDS, None)
            del st.session_state["pain_words"]
            st.rerun()
    now = {str(row["pain"]): [str(word) for word in row["words"] or []] for row in edited}
    now = {pain: words for pain, words in now.items() if tuple(words) != pain_words.USUAL[pain]}
    if now != kept:
        _keep(PAIN_WORDS, now or None)
    return now


def quotes(found: Themes) -> None:
    """Show what customers wrote of each theme, the costliest first; every text is escaped."""
    shown = found.pains if len(found.pains) else found.rows
    st.subheader("In their own words", anchor=False)
    places = list(shown.head(6).to_dict("records"))
    for first in range(0, len(places), 2):
        for column, theme in zip(st.columns(2), places[first : first + 2], strict=False):
            with column, st.container(border=True, height="stretch"):
                _theme(found, theme)


def _theme(found: Themes, theme: dict[str, Any]) -> None:
    where = f" · {escape(theme['touchpoint'])}" if theme["touchpoint"] else ""
    icon = _ICONS.get(theme["pain"], ":material/chat:")
    st.markdown(f"**{escape(theme['theme'])}**{where} :gray-badge[{icon} {escape(theme['pain'])}]")
    for quote in found.quotes.loc[found.quotes["theme"] == theme["theme"], "quote"]:
        st.markdown(f"> {escape(quote)}")
    said = f"{theme['n']:,} comments; {plus(theme['effect'])} points of 100"
    said += f" ({plus(theme['effect_lower'])} to {plus(theme['effect_upper'])}, n = {theme['n_effect']:,})"
    if theme["group"]:
        said += f"; {theme['group']} write it {theme['times']:.1f} times as often as others"
    st.caption(escape(said))


def support(shop: Dataset) -> dict[str, Any]:
    """Choose how to look at support cases, and at which touchpoint a topic arises."""
    known = visitor().remember((shop.fingerprint, "cases by"), lambda: cases.splits(shop))
    with st.container(horizontal=True):
        split = breakdown(shop, known, key="cases_by", default="topic")
        days = controls.slider("Days after a case", 7, 365, 90, key="after")
        titles = {answers.KINDS[name].title: name for name in kinds(shop) if name in answers.OF_CUSTOMERS}
        asked = controls.choice("Scores of", titles, key="scores_of") if titles else ""
    stages = _stages(shop) if shop.has("tickets.topic") else {}
    return {**split, "days": days, **({"kind": asked} if asked else {}), **({"stages": stages} if stages else {})}


def _stages(shop: Dataset) -> dict[str, str]:
    """Edit at which touchpoint the cases of a topic arise; what differs from the usual is kept with the data."""
    kept = shop.edits.get(STAGES) or {}
    topics = visitor().remember((shop.fingerprint, "topics"), lambda: cases.topics(shop))
    usual = {topic: cases.STAGES.get(topic.lower(), topic.lower()) for topic in topics}
    with st.expander("The touchpoint of each topic", icon=":material/rule:"):
        edited = st.data_editor(
            [{"topic": topic, "touchpoint": kept.get(topic, usual[topic])} for topic in topics],
            hide_index=True, disabled=["topic"], key="ticket_stages",
        )  # fmt: skip
    now = {row["topic"]: str(row["touchpoint"]) for row in edited if row["touchpoint"]}
    now = {topic: place for topic, place in now.items() if place != usual[topic]}
    if now != kept:
        _keep(STAGES, now or None)
    return now


def contact(shop: Dataset, tested: Holdout) -> dict[str, Any]:
    """Choose save rate, cost, margin, horizon, how far to look back, hold-out and budget."""
    with st.container(horizontal=True):
        with st.container(width=_WIDTH):
            since = controls.slider("Days to look back", 30, 730, 180, key="since")
        with st.container(width=_WIDTH):
            saved = controls.slider(
                "Save rate, %", 1, 100, 20, key=SAVED, help="The share of a customer's margin that a contact recovers."
            )
        with st.container(width=_WIDTH):
            cost = controls.slider(f"Cost of a contact, {escape(shop.currency)}".rstrip(", "), 0, 100, 5, key="contact")
        margin, horizon = value_controls.margin(shop), value_controls.horizon()
        with st.container(width=_WIDTH):
            held = controls.slider(
                "Held out, %", 0, 50, 20, key="held", help="Without it nobody will know what the contact did."
            )
        asked: dict[str, Any] = {
            "since": since, "saved": saved / 100, "cost": float(cost), "margin": margin, "horizon": horizon,
            "held": held / 100,
        }  # fmt: skip
        key = (shop.fingerprint, "worth a contact", repr(asked), tested.call.python() if tested.call else "")
        n = visitor().remember(key, lambda: _worth_it(shop, tested, asked))
        everyone = money(float(n * cost), shop.currency)
        with st.container(width=_WIDTH):
            part = controls.slider(
                "Budget, % of contacting all worth it", 0, 100, 100, key="budget",
                help=escape(f"Contacting all {n:,} customers who are worth it would cost {everyone}."),
            )  # fmt: skip
    return asked if part == 100 else {**asked, "budget": part / 100 * n * cost}


def _worth_it(shop: Dataset, tested: Holdout, asked: dict[str, Any]) -> int:
    """Return how many would be contacted without a budget; 0 where the data do not allow it, which the card says."""
    from journeylab.customers.closed_loop import closed_loop

    try:
        return closed_loop(shop, tested=tested, **asked).contacts
    except JourneylabError:
        return 0


def measured(found: ClosedLoopEffect) -> None:
    """Offer to take the measured save rate in the place of the guess, where it is one that can be."""
    taken = round(100 * found.saved) if found.saved_lower > 0 else 0
    if 1 <= taken <= 100:
        st.button(
            f"Take {taken} % as the save rate", icon=":material/arrow_upward:", key="take_saved", on_click=_take,
            args=(taken,),
        )  # fmt: skip


def _take(saved: int) -> None:
    st.session_state[SAVED] = saved


def take_away(shop: Dataset, found: ClosedLoop) -> None:
    """Offer the list of customers to contact and to hold out; read again with the next exports, it is what measures."""
    if not found.contacts:
        return
    with st.container(border=True):
        st.subheader("The list to work through", anchor=False)
        st.markdown(
            "Contact those of variant “contact”, leave those of “hold-out” alone, and add the same file with your next "
            "exports: what the contact did is then measured here."
        )
        named_list.offer(shop, found, found.exposures(), name="closed-loop", customer="unit_id")


def was_contacted(shop: Dataset) -> bool:
    """Say whether the shop's files hold such a list."""
    return visitor().remember((shop.fingerprint, "contacted"), lambda: has_list(shop))


def _keep(place: str, value: Any) -> None:
    who = visitor()
    if who.shop is not None and who.shop.edits.get(place) != value:
        who.shop = who.shop.with_edit(place, value)
        who.drop("journey map")
