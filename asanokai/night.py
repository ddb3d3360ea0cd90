"""Nights: hours on somebody's clock in which nothing unasked arrives and no offer runs out. Knows no business word."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Night:
    """The hours, on the reader's clock, in which nothing unasked arrives."""

    begins: time = time(21)
    ends: time = time(7)

    @classmethod
    def parse(cls, words: str) -> "Night":
        """From "21:00-07:00". Raises ValueError."""
        begins, ends = (time.fromisoformat(part.strip()) for part in words.split("-"))
        return cls(begins, ends)

    def after(self, moment: datetime, zone: str) -> datetime:
        """The moment itself, or the end of the night it falls into."""
        local = moment.astimezone(ZoneInfo(zone))
        clock_time = local.time().replace(tzinfo=None)
        if self.begins > self.ends:
            asleep, next_day = clock_time >= self.begins or clock_time < self.ends, clock_time >= self.begins
        else:
            asleep, next_day = self.begins <= clock_time < self.ends, False
        if not asleep:
            return moment
        return _in_utc(datetime.combine(local.date() + timedelta(days=int(next_day)), self.ends), zone)

    def later(self, moment: datetime, span: timedelta, zone: str) -> datetime:
        """The moment by which that much time has gone by, the nights in between not counted. In UTC."""
        now, left = self.after(moment, zone).astimezone(UTC), span
        while True:
            falls = self._falls(now, zone)
            if now + left <= falls:
                return now + left
            left -= falls - now
            now = self.after(falls, zone).astimezone(UTC)

    def _falls(self, moment: datetime, zone: str) -> datetime:
        """When the next night begins after the moment."""
        local = moment.astimezone(ZoneInfo(zone))
        falls = _in_utc(datetime.combine(local.date(), self.begins), zone)
        return (
            falls if falls > moment else _in_utc(datetime.combine(local.date() + timedelta(days=1), self.begins), zone)
        )


def _in_utc(wall: datetime, zone: str) -> datetime:
    # fold=0 takes a time that does not exist as behind the gap, and of two the first (PEP 495).
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
