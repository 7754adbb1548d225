"""The four classes of demand, by how often it comes and how much its size varies.

ADI, the average demand interval, is periods over periods with demand; CV² the squared coefficient of variation of the
sizes that are not zero. Cut-offs 1.32 and 0.49: Syntetos, Boylan & Croston (2005), On the categorization of demand
patterns, Journal of the Operational Research Society 56, 495-503.
"""

from __future__ import annotations

import numpy as np

ADI_CUT, CV2_CUT = 1.32, 0.49
SMOOTH, ERRATIC, INTERMITTENT, LUMPY = "smooth", "erratic", "intermittent", "lumpy"
#: The classes with demand in most periods.
OFTEN = (SMOOTH, ERRATIC)
CLASSES = (SMOOTH, ERRATIC, INTERMITTENT, LUMPY)
#: Too little to class: fewer periods than `YOUNG`, fewer than `RARE` with demand, or none at all.
NEW, FEW, NONE = "new", "rare", "none"
YOUNG, RARE = {"day": 56, "week": 16, "month": 12}, 3


def classify(demand: np.ndarray, young: int = 12) -> tuple[str, float, float]:
    """Return the class of a series with its ADI and CV²; both are NaN where nothing sold.

    Args:
        demand: The series from its first period on.
        young: Series of fewer periods are new.

    >>> classify(np.array([5.0, 0, 0, 4, 0, 0, 6, 0, 0, 5, 0, 0]))
    ('intermittent', 3.0, 0.02)
    """
    sizes = demand[demand > 0]
    if not len(sizes):
        return NONE, np.nan, np.nan
    adi = float(len(demand) / len(sizes))
    cv2 = float((sizes.std() / sizes.mean()) ** 2)
    if len(demand) < young:
        return NEW, adi, cv2
    if len(sizes) < RARE:
        return FEW, adi, cv2
    often, steady = adi < ADI_CUT, cv2 < CV2_CUT
    return (SMOOTH if steady else ERRATIC) if often else (INTERMITTENT if steady else LUMPY), adi, round(cv2, 12)
