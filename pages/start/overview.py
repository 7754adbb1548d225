"""How is the shop doing?"""

import journeylab as jl
from journeylab.app.cards import run, show
from journeylab.app.figures import key_figures
from journeylab.app.shell import page

with page(
    "Overview",
    "How is the shop doing: money, orders, customers, conversion and what they say, beside the period before.",
    needs=["orders"],
) as shop:
    key_figures(run(jl.overview, shop))
    show(jl.overview, shop)
