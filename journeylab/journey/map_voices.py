"""The part of a map's evidence that customers give: answers, support cases, orders that come again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.customers import answers as scales
from journeylab.customers import cases as topics
from journeylab.customers import pain_words
from journeylab.errors import NotEnoughData
from journeylab.intervals import of_mean, wilson
from journeylab.journey.map_model import KINDS, OBSERVED, SURVEY, new_id
from journeylab.journey.map_template import AGAIN, RECOMMEND, SUPPORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: Fewer answers than this say nothing about a touchpoint, and might point at a person.
LEAST = 10
#: Kinds that speak of emotion; the others do where these are missing.
_FELT = ("csat", "ces", "nps")
_MOST_TOPICS = 200


@dataclass(frozen=True)
class Heard:
    """Rows of evidence, pains, and what would make one doubt them."""

    rows: list[dict[str, Any]]
    pains: list[dict[str, Any]]
    caveats: list[str]


def feeling(kind: str, place: pd.Series) -> pd.Series:
    """Return answers as emotion from -2 to 2: NPS by promoter (2), passive (0), detractor (-2), others in proportion.

    Args:
        kind: What was answered.
        place: Where each answer lies on its scale, 0 to 1, as in `journeylab.customers.answers.placed`.

    >>> feeling("csat", pd.Series([0.0, 0.5, 1.0])).tolist()
    [-2.0, 0.0, 2.0]
    >>> feeling("nps", pd.Series([0.6, 0.8, 0.9])).tolist()
    [-2.0, 0.0, 2.0]
    """
    if kind == "nps":
        return pd.Series(np.select([place >= 0.9, place <= 0.6], [2.0, -2.0], 0.0), index=place.index)
    return 4 * place - 2


def answers(shop: Dataset, points: Sequence[dict[str, Any]], *, level: float) -> Heard:
    """Return emotion, experience and unhappiness by touchpoint, from the counts of each answer.

    Answers are put on their scale as the scores of feedback are; what lies outside its scale is left out, and said.
    """
    if not shop.has("surveys"):
        return Heard([], [], [])
    table = scales.placed(shop, scales.OF_CUSTOMERS)
    place = table.touchpoint.lower().fill_null("") if "touchpoint" in table.columns else ibis.literal("")
    counts = table.group_by(about=place, kind=table.kind, score=table.score, top=table.top, place=table.place)
    counts = shop.run(counts.agg(n=_.count()).order_by("about", "kind", "score", "top"))
    outside = counts["place"].isna()
    impossible = int(counts.loc[outside, "n"].sum())
    counts = counts[~outside].reset_index(drop=True)
    rows, pains, few = [], [], 0
    left = pd.Series(data=True, index=counts.index)
    for point in points:
        mine = counts["about"].map(lambda about, p=point: _names(p, about)).astype(bool)
        if point["id"] == RECOMMEND:
            mine |= (counts["kind"] == "nps") & (counts["about"] == "")
        mine &= left
        left &= ~mine
        found = counts[mine]
        felt = found[found["kind"].isin(_FELT)]
        felt = felt if len(felt) else found
        if not len(felt):
            continue
        n = int(felt["n"].sum())
        if n < LEAST:
            few += 1
            continue
        rows += _felt(point, felt, level)
        pains += _unhappy(point, felt, n, level)
    said = ["Emotion is the mean of the answers, from -2 to 2; who does not answer may feel otherwise."] if rows else []
    if few:
        said.append(f"{words.count(few, 'touchpoint')} with fewer than {LEAST} answers: left empty.")
    if impossible:
        said.append(f"{words.count(impossible, 'answer')} outside their own scale left out.")
    said += _repeated(shop, table) if rows else []
    lost = int(counts.loc[left, "n"].sum())
    if lost:
        said.append(f"{words.count(lost, 'answer')} name no touchpoint of this map.")
    return Heard(rows, pains, said)


def _repeated(shop: Dataset, table: ir.Table) -> list[str]:
    """Say that some customers answered several times, if so; the map's intervals do not go by customers."""
    if "customer_id" not in table.columns:
        return []
    told = table.filter(table.place.notnull(), table.customer_id.notnull())
    found = shop.run(told.agg(n=told.count(), people=told.customer_id.nunique())).iloc[0]
    n, people = int(found["n"]), int(found["people"])
    if people >= n:
        return []
    said = f"{words.count(n, 'answer')} of {words.count(people, 'customer')}: emotion takes each as one of its own, so "
    return [f"{said}its intervals are a little narrow; those of Feedback go by customers."]


def _felt(point: dict[str, Any], felt: pd.DataFrame, level: float) -> list[dict[str, Any]]:
    common = {"touchpoint": point["id"], "source": SURVEY, "of": None, **_mean(felt, level)}
    said = ", ".join(_score(str(kind), part) for kind, part in felt.groupby("kind"))
    rows = [{**common, "lane": lane, "text": said} for lane in ("emotion", "experience")]
    ease = felt[felt["kind"] == "ces"]
    if int(ease["n"].sum()) >= LEAST:
        rows.append({**common, **_mean(ease, level), "lane": "ease", "text": _score("ces", ease)})
    return rows


def _mean(felt: pd.DataFrame, level: float) -> dict[str, Any]:
    """Return the mean emotion of answers with its interval and n."""
    value = pd.concat([feeling(str(kind), part["place"]) for kind, part in felt.groupby("kind")])
    weight = felt["n"].loc[value.index].astype(float)
    n, total = int(weight.sum()), float((value * weight).sum())
    lower, upper = of_mean(total, float((value**2 * weight).sum()), n, level=level)
    return {"value": total / n, "n": n, "lower": max(lower, -2.0), "upper": min(upper, 2.0)}


def _score(kind: str, part: pd.DataFrame) -> str:
    """Write the answers of one kind as their own figure, on their own scale where they share one."""
    n = int(part["n"].sum())
    place = float((part["place"] * part["n"]).sum() / n)
    if kind == "nps":
        return f"NPS {words.plus(50 * float((feeling(kind, part['place']) * part['n']).sum() / n))} (n = {n:,})"
    if kind == "yes_no":
        yes = int(part.loc[part["place"] >= 0.5, "n"].sum())
        return f"yes {words.percent(yes / n, digits=0)} (n = {n:,})"
    low, usual = scales.KINDS[kind].lowest, scales.KINDS[kind].usual
    top = float(part["top"].min())
    top = top if top == part["top"].max() else usual
    name = {"csat": "CSAT", "ces": "CES"}.get(kind, kind)
    return f"{name} {low + (top - low) * place:.1f} of {top:g} (n = {n:,})"


def _unhappy(point: dict[str, Any], felt: pd.DataFrame, n: int, level: float) -> list[dict[str, Any]]:
    """Return the pain that answers below the middle speak of; clear if most customers are below it on the whole."""
    value = pd.concat([feeling(str(kind), part["place"]) for kind, part in felt.groupby("kind")])
    low = int(felt["n"].loc[value.index][value < 0].sum())
    lower, upper = wilson(low, n, level=level)
    high = _mean(felt, level)["upper"]
    if float(upper) < 0.1 or not low:
        return []
    text = f"{words.percent(low / n, digits=0)} of {words.count(n, 'answer')} are unhappy"
    return [
        {
            "touchpoint": point["id"], "id": f"answers-{point['id']}", "text": text, "kind": "emotional",
            "source": SURVEY, "n": low, "of": n, "lower": float(lower), "upper": float(upper), "margin": np.nan,
            "clear": high < 0,
        }
    ]  # fmt: skip


def comments(shop: Dataset, points: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a typical quote a touchpoint, and the themes that clearly go with lower scores as pains."""
    if not shop.has("surveys.comment"):
        return [], []
    from journeylab.customers.themes import themes

    try:
        found = themes(shop, pains=pain_words.kept(shop) or None)
    except NotEnoughData:
        return [], []
    rows: list[dict[str, Any]] = []
    pains: list[dict[str, Any]] = []
    for point in points:
        mine = found.rows[[_names(point, str(place).lower()) for place in found.rows["touchpoint"]]]
        if mine.empty:
            continue
        sore = mine["clear"] & (mine["effect"] < 0)
        most = mine.sort_values("n", ascending=False, kind="stable").iloc[0]
        if sore.any() and 2 * mine.loc[sore, "n"].max() >= most["n"]:
            most = mine[sore].sort_values("n", ascending=False, kind="stable").iloc[0]
        if most["quote"]:
            rows.append({"touchpoint": point["id"], "lane": "thoughts", "text": str(most["quote"]), "source": SURVEY,
                         "value": np.nan, "n": int(most["n"]), "of": int(most["of"])})  # fmt: skip
        for theme in mine[sore].to_dict("records"):
            share = words.percent(theme["share"], digits=0)
            text = f"“{theme['theme']}” in {share} of {words.count(theme['of'], 'comment')}"
            pains.append(
                {
                    "touchpoint": point["id"], "id": new_id(f"theme {theme['theme']}", [p["id"] for p in pains]),
                    "text": text, "kind": theme["pain"] if theme["pain"] in KINDS else "emotional", "source": SURVEY,
                    "n": int(theme["n"]), "of": int(theme["of"]), "lower": theme["lower"], "upper": theme["upper"],
                    "margin": np.nan, "clear": True,
                }
            )  # fmt: skip
    return rows, pains


def cases(shop: Dataset, points: Sequence[dict[str, Any]], *, level: float) -> list[dict[str, Any]]:
    """Return support cases and repeat contacts by touchpoint; cases on nothing the map names go to its help.

    A case arises where the user put its topic, else at the touchpoint that names the topic, else where such topics
    usually arise (`journeylab.customers.cases.STAGES`).
    """
    if not shop.has("tickets"):
        return []
    table = shop.table("tickets")
    topic = table.topic.lower().fill_null("") if "topic" in table.columns else ibis.literal("")
    told = {"known": ibis.literal(0), "again": ibis.literal(0)}
    if "contacts" in table.columns:
        told = {
            "known": table.contacts.notnull().cast("int64").sum(),
            "again": (table.contacts > 1).fill_null(False).cast("int64").sum(),
        }
    found = shop.run(table.group_by(topic=topic).agg(n=table.count(), **told).order_by(_.n.desc(), _.topic))
    orders = int(shop.run(shop.sales().agg(n=_.count()))["n"].iloc[0]) if shop.has("orders") else 0
    ids, own = [point["id"] for point in points], topics.kept_stages(shop)
    place = {topic: _arises(topic, points, own) for topic in found["topic"].head(_MOST_TOPICS)}
    found["at"] = found["topic"].map(place).fillna(SUPPORT)
    rows = []
    for at, part in found.groupby("at"):
        if at not in ids:
            continue
        n, known, again = (int(part[name].sum()) for name in ("n", "known", "again"))
        common = {"touchpoint": at, "source": OBSERVED}
        said = words.count(n, "case")
        if orders >= n:
            lower, upper = wilson(n, orders, level=level)
            said = f"{said}, {100 * n / orders:.1f} per 100 orders"
            rows.append({**common, "lane": "support", "text": said, "value": n / orders, "n": n, "of": orders,
                         "lower": float(lower), "upper": float(upper)})  # fmt: skip
        else:
            rows.append({**common, "lane": "support", "text": said, "value": float(n), "n": n})
        if known:
            lower, upper = wilson(again, known, level=level)
            said = f"{words.percent(again / known, digits=0)} write again (n = {known:,})"
            rows.append({**common, "lane": "repeat_contacts", "text": said, "value": again / known, "n": again,
                         "of": known, "lower": float(lower), "upper": float(upper)})  # fmt: skip
    return rows


def orders(shop: Dataset, points: Sequence[dict[str, Any]], *, level: float) -> list[dict[str, Any]]:
    """Return who orders again, who was brought by another customer, and how long a parcel takes."""
    ids, rows = {point["id"] for point in points}, []
    if AGAIN in ids and shop.has("orders.customer_id"):
        known = shop.sales().filter(_.customer_id.notnull()).group_by("customer_id").agg(n=_.count())
        found = shop.run(known.agg(of=known.count(), n=(known.n > 1).cast("int64").sum())).iloc[0]
        rows += _share(AGAIN, "customers order again", int(found["n"] or 0), int(found["of"] or 0), level)
    if RECOMMEND in ids and shop.has("customers.referred_by"):
        people = shop.table("customers")
        found = shop.run(people.agg(of=people.count(), n=people.referred_by.notnull().cast("int64").sum())).iloc[0]
        rows += _share(RECOMMEND, "customers were brought by another", int(found["n"] or 0), int(found["of"]), level)
    if "delivery" in ids and shop.has("orders.delivered_at"):
        sent = shop.sales().filter(_.delivered_at.notnull(), _.delivered_at >= _.ordered_at)
        days = sent.delivered_at.delta(sent.ordered_at, unit="second").cast("float64") / 86_400
        timed = sent.mutate(days=days)
        found = shop.run(
            timed.agg(n=timed.count(), total=timed.days.sum(), squares=(timed.days * timed.days).sum())
        ).iloc[0]
        n = int(found["n"])
        if n > 1:
            mean = float(found["total"]) / n
            lower, upper = of_mean(float(found["total"]), float(found["squares"]), n, level=level)
            said = f"Arrives after {mean:.1f} days ({lower:.1f} to {upper:.1f}, n = {n:,})"
            rows.append({"touchpoint": "delivery", "lane": "kpi", "text": said, "source": OBSERVED, "value": mean,
                         "n": n, "lower": lower, "upper": upper})  # fmt: skip
    return rows


def _share(at: str, noun: str, n: int, of: int, level: float) -> list[dict[str, Any]]:
    if not of:
        return []
    lower, upper = wilson(n, of, level=level)
    figures = {"value": n / of, "n": n, "of": of, "lower": float(lower), "upper": float(upper)}
    said = f"{words.percent(n / of)} of {words.count(of)} {noun}"
    text = f"{said} ({words.percent(float(lower))} to {words.percent(float(upper))})"
    return [
        {"touchpoint": at, "lane": "volume", "text": f"{words.count(n)} {noun}", "source": OBSERVED, **figures},
        {"touchpoint": at, "lane": "kpi", "text": text, "source": OBSERVED, **figures},
    ]


def _arises(topic: str, points: Sequence[dict[str, Any]], own: dict[str, str]) -> str:
    """Return the touchpoint at which the cases of a topic arise."""
    asked = [own[topic]] if topic in own else [topic, topics.STAGES.get(topic, "")]
    found = [point["id"] for place in asked for point in points if _names(point, place.lower())]
    return found[0] if found else SUPPORT


def _names(point: dict[str, Any], place: str) -> bool:
    """Say whether a survey's touchpoint or a case's topic speaks of this touchpoint."""
    if not place:
        return False
    own = {point["id"], (point.get("name") or "").lower(), *(word.lower() for word in point["about"])}
    return place in own
