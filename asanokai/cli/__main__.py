"""`python -m asanokai.cli`: the same as `asanokai`, for processes that are started by this one."""

from asanokai.cli import main

main()
