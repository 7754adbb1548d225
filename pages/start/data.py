"""Which files are there, what became of every row, and what can be answered with them?"""

from journeylab.app.account import account
from journeylab.app.lab import keep_and_forget
from journeylab.app.mapping import map_columns
from journeylab.app.quality import quality
from journeylab.app.questions import what_can_be_answered
from journeylab.app.shell import heading
from journeylab.app.state import visitor
from journeylab.app.upload import add_files
from journeylab.app.warehouse import warehouse

heading(
    "Data",
    "Add your shop's exports. They are read on this machine, and nothing leaves it.",
)
add_files()
map_columns()
warehouse()
shop = visitor().shop
if shop is not None:
    what_can_be_answered(shop)
    quality(shop)
    account(shop)
    keep_and_forget(shop)
