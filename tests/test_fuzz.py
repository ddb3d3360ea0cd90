"""Some thousand mails that nobody would send are read without a fault; `make fuzz` reads millions."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import fuzz
from tests.grounds import LONG

PIECES = st.sampled_from([*fuzz.BITS, *fuzz.PLAIN, fuzz.REPORT, fuzz.REPORT[:300]])


@pytest.mark.parametrize("seed", range(3 if not LONG else 30))
def test_changed_mails_are_read_without_a_fault(seed):
    figures = fuzz.run(0.008, seed, fuzz.read)
    assert (figures.faults, figures.read > 20, figures.slowest < fuzz.MOST_SECONDS) == ({}, True, True)


@settings(max_examples=300 if LONG else 100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(PIECES | st.binary(max_size=80), max_size=40).map(b"".join))
def test_pieces_of_mails_in_any_order_are_read_without_a_fault(raw):
    fuzz.read(raw)


@settings(max_examples=300 if LONG else 100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-16", "cp932", "iso2022_jp", "gb18030", "latin-1"]))
def test_any_text_under_any_label_is_read_without_a_fault(text, charset):
    content = text.encode(charset, errors="replace")
    for label in (charset, "us-ascii", "utf-8"):
        fuzz.read(
            b"Subject: " + content + f"\r\nContent-Type: text/calendar; charset={label}\r\n\r\n".encode() + content
        )
