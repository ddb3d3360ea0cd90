"""The coordinators' daily digest, as its templates print it."""

from datetime import datetime
from typing import Any

from asanokai import digesting
from asanokai.composing.alert import failed_letters, parked_mails
from asanokai.composing.overtaking import Row
from asanokai.languages import moment_in_words, pick


def digest(row: Row) -> dict[str, Any]:
    """What happened since the last one, meeting by meeting, and which letters failed, what waits; to
    administrators, once a week, the newest seal of the journal."""
    assert row.member is not None
    since, until = (datetime.fromisoformat(row.facts[name]) for name in ("since", "until"))
    contents = digesting.contents(row.member, since, until)
    language = row.language
    return {
        "lines": [_digest_line(line, language) for line in contents.lines],
        "failed": failed_letters(contents.failed, language),
        "parked": parked_mails(contents.parked, language),
        "unreachable": [who.name.full(language) for who in contents.unreachable],
        "applications": contents.applications,
        # Only where one is told: what else reads these templates knows no seals.
        **({"seal": row.facts["seal"]} if "seal" in row.facts else {}),
    }


def _digest_line(line: Any, language: str) -> dict[str, Any]:
    meeting, series = line.meeting, line.series
    return {
        "meeting_id": meeting.id,
        "title": str(pick(meeting.title, language, series.first_language) or pick(series.name, language)),
        "date": moment_in_words(meeting.starts_at, language, meeting.zone),
        "yes": line.tally.coming,
        "maybe": line.tally.maybe,
        "no": line.tally.no,
        "waiting": line.tally.queued,
        "seats": meeting.seats,
        "new_yes": line.new_yes,
        "new_maybe": line.new_maybe,
        "new_no": line.new_no,
        "new_coming": line.new_coming,
        "new_waiting": line.new_waiting,
        "late": [who.name.full(language) for who in line.late],
    }
