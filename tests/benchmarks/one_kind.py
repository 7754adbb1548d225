"""How often customers of one kind are taken for groups, by the features chosen: at most 5 of 100 shops should be.

python tests/benchmarks/one_kind.py             # 100 shops of each crowd, seeds 1000 to 1099
python tests/benchmarks/one_kind.py 20 full     # 20 shops of one crowd: plain, full or lapses

A shop counts as taken if some number of groups stands out as far as a suggestion needs; that bootstrap refits agree,
which a suggestion needs as well, is not asked here, so that the page is wrong less often than this says.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from journeylab.customers import clusters, features
from tests.customers import crowds
from tests.customers.test_one_kind import stands_out

OF_ORDERS = (
    ("recency_days", "frequency", "order_value"),
    ("recency_days", "frequency", "monetary"),
    ("recency_days", "frequency", "tenure_days"),
    ("recency_days", "monetary", "tenure_days"),
    ("frequency", "gap_days", "gap_spread"),
    ("frequency", "monetary", "gap_days"),
    ("recency_days", "frequency", "monetary", "order_value", "tenure_days", "gap_days", "gap_spread"),
)
IN_FULL = (
    ("frequency", "order_value", "discount_share", "categories"),
    ("frequency", "basket_size"),
    ("frequency", "categories"),
    ("frequency", "discount_share"),
    ("order_value", "returns_share"),
    ("frequency", "devices"),
    ("frequency", "web_days"),
    ("frequency", "order_value", "feedback"),
    ("categories",),
    ("monetary", "categories", "devices"),
    tuple(feature.name for feature in features.CATALOGUE),
)
CROWDS = {
    "plain": (crowds.one_kind, OF_ORDERS),
    "full": (crowds.one_kind_in_full, IN_FULL),
    "lapses": (crowds.with_lapses, OF_ORDERS),
}


def main() -> None:
    """Print how many shops of each crowd are taken for groups, by set of features."""
    shops = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for name in sys.argv[2:] or CROWDS:
        crowd, sets = CROWDS[name]
        taken = dict.fromkeys(sets, 0)
        with clusters.one_thread():
            for seed in range(1000, 1000 + shops):
                for chosen, found in zip(sets, stands_out(crowd(seed, 500), sets, seed), strict=True):
                    taken[chosen] += found
        for chosen, number in taken.items():
            said = "all features" if len(chosen) > 9 else ", ".join(chosen)
            print(f"{name:7s} {number:3d} of {shops}  {said}", flush=True)


if __name__ == "__main__":
    main()
