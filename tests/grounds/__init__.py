"""The real parts that tests stand on: PostgreSQL, SQLite, SMTP, a browser, catalogues, migrations.

They know the program only by `create_app` and `Config`, and no business word at all.
"""

import os

LONG = os.environ.get("ASANOKAI_LONG") == "1"
"""Whether this is `make test-long`. Tests that take long ask it for their numbers: `20 if LONG else 3`."""
