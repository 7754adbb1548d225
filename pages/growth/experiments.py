"""What did a test prove, and was it worth it?"""

import journeylab as jl
from journeylab.app import controls, experiments
from journeylab.app.cards import show
from journeylab.app.shell import page

with page(
    "Experiments",
    "What did a test prove, is it fit to be read, and was it worth it?",
) as shop:
    part = controls.segments("Part of the page", experiments.parts(shop), key="part")
    if part == experiments.RESULT:
        chosen = experiments.result_arguments(shop)
        experiments.health(jl.growth.experiment, shop, **chosen)
        experiments.memo(show(jl.growth.experiment, shop, **chosen))
    elif part == experiments.SEGMENTS:
        show(jl.growth.experiment_segments, shop, **experiments.segments_arguments(shop))
    elif part == experiments.VALUE:
        show(jl.growth.experiment_value, shop, **experiments.value_arguments(shop))
    elif part == experiments.PLAN:
        show(jl.growth.power, shop, **experiments.plan_arguments(shop))
    elif part == experiments.METHOD:
        show(jl.growth.aa_replay, shop, **experiments.method_arguments(shop))
    else:
        counts = experiments.typed_counts()
        experiments.health(jl.growth.experiment, shop, counts=counts)
        experiments.memo(show(jl.growth.experiment, shop, counts=counts))
