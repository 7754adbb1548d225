"""What the simulated shop sells: a fixed range of products with prices, costs and how they are bought in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeylab.data.demo.plan import CATEGORIES

#: The VAT in every price.
TAX = 0.19

BEST_SELLER = "COF-ESP-1000"
SUBSTITUTE = "COF-CRM-1000"
NEW_SKU = "CER-BOWL-SPECKLED"
INTERMITTENT_SKU = "GFT-HAMPER-XL"
OVERSTOCKED_SKU = "TEX-TOWEL-OCHRE"

#: vendor of each category, with lead time in days, its spread, smallest order and pack size
_VENDORS = {
    "Coffee": ("Roastery", 9, 2, 24, 6),
    "Tea": ("Tea importer", 28, 6, 20, 10),
    "Ceramics": ("Pottery", 35, 8, 12, 4),
    "Textiles": ("Weaving mill", 42, 9, 20, 5),
    "Gifts": ("Packing house", 14, 3, 10, 5),
}

#: sku, product, category, price with tax, cost, popularity in its category
_RANGE = (
    (BEST_SELLER, "Espresso beans 1 kg", "Coffee", 21.90, 9.60, 44),
    (SUBSTITUTE, "Crema beans 1 kg", "Coffee", 20.90, 9.20, 14),
    ("COF-ESP-250", "Espresso beans 250 g", "Coffee", 7.90, 3.10, 16),
    ("COF-CRM-250", "Crema beans 250 g", "Coffee", 7.50, 2.95, 12),
    ("COF-FLT-500", "Filter coffee 500 g", "Coffee", 12.90, 5.40, 12),
    ("COF-SGL-250", "Single origin 250 g", "Coffee", 11.40, 5.10, 9),
    ("COF-PAP-100", "Paper filters, 100", "Coffee", 3.90, 1.20, 7),
    ("TEA-BLK-100", "Black tea 100 g", "Tea", 6.90, 2.10, 22),
    ("TEA-GRN-100", "Green tea 100 g", "Tea", 8.40, 2.90, 20),
    ("TEA-HRB-100", "Herbal tea 100 g", "Tea", 5.90, 1.70, 24),
    ("TEA-ROO-100", "Rooibos 100 g", "Tea", 6.40, 1.90, 16),
    ("TEA-OOL-100", "Oolong 100 g", "Tea", 14.90, 6.30, 8),
    ("TEA-CHA-250", "Chai mix 250 g", "Tea", 10.90, 3.90, 10),
    ("CER-MUG-BLUE", "Mug, blue", "Ceramics", 18.90, 7.20, 20),
    ("CER-MUG-SAND", "Mug, sand", "Ceramics", 18.90, 7.20, 17),
    ("CER-BOWL-BLUE", "Bowl, blue", "Ceramics", 24.90, 9.80, 13),
    ("CER-BOWL-SAND", "Bowl, sand", "Ceramics", 24.90, 9.80, 11),
    (NEW_SKU, "Bowl, speckled", "Ceramics", 27.90, 10.40, 16),
    ("CER-PLATE-27", "Plate 27 cm", "Ceramics", 29.90, 11.90, 14),
    ("CER-PLATE-21", "Plate 21 cm", "Ceramics", 22.90, 9.10, 11),
    ("CER-JUG-1L", "Jug 1 l", "Ceramics", 48.90, 20.40, 7),
    ("CER-POT-TEA", "Teapot", "Ceramics", 64.90, 27.00, 7),
    ("CER-ESP-SET2", "Espresso cups, set of 2", "Ceramics", 21.50, 8.40, 12),
    ("TEX-TOWEL-LINEN", "Tea towel, linen", "Textiles", 9.90, 3.70, 24),
    (OVERSTOCKED_SKU, "Tea towel, ochre", "Textiles", 8.90, 3.30, 10),
    ("TEX-NAPKIN-4", "Napkins, set of 4", "Textiles", 17.90, 7.00, 16),
    ("TEX-APRON-GREY", "Apron, grey", "Textiles", 27.50, 10.90, 14),
    ("TEX-RUNNER-150", "Table runner 150 cm", "Textiles", 23.90, 9.50, 12),
    ("TEX-CLOTH-240", "Tablecloth 240 cm", "Textiles", 39.90, 16.50, 8),
    ("TEX-MITT", "Oven mitt", "Textiles", 12.50, 4.60, 16),
    ("GFT-BOX-COFFEE", "Gift box, coffee", "Gifts", 34.90, 15.20, 22),
    ("GFT-BOX-TEA", "Gift box, tea", "Gifts", 31.90, 13.10, 20),
    ("GFT-BOX-MORNING", "Gift box, good morning", "Gifts", 54.90, 24.60, 16),
    ("GFT-BOX-TABLE", "Gift box, set table", "Gifts", 89.00, 41.00, 9),
    ("GFT-CARD", "Greeting card", "Gifts", 3.50, 0.80, 14),
    ("GFT-WRAP", "Gift wrapping", "Gifts", 4.90, 1.10, 15),
    ("GFT-CANDLE", "Beeswax candle", "Gifts", 14.90, 5.80, 15),
    (INTERMITTENT_SKU, "Hamper for the office", "Gifts", 119.00, 58.00, 0),
)


def catalog() -> pd.DataFrame:
    """All products, one a row, in a fixed order: their index is the SKU's number everywhere in the simulator."""
    frame = pd.DataFrame(list(_RANGE), columns=["sku", "product", "category", "price", "unit_cost", "popularity"])
    terms = frame["category"].map(_VENDORS)
    for i, name in enumerate(("vendor", "lead_time_days", "lead_time_sd", "moq", "pack_size")):
        frame[name] = [t[i] for t in terms]
    frame["handle"] = frame["sku"].str.lower()
    return frame


def number_of(products: pd.DataFrame, sku: str) -> int:
    """The number of a SKU: its row in the catalog."""
    return int(np.flatnonzero(products["sku"].to_numpy() == sku)[0])


def weights(products: pd.DataFrame, categories: tuple[float, ...]) -> np.ndarray:
    """How likely each SKU is picked by someone who spreads choices over categories like this; adds up to 1."""
    popularity = products["popularity"].to_numpy(dtype=float)
    code = products["category"].map({c: i for i, c in enumerate(CATEGORIES)}).to_numpy()
    totals = np.bincount(code, popularity, minlength=len(CATEGORIES))
    chance = popularity / totals[code] * np.asarray(categories)[code]
    return np.asarray(chance / chance.sum())
