"""Nights: when time is not counted, also where a clock is put forward or back."""

from datetime import time, timedelta

import pytest

from asanokai.night import Night
from tests.people import berlin, tokyo

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("begins", "hours", "ends"),
    [
        (berlin(2026, 3, 10, 9), 2, berlin(2026, 3, 10, 11)),
        (berlin(2026, 3, 10, 19), 2, berlin(2026, 3, 10, 21)),
        (berlin(2026, 3, 10, 20), 2, berlin(2026, 3, 11, 8)),
        (berlin(2026, 3, 10, 21), 2, berlin(2026, 3, 11, 9)),
        (berlin(2026, 3, 10, 3), 2, berlin(2026, 3, 10, 9)),
        (berlin(2026, 3, 10, 9), 14, berlin(2026, 3, 11, 9)),
        (berlin(2026, 3, 9, 7), 48, berlin(2026, 3, 12, 13)),
        (berlin(2026, 3, 28, 20), 2, berlin(2026, 3, 29, 8)),  # the clocks go forward
        (berlin(2026, 10, 24, 20), 2, berlin(2026, 10, 25, 8)),  # and back
    ],
)
def test_hours_are_counted_by_day_only(begins, hours, ends):
    assert Night().later(begins, hours * HOUR, "Europe/Berlin") == ends


def test_each_reader_has_their_own_night():
    assert Night().later(berlin(2026, 3, 10, 12), 2 * HOUR, "Asia/Tokyo") == tokyo(2026, 3, 11, 8)


def test_a_night_after_midnight_and_none_at_all():
    assert Night(time(1), time(5)).later(berlin(2026, 3, 10, 0), 2 * HOUR, "Europe/Berlin") == berlin(2026, 3, 10, 6)
    assert Night(time(0), time(0)).later(berlin(2026, 3, 10, 0), 50 * HOUR, "Europe/Berlin") == berlin(2026, 3, 12, 2)
