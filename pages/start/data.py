"""Which files are there, and what became of every row?"""

from journeylab.app.account import account, keep_and_forget
from journeylab.app.shell import heading
from journeylab.app.state import visitor
from journeylab.app.upload import add_files

heading(
    "Data",
    "Add your shop's exports. They are read on this machine, and nothing leaves it.",
)
add_files()
shop = visitor().shop
if shop is not None:
    account(shop)
    keep_and_forget(shop)
