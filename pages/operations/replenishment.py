"""What to order, when, and why?"""

import journeylab as jl
from journeylab.app import controls, ordering
from journeylab.app.cards import run, show
from journeylab.app.shell import page

PARTS = ("Order", "Cash", "Season", "One-off buy", "Proof")

with page(
    "What to order",
    "What must be ordered today, of whom, and for how much; what lies too long; and how well that would have done.",
    needs=["orders", "order_lines"],
) as shop:
    part = controls.segments("Look at", PARTS, key="part")
    demand = run(jl.operations.demand, shop)
    if part in {"Order", "Cash"}:
        asked = ordering.policy()
        asked.update(ordering.costs(shop))
        typed = ordering.assumptions(shop, demand)
        asked.update({"assumptions": typed} if typed else {})
    if part == "Order":
        found = show(jl.operations.replenishment, shop, demand=demand, **asked)
        if found is not None:
            ordering.states(found)
    elif part == "Cash":
        orders = run(jl.operations.replenishment, shop, demand=demand, **asked)
        budget = ordering.budget(shop, orders)
        show(jl.operations.basket, shop, orders=orders, **budget)
    elif part == "Season":
        show(jl.operations.seasonal_plan, shop, demand=demand, **ordering.season(shop, demand))
    elif part == "One-off buy":
        show(jl.operations.one_off, shop, demand=demand, **ordering.one_off(shop, demand))
    else:
        show(jl.operations.policy_replay, shop, **ordering.proof(shop))
