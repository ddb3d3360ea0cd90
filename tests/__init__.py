"""The tests: one `test_<module>.py` per module, sentences for names; every test with `app` runs twice.

`conftest.py` holds the fixtures, `grounds/` the real parts they stand on (PostgreSQL, SMTP, a browser),
`people.py` the cast. Nothing here is imported by the program.
"""
