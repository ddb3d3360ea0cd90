"""The benchmark: `make bench` (`python -m bench`), or with `--long` up to 100 000 members.

Every figure is measured beside its limit, by turns in the same run, since machines drift and ratios hold where absolute
numbers do not. `docs/benchmark.md` says what is measured and why so.

    page, answer, letters, planning, growth, start, weight   one figure each: `measure()` gives its lines
    results    a line, its bound, the table, results.json
    ground     databases on disk, real servers as `asanokai serve` starts them, memory of processes
    filling    members, meetings and topics, inserted in bulk
    bare, bare_commit   the limits: Flask alone; Flask with one insert and commit
    progress   a line on standard error; at a terminal a bar beneath
    turns      one side of a ratio, asked by turns with the other
    lighthouse a command of its own, `make lighthouse`: what Lighthouse says about six pages
    load, sink, sender  processes of their own: the browsers, the mail server, the worker

It measures the program and changes nothing in it.
"""
