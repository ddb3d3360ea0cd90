"""Backups: everything the database holds, in one file, taken while the program runs; and back into an empty place.

Photos, slides, the logo and mails lie in the database too, so there is nothing else to save but the settings, whose
secrets do not belong beside a backup (`NEEDED`). The format is one of our own for both databases, so that a backup of
SQLite can be restored into PostgreSQL: a gzipped tar of JSON lines, sealed, in an age envelope where one is wanted.

    form         what stands in the file: kinds of values, chunks, the manifest with its seal
    envelope     age encryption, in a stream
    making       one snapshot of the database → a file under its final name, whole or not at all
    folder       names of backups, the newest, the old ones
    restoring    a file → an empty database, at the backup's step of the migrations, then forward
    afterwards   what must not happen twice after a restore: letters, devices, people who were erased
"""

from asanokai.backup.folder import newest
from asanokai.backup.form import NEEDED
from asanokai.backup.making import Made, make
from asanokai.backup.restoring import Restored, restore

__all__ = ["NEEDED", "Made", "Restored", "make", "newest", "restore"]
