"""The workshop: the facilitator types, the room looks. Guess, reveal, vote, agree, and stores that leak."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab import words
from journeylab.app import controls, map_editor, map_keeper, map_page, panels
from journeylab.app.cards import show
from journeylab.app.demo import demo_button, open_demo
from journeylab.app.presenter import presenting
from journeylab.app.progress import with_progress
from journeylab.app.shell import story
from journeylab.app.state import visitor
from journeylab.errors import JourneylabError
from journeylab.journey import workshop
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeylab.journey.map import Map

_ENDS, _LEAK, _GUESSES = "workshop_ends", "workshop_leak", "workshop_leak_guesses"
_STEPS = {
    "Cart to checkout": "begin_checkout", "Checkout to shipping": "add_shipping_info",
    "Shipping to payment": "add_payment_info", "Payment to order": "purchase",
}  # fmt: skip
_LEVELS = {"Level 1, plain": 1, "Level 2, hidden": 2, "Level 3, well hidden": 3}


def clock() -> None:
    """Show a timer for the room, with a button to start it."""
    with st.popover("Timer", icon=":material/timer:"):
        minutes = st.number_input("Minutes", 1, 90, 5, key="workshop_minutes")
        if st.button("Start", key="workshop_start", type="primary"):
            st.session_state[_ENDS] = time.time() + 60 * minutes
            st.rerun()
        if st.button("Stop", key="workshop_stop"):
            st.session_state.pop(_ENDS, None)
            st.rerun()
    if _ENDS in st.session_state:
        _ticking()


@st.fragment(run_every=timedelta(seconds=1))
def _ticking() -> None:
    left = max(0, round(st.session_state.get(_ENDS, 0) - time.time()))
    st.subheader(f":material/timer: {left // 60}:{left % 60:02d}" if left else ":material/alarm: Time", anchor=False)


def offer_demo(chart: Map) -> None:
    """Offer the demo store where nothing is known that could be revealed."""
    if workshop.guessable(chart) or presenting() or visitor().demo:
        return
    with st.container(border=True):
        st.markdown("Nothing is known yet that teams could guess. Add files, or take the demo store.")
        if demo_button("workshop_demo"):
            open_demo()


def guess(chart: Map) -> None:
    """Let each team guess what is hidden: emotion and who leaves, touchpoint by touchpoint."""
    if presenting() or workshop.teams_of(chart):
        map_keeper.hide(True)
    map_page.picture(workshop.hidden(chart), view="guess", paper="strip", height=540 if presenting() else 390)
    if not workshop.guessable(chart):
        return
    left, right = st.columns([1, 2])
    with left:
        st.subheader("How do customers feel, and how many leave?", anchor=False)
        teams = workshop.teams_of(chart)
        team = st.selectbox(
            "Team", teams or ["Team 1"], key="workshop_team", accept_new_options=True, help="Type a name to add a team."
        )
        st.caption(f"{words.count(len(teams), 'team')} so far. The data shows under Reveal, with the points.")
        if map_keeper.hidden():
            st.caption(":material/visibility_off: Until then the Journey map hides what the data knows, too.")
    if team:
        with right:
            _enter(chart, team)


def still_guessing(chart: Map) -> bool:
    """Say whether teams are guessing; if so, show the map without the answers, and a way to show them."""
    if not map_keeper.hidden():
        return False
    if not presenting():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                ":material/visibility_off: **Teams are guessing in the workshop.** What the data knows is hidden here "
                "until Reveal."
            )
            if st.button("Show it now", key="workshop_show_now"):
                map_keeper.hide(False)
                st.rerun()
    map_page.picture(workshop.hidden(chart), view="guess", key="_hidden")
    return True


def preview(chart: Map) -> None:
    """Draw the map while it is not whole yet, without what is to be guessed."""
    map_page.picture(workshop.hidden(chart), view="guess", paper="strip", height=390, key="_preview")


def _enter(chart: Map, team: str) -> None:
    """Take a team's guesses in."""
    key = f"workshop_guess_{team}_{map_keeper.mount()}"
    frame = workshop.guesses_of(_base(chart, team, key), team)
    frame["drop_off"] = frame["drop_off"] * 100
    column = st.column_config
    edited = st.data_editor(
        frame,
        hide_index=True,
        placeholder="–",
        key=key,
        column_config={
            "name": column.TextColumn("Touchpoint", disabled=True),
            "emotion": column.NumberColumn("Emotion, -2 to 2", min_value=-2.0, max_value=2.0, step=0.1),
            "drop_off": column.NumberColumn("Leave here, %", min_value=0.0, max_value=100.0, step=1.0),
        },
    )
    try:
        new = workshop.with_guesses(chart, team, edited.assign(drop_off=edited["drop_off"] / 100))
    except JourneylabError as error:
        panels.problem(error)
        return
    if new != chart:
        map_keeper.keep(new, anew=False)
        st.rerun()


def _base(chart: Map, team: str, key: str) -> Map:
    """Return the map that a team's table began from; one that was out of sight begins from what was kept."""
    name = (team, map_keeper.mount(), chart.persona)
    if st.session_state.get("workshop_base_of") != name or key not in st.session_state:
        st.session_state["workshop_base_of"], st.session_state["workshop_base"] = name, chart
    return st.session_state["workshop_base"]


def reveal(chart: Map) -> None:
    """Show the map, and how well the teams knew it."""
    map_keeper.hide(False)
    map_page.picture(chart, view="curve", height=740 if presenting() else 600)
    found = workshop.guesses(chart)
    st.subheader(escape(found.headline()), anchor=False)
    if found.teams.empty:
        return
    left, right = st.columns([2, 3])
    with left:
        st.dataframe(
            found.teams,
            hide_index=True,
            alt=found.headline(),
            column_config={
                "points": st.column_config.ProgressColumn("Points", min_value=0, max_value=100, format="%.0f")
            },
        )
        st.caption("  \n".join(escape(caveat) for caveat in found.caveats))
    with right:
        st.vega_lite_chart(spec=found.chart().to_dict(validate=False), alt=found.headline(), key="workshop_points")


def vote(chart: Map) -> None:
    """Put the room's dots on pains and opportunities."""
    map_keeper.hide(False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        people = controls.slider("People in the room", 1, 60, 10, key="people")
        each = controls.slider("Dots for each", 1, 10, 3, key="dots")
    left = workshop.dots_left(chart, people=people, each=each)
    said = f"{words.count(left, 'dot')} left" if left >= 0 else f"{words.count(-left, 'dot')} too many"
    st.subheader(said, anchor=False)
    st.progress(min(1.0, max(0.0, 1 - left / (people * each))), f"{people * each - left} of {people * each} put down")
    what = controls.segments("Vote on", ("Pain points", "Opportunities"), key="vote_on")
    map_editor.edit(chart, "pains" if what == "Pain points" else "opportunities", key="vote")


def find_the_leak(stake: Callable[..., Any]) -> None:
    """Let teams find where a small store leaks: open one beside the own shop, look, name step and group, and see."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        level = controls.choice("Store", _LEVELS, key="level")
        opened = st.button(
            "Open this store", icon=":material/storefront:", key="leak_open", type="primary",
            help="A small simulated shop with one leak. It opens beside your files and your map, which stay.",
        )  # fmt: skip
    if opened:
        with_progress(lambda progress: _open(level, progress))
    answer, shop = st.session_state.get(_LEAK), visitor().aside
    if answer is None or shop is None:
        st.caption("Open a store. Then look at where visitors leave, by whom, and name the leak.")
        return
    story().shop = shop
    st.caption("The store is open on this screen alone. Every other page keeps your own files, map and votes.")
    left, right = st.columns([3, 2])
    with left:
        by = {"device": "device", "channel": "marketing_channel", "country": "country"}
        found = controls.choice("Look by", by, key="leak_by")
        others = [column for column in by.values() if column != found and shop.has(f"events.{column}")]
        show(stake, shop, steps=["add_to_cart", *_STEPS.values()], by=found, strata=others, unit="session")
    with right:
        _name_the_leak(answer)


def _open(level: int, progress: Callable[[float, str], None]) -> None:
    from journeylab.data.demo.leak_stores import leak_store

    who = visitor()
    shop, answer = leak_store(level, root=who.folder(), progress=progress)
    who.put_aside(shop)
    st.session_state[_LEAK], st.session_state[_GUESSES] = answer, {}


def _name_the_leak(answer: Any) -> None:
    from journeylab.data.demo.plan import CHANNELS, COUNTRIES, DEVICES

    st.subheader(f"Level {answer.level}: where does it leak?", anchor=False)
    with st.form("leak_guess"):
        team = st.text_input("Team", "Team 1")
        step = st.selectbox("Between", list(_STEPS))
        options = {"device": DEVICES, "channel": CHANNELS, "country": COUNTRIES}
        named = {key: st.selectbox(key.capitalize(), ["all", *values]) for key, values in options.items()}
        if st.form_submit_button("That is it"):
            groups = {key: value for key, value in named.items() if value != "all"}
            points = workshop.leak_points(answer, step=_STEPS[step], groups=groups)
            st.session_state[_GUESSES] = {**st.session_state.get(_GUESSES, {}), team: points}
    told = st.session_state.get(_GUESSES, {})
    if told and st.toggle("Show points and the answer", key=f"leak_answer_{answer.level}"):
        st.dataframe({"Team": list(told), "Points": list(told.values())}, hide_index=True, alt="Points of the teams")
        where = next(name for name, step in _STEPS.items() if step == answer.step)
        st.success(
            f"{where}, {answer.who}: {words.percent(answer.passed, digits=0)} pass instead of "
            f"{words.percent(answer.usual, digits=0)}. It costs {words.money(answer.margin, 'EUR')} of margin.",
            icon=":material/key:",
        )
