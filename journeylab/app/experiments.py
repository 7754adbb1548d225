"""What the page of experiments is made of: its controls, the health of a test, counts typed by hand, and the memo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, panels
from journeylab.app.cards import run
from journeylab.app.state import visitor
from journeylab.errors import JourneylabError
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.growth.experiment import Experiment
    from journeylab.growth.measures import Source

RESULT, SEGMENTS, VALUE, PLAN, METHOD, COUNTS = (
    "Result",
    "For whom",
    "Was it worth it",
    "Plan a test",
    "Check the method",
    "Type counts",
)
PRIORS = {
    "flat: anything is possible": None,
    "wide: ±50 %": 0.5,
    "usual: ±10 %": 0.1,
    "sceptical: ±3 %": 0.03,
}
CAPS = {"no": None, "at the 99.9 % quantile": 0.999, "at the 99 % quantile": 0.99, "at the 95 % quantile": 0.95}
TRIMS = {"no": None, "1 % at either end": 0.01, "5 % at either end": 0.05, "10 % at either end": 0.1}
SIDES = {"both sides": "two-sided", "only better": "greater", "only worse": "less"}
WINDOWS = {"14 days": "14d", "7 days": "7d", "30 days": "30d", "90 days": "90d", "no limit": None}
CORRECTIONS = {"Holm": "holm", "Benjamini-Hochberg": "benjamini-hochberg", "none": "none"}
MARGINS = {"2 %": 0.02, "5 %": 0.05, "10 %": 0.1, "20 %": 0.2}
_BANNERS = {"fail": st.error, "warn": st.warning, "pass": st.success}


def parts(shop: Dataset) -> list[str]:
    """Return the parts of the page that this shop can answer."""
    tested = [RESULT, SEGMENTS, VALUE] if shop.has("exposures") or shop.has("outcomes.variant") else []
    return [*tested, PLAN, METHOD, COUNTS] if shop.has("events") or tested else [COUNTS, PLAN]


def test(shop: Dataset) -> str | None:
    """Choose one of the shop's tests."""
    from journeylab.growth import measures

    names = visitor().remember((shop.fingerprint, "tests"), lambda: measures.names(shop))
    return controls.choice("Test", {name: name for name in names}, key="test") if names else None


def planned_split(shop: Dataset, name: str | None) -> dict[str, int] | None:
    """Let the planned share of each variant be given, where it was no equal one."""
    from journeylab.growth import measures

    if name is None or not controls.choice("Planned split", {"equal": False, "another": True}, key="planned"):
        return None
    source = _source(shop, name)
    known = visitor().remember((shop.fingerprint, "variants", name), lambda: measures.variants(shop, source))
    with st.container(horizontal=True):
        return {v: controls.slider(f"Parts for {escape(v)}", 1, 100, 50, key=f"parts_{i}") for i, v in enumerate(known)}


def result_arguments(shop: Dataset) -> dict[str, Any]:
    """Choose what to compare and how; the rarer choices are folded away."""
    from journeylab.growth.metrics import should_fall

    name = test(shop)
    columns = _columns(shop, name)
    chosen = controls.several("Measures, the deciding one first", columns, columns[:4], key="measures", most=8)
    falls = controls.several("Should fall", columns, [c for c in columns if should_fall(c)], key="falls", most=8)
    guarded = [c for c in columns if c not in chosen[:1]]
    with st.expander("How it is read", icon=":material/tune:"):
        left, right = st.columns(2)
        with left:
            reading = controls.choice(
                "The test is looked at",
                {"once, at its planned end": "fixed", "as often as one likes": "always valid"},
                key="looked",
            )
            tuning = controls.slider(
                "Units at which the always-valid interval is tightest, in thousands", 1, 100, 5, key="tuning"
            )
            level = controls.slider("Confidence in per cent", 80, 99, 95, key="level")
            worthwhile = controls.slider("A change worth having, in per cent", 1, 50, 5, key="worthwhile")
        with right:
            prior = controls.choice("Belief before the test, of relative effects", PRIORS, key="prior")
            correction = controls.choice("Correct for several comparisons by", CORRECTIONS, key="correction")
            cap = controls.choice("Cap very large values", CAPS, key="cap")
            trim = controls.choice("Leave out the extremes (in place of a cap)", TRIMS, key="trim")
            guards = controls.several("Guardrails: may not get worse by more than", guarded, [], key="guards", most=4)
            margin = controls.choice("Margin of the guardrails", MARGINS, key="margin", default="5 %")
        which = which_units(shop, name)
        split = planned_split(shop, name)
    return {
        **which,
        "name": name,
        "metrics": chosen or columns[:1],
        "reading": reading,
        "tuning": 1000 * tuning,
        "level": level / 100,
        "worthwhile": worthwhile / 100,
        "prior_sd": prior,
        "correction": correction,
        "cap": None if trim else cap,
        "trim": trim,
        "guardrails": dict.fromkeys(guards, margin) if guards else None,
        "lower_is_better": falls,
        "split": split,
    }


def which_units(shop: Dataset, name: str | None) -> dict[str, Any]:
    """Choose the control, the days of the test, how long a unit counts, the sides, and whether the before is used.

    What stays as usual is not named, so that the Python of a card is as short as it can be.
    """
    from journeylab.growth import measures

    source = _source(shop, name)
    known = visitor().remember((shop.fingerprint, "variants", str(name)), lambda: measures.variants(shop, source))
    days = visitor().remember((shop.fingerprint, "days", str(name)), lambda: measures.days(shop, source))
    left, right = st.columns(2)
    with left:
        control = controls.choice("Control", {"as usual": None} | {escape(v): v for v in known}, key="control")
        sides = controls.choice("An effect is looked for on", SIDES, key="sides")
        cuped = controls.choice("What was known before the test", {"is used": True, "is not": False}, key="cuped")
    with right:
        if source.outcomes:
            window: str | None = "14d"
        else:
            window = controls.choice("Orders and events count for", WINDOWS, key="counts_for")
        start, end = controls.days_between("Exposed from and to", days, key="exposed") if days else (None, None)
    chosen = {"control": control, "start": start, "end": end}
    chosen |= {"alternative": sides} if sides != "two-sided" else {}
    chosen |= {"window": window} if window != "14d" else {}
    chosen |= {} if cuped else {"cuped": False}
    return {key: value for key, value in chosen.items() if value is not None or key == "window"}


def _columns(shop: Dataset, name: str | None) -> list[str]:
    """The measures of a test, as the analysis names them."""
    from journeylab.growth.metrics import default_metrics

    return default_metrics(_source(shop, name))


def _source(shop: Dataset, name: str | None) -> Source:
    """Where the units and measures of a test come from."""
    from journeylab.growth import measures

    return visitor().remember((shop.fingerprint, "source", str(name)), lambda: measures.find(shop, name, None))


def segments_arguments(shop: Dataset) -> dict[str, Any]:
    """Choose a test, a measure, and what to split by."""
    from journeylab.growth import measures

    name = test(shop)
    columns = _columns(shop, name)
    with st.container(horizontal=True):
        metric = controls.choice("Measure", {c: c for c in columns}, key="measure")
        possible = measures.segment_columns(shop, _source(shop, name))
        named = {c.replace("customers.", "customer's ").replace("_", " "): c for c in possible}
        by = controls.choice("Split by", named or {"nothing": ""}, key="split")
    return {"name": name, "metric": metric, "by": by, "split": planned_split(shop, name)}


def value_arguments(shop: Dataset) -> dict[str, Any]:
    """Choose a test, the margin, and how long after it customers are counted."""
    name = test(shop)
    with st.container(horizontal=True):
        margin = controls.slider("Margin, in per cent of net sales", 1, 100, 100, key="margin_share")
        months = controls.slider("Months that count", 1, 24, 12, key="months")
    split = planned_split(shop, name)
    return {"name": name, "margin": margin / 100, "horizon": f"{round(months * 365 / 12)}d", "split": split}


def plan_arguments(shop: Dataset) -> dict[str, Any]:
    """Choose what the planned test shall see."""
    from journeylab.growth import links

    own = shop.has("events") and links.linked(shop, "visitor")
    known = ["conversion", "orders", "revenue", "order value"] if own else ["conversion"]
    left, right = st.columns(2)
    with left:
        metric = controls.choice("Measure", {m: m for m in known}, key="plan_measure")
        effect = controls.slider("Change to be seen, in per cent", 1, 100, 10, key="effect")
        base = None if own else controls.slider("It is today, in per cent", 1, 99, 3, key="base") / 100
    with right:
        variants = controls.slider("Variants, with the control", 2, 10, 2, key="variants")
        share = controls.slider("Visitors who take part, in per cent", 1, 100, 100, key="taking_part")
        power = controls.slider("Power in per cent", 50, 99, 80, key="power")
    chosen = {
        "metric": metric,
        "effect": effect / 100,
        "variants": variants,
        "share": share / 100,
        "power": power / 100,
    }
    return chosen if base is None else {**chosen, "base": base}


def method_arguments(shop: Dataset) -> dict[str, Any]:
    """Choose on which figures the method is checked."""
    from journeylab.growth import links

    if shop.has("events") and links.linked(shop, "visitor"):
        known = ["conversion", "orders", "revenue", "order value"]
        return {"metric": controls.choice("Measure", {m: m for m in known}, key="method_measure")}
    name = test(shop)
    columns = _columns(shop, name)
    return {"name": name, "metric": controls.choice("Measure", {c: c for c in columns}, key="method_measure")}


def typed_counts() -> dict[str, list[int]]:
    """Let units and conversions be typed into a small table."""
    example: dict[str, Any] = {"Variant": ["A", "B"], "Units": [1000, 1000], "Conversions": [100, 120]}
    table = st.data_editor(
        example,
        num_rows="dynamic",
        hide_index=True,
        key="counts",
        column_config={
            "Variant": st.column_config.TextColumn(required=True),
            "Units": st.column_config.NumberColumn(min_value=1, step=1, required=True),
            "Conversions": st.column_config.NumberColumn(min_value=0, step=1, required=True),
        },
    )
    rows = zip(table["Variant"], table["Units"], table["Conversions"], strict=True)
    return {str(v): [int(n), int(x)] for v, n, x in rows if v and n is not None and x is not None}


def health(function: Any, shop: Dataset, **arguments: Any) -> None:
    """Say before anything else whether the test is fit to be read."""
    try:
        result: Experiment = run(function, shop, **arguments)
    except JourneylabError:
        return  # the card below says what is wrong
    except Exception as error:  # noqa: BLE001 - shown as a bug, as in a card
        panels.bug(error)
        return
    found = [c for status in ("fail", "warn") for c in result.checks.itertuples() if c.status == status]
    worst = found[0].status if found else "pass"
    titles = {
        "fail": "This test is not fit to be read",
        "warn": "Read this test with care",
        "pass": f"The test is healthy: {len(result.checks)} checks, none failed",
    }
    lines = [f"- **{escape(c.check)}**: {escape(c.finding)}" for c in found]
    split = escape(result.checks["finding"].iloc[0])
    _BANNERS[worst]("\n".join(lines) or split, title=titles[worst], icon=":material/health_and_safety:")
    for row in result.guardrails.itertuples():
        st.markdown(f"{_MARKS[row.reading]} {escape(row.variant)}: {escape(row.finding)}")


_MARKS = {
    "safe": ":material/verified_user: Guardrail safe:",
    "harmed": ":material/gpp_bad: Guardrail harmed:",
    "open": ":material/gpp_maybe: Guardrail open:",
    "unknown": ":material/help: Guardrail not known:",
}


def memo(result: Experiment | None) -> None:
    """Offer the decision memo."""
    if result is None:
        return
    st.download_button(
        "Download the decision memo",
        partial(_memo, result),
        file_name="decision-memo.md",
        mime="text/markdown",
        icon=":material/description:",
        on_click="ignore",
        key="memo",
    )


def _memo(result: Experiment) -> bytes:
    return result.memo().encode()
