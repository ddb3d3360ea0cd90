"""Days and hours in a message, compared with the meeting's own. Pure."""

import re
from datetime import datetime

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar january jan jänner januar",
            "februar february feb",
            "märz march mär maerz mrz mar",
            "april apr",
            "mai may",
            "juni june jun",
            "juli july jul",
            "august aug",
            "september sept sep",
            "oktober october okt oct",
            "november nov",
            "dezember december dez dec",
        ),
        start=1,
    )
    for name in names.split()
}
_DAYS = {
    name: number
    for number, names in enumerate(
        (
            "montag monday 月曜日 月曜",
            "dienstag tuesday 火曜日 火曜",
            "mittwoch wednesday 水曜日 水曜",
            "donnerstag thursday 木曜日 木曜",
            "freitag friday 金曜日 金曜",
            "samstag saturday sonnabend 土曜日 土曜",
            "sonntag sunday 日曜日 日曜",
        )
    )
    for name in names.split()
}
_ASIAN_DAYS = "月火水木金土日"


def _any(names: dict[str, int]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_SPOKEN = re.compile(
    r"(?:\b(?:am|den|dem|on|the|um|at|ab|from|diesen|kommenden|this|coming)\s+){0,3}(?:"
    r"(?P<iso>(?P<iy>\d{4})[-/](?P<im>\d{1,2})[-/](?P<id>\d{1,2}))"
    r"|(?P<kanji>(?:(?P<ky>\d{4})年)?(?P<km>\d{1,2})月(?P<kd>\d{1,2})日(?:\s?\((?P<kw>[月火水木金土日])\))?)"
    r"|(?P<dotted>(?P<dd>\d{1,2})\.\s?(?P<dm>\d{1,2})\.(?:\s?(?P<dy>\d{4}|\d{2})(?!\d))?)"
    rf"|(?P<named>(?P<nd>\d{{1,2}})(?:\.|st|nd|rd|th)?\s(?:of\s)?(?P<nm>{_any(_MONTHS)})\b\.?(?:\s(?P<ny>\d{{4}}))?)"
    rf"|(?P<us>\b(?P<um>{_any(_MONTHS)})\.?\s(?P<ud>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<uy>\d{{4}}))?)"
    r"|(?P<hour>(?P<hh>\d{1,2})(?:[:.](?P<hm>\d{2}))?(?:\s?uhr|\s?o'clock|\s?a\.?m\b\.?)|(?P<ch>\d{1,2}):(?P<cm>\d{2})(?:\s?uhr)?)"
    r"|(?P<japanese>(?P<jh>\d{1,2})時(?:(?P<jm>\d{1,2})分|(?P<half>半))?(?:から|より)?)"
    rf"|(?P<weekday>{_any(_DAYS)})(?![a-zäöüß])"
    r")",
    re.IGNORECASE,
)


def marked(text: str, starts_at: datetime) -> str | None:
    """The text with `@` for the meeting's own day and hour, None where it speaks of another one.

    `starts_at` is on the meeting's clock.
    """
    for found in _SPOKEN.finditer(text):
        if not _is_own(found, starts_at):
            return None
    text = _SPOKEN.sub("@", text)
    return re.sub(r"@(?:[ ,]*(?:den|dem|the|um|at)?[ ,]*@)+", "@", text)


def _is_own(found: re.Match[str], at: datetime) -> bool:
    said = found.groupdict()

    def same(year: str | None, month: int | None, day: str) -> bool:
        right_year = year is None or int(year) in (at.year, at.year % 100)
        return right_year and (month, int(day)) == (at.month, at.day)

    if said["iso"]:
        return same(said["iy"], int(said["im"]), said["id"])
    if said["kanji"]:
        right_day = said["kw"] is None or _ASIAN_DAYS.index(said["kw"]) == at.weekday()
        return right_day and same(said["ky"], int(said["km"]), said["kd"])
    if said["dotted"]:
        return same(said["dy"], int(said["dm"]), said["dd"])
    if said["named"]:
        return same(said["ny"], _MONTHS[said["nm"].lower()], said["nd"])
    if said["us"]:
        return same(said["uy"], _MONTHS[said["um"].lower()], said["ud"])
    if said["weekday"]:
        return _DAYS[said["weekday"].lower()] == at.weekday()
    hour = said["hh"] or said["ch"] or said["jh"]
    minute = "30" if said["half"] else said["hm"] or said["cm"] or said["jm"] or "0"
    return (int(hour), int(minute)) == (at.hour, at.minute)
