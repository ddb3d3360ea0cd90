"""A copy of everything about oneself (GDPR, articles 15 and 20): asked for, made by the worker, fetched within days.

row      that it was asked for, how far it is, the file
parts    what is asked of each table; the names in the file
columns  the columns in words
words    the codes in words
pages    pages for people
writing  JSON for programs, the pages, files beside them: one zip
making   asking, making, handing out
"""

from asanokai.copies.making import ask, fetch, finish, made, of_member, step
from asanokai.copies.parts import NOT_COPIED, PARTS, TABLES
from asanokai.copies.row import Copy

__all__ = ["NOT_COPIED", "PARTS", "TABLES", "Copy", "ask", "fetch", "finish", "made", "of_member", "step"]
