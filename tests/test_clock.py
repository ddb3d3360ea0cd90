"""The one clock: what it tells, and what tests and real processes may put in its place."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asanokai import clock as program_clock


def test_the_time_is_aware_and_in_utc():
    before = datetime.now(UTC)
    now = program_clock.now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_another_source_is_asked_until_it_is_taken_back(clock):
    clock.set(datetime(2026, 3, 12, 8, 0, tzinfo=UTC))
    clock.advance(minutes=90)
    assert program_clock.now() == datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
    program_clock.use(None)
    assert abs(program_clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_file_holds_the_time_and_is_read_each_time(clock, tmp_path: Path):
    file = tmp_path / "clock"
    file.write_text("2026-03-12T08:00:00+01:00\n")
    program_clock.use_file(file)
    assert program_clock.now() == datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
    assert program_clock.now().tzinfo is UTC
    file.write_text("2026-03-13T00:00:00+00:00")
    assert program_clock.now() == datetime(2026, 3, 13, tzinfo=UTC)


def test_a_file_without_a_zone_is_refused(clock, tmp_path: Path):
    file = tmp_path / "clock"
    file.write_text("2026-03-12T08:00:00")
    program_clock.use_file(file)
    with pytest.raises(ValueError, match="zone"):
        program_clock.now()
