"""journeylab: a shop's own laboratory for its customer journey.

    import journeylab as jl

    shop = jl.read("orders_export.csv", "events.parquet")   # formats are recognised by their header
    jl.overview(shop).headline()

Reading      jl.read  jl.demo  jl.connect  jl.open  jl.Dataset
The whole    jl.overview  jl.quality  jl.matching
Journey      jl.journey.Map  .evidence  .funnel  .sessions  .paths  .stake  .friction  .carts  .checkout  .searches  …
Customers    jl.customers.rfm  .rfm_groups  .personas  .segments  .migration  .lifetime_value  .cohorts  .quiet  …
             jl.customers.feedback  .themes  .support  .response_bias  .closed_loop  .closed_loop_effect
Growth       jl.growth.experiment  .experiment_segments  .experiment_value  .aa_replay  .power
Operations   jl.operations.demand  .outlook  .explain  .interest  .returns  .replenishment  .basket  .policy_replay  …
Errors       jl.JourneylabError: jl.SchemaError, jl.NotEnoughData, jl.BadParameter

Every analysis takes a Dataset and keyword-only options, and gives a Result: `.table()`, `.chart()`, `.headline()`,
`.caveats`. Parts are imported when first used, because the engine takes a second to load.
"""

from __future__ import annotations

import importlib
from typing import Any

from journeylab.errors import BadParameter, JourneylabError, NotEnoughData, SchemaError, UnknownSource

__version__ = "0.1.0"

_HOME = {
    "Dataset": "journeylab.data.dataset",
    "connect": "journeylab.data.warehouse",
    "demo": "journeylab.data.demo.opening",
    "matching": "journeylab.start",
    "open": "journeylab.data.lab_file",
    "overview": "journeylab.start",
    "quality": "journeylab.start",
    "read": "journeylab.data.readers",
}
_DOMAINS = ("customers", "growth", "journey", "operations")

__all__ = [
    "BadParameter",
    "Dataset",
    "JourneylabError",
    "NotEnoughData",
    "SchemaError",
    "UnknownSource",
    "__version__",
    "connect",
    "customers",
    "demo",
    "growth",
    "journey",
    "matching",
    "open",
    "operations",
    "overview",
    "quality",
    "read",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _DOMAINS:
        return importlib.import_module(f"journeylab.{name}")
    raise AttributeError(f"module 'journeylab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
