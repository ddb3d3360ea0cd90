"""The journal, all of it: who did what to what, newest first, by area, member and day; and how its seals stand.

What was said with an entry, and from where, is shown for one entry at a time and to whoever asks by a button: that it
was read is noted in turn. The list alone says what `history` tells everywhere. All moments
stand on the reader's clock, so that what came first stands last wherever the meetings are.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from asanokai import history, journal, languages, members, seals
from asanokai.db import session
from asanokai.errors import N_, Missing, Refused
from asanokai.journal import Aside
from asanokai.web import loading, telling, words

pages = Blueprint("journal", __name__)


@pages.get("/journal")
def everything() -> str:
    """A page of the journal (`?area=`, `?who=` an address, `?day=`), and the state of its seals."""
    area, who, day = (request.args.get(name, "").replace("\0", "")[:254].strip() for name in ("area", "who", "day"))
    area = area if area in history.AREAS else ""
    member_id, when = _member(who), _day(day)
    nobody = bool(who) and member_id is None
    number = request.args.get("page", 1, type=int)
    page = history.everything(area=area, member_id=member_id, between=_between(when), page=number)
    page = history.Page([], 1, more=False) if nobody else page
    return render_template(
        "coordinate/journal.html",
        page=page,
        area=area,
        areas=words.AREAS,
        who=who,
        nobody=nobody,
        day=day if when else "",
        beside=history.with_aside([line.entry.id for line in page.lines]),
        **_seals(),
        **_words(),
    )


def _member(who: str) -> int | None:
    try:
        found = members.by_address(who) if who else None
    except Refused:
        return None
    return found.id if found else None


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _between(day: date | None) -> tuple[datetime, datetime] | None:
    """From midnight to midnight on the reader's clock."""
    if day is None or not 2000 <= day.year < 2200:
        return None
    zone = ZoneInfo(loading.zone() or "UTC")
    begin, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return begin, end


def _seals() -> dict[str, object]:
    count, since = seals.unsealed_since()
    newest, last = seals.newest(), seals.last_check()
    return {
        "newest": newest,
        "sealed_at": _moment(newest.at) if newest else "",
        "open": count,
        "open_since": _moment(since) if since else "",
        "last": last,
        "verified_at": _moment(last.at) if last else "",
    }


def _moment(moment: datetime) -> str:
    return languages.moment_in_words(moment, loading.language(), loading.zone() or "UTC")


def _words() -> dict[str, object]:
    language = loading.language()
    city = languages.city(loading.zone() or "UTC", language)
    return {"language": language, "city": city, **telling.in_words(), "when": telling.when_for_reader}


@pages.post("/journal/<int:entry_id>/aside")
def aside(entry_id: int) -> str:
    """What was said with one entry, and from where. That it was read is noted."""
    line, found = history.one(entry_id), session().get(Aside, entry_id)
    if line is None or found is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    journal.write("read", "aside", entry_id, actor_id=loading.me().id)
    return render_template("coordinate/journal_aside.html", line=line, aside=found, **_words())
