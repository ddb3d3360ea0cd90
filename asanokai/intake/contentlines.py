"""Calendar text → components and their properties (RFC 5545 3.1), as tolerant as what is sent asks for. Never raises.

Only what an answer can say is read: a calendar of 1 MB may have some hundred thousand lines. Read by hand, since the
icalendar library gives up a whole calendar for one line it cannot read, and takes seconds for large ones.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from asanokai.intake.charsets import decoded

Parameters = dict[str, list[str]]

READ = frozenset(
    word
    for line in (
        "METHOD UID ATTENDEE ORGANIZER SEQUENCE DTSTAMP DTSTART DTEND COMMENT RECURRENCE-ID REQUEST-STATUS TZID",
        "TZOFFSETTO TZOFFSETFROM RRULE X-LIC-LOCATION X-WR-TIMEZONE X-RESPONSE-COMMENT X-MS-OLK-ORIGINALSTART",
        "X-MICROSOFT-CDO-APPT-SEQUENCE X-MICROSOFT-ORIGINALSTART",
    )
    for word in line.split()
)
_KNOWN = READ | frozenset(
    word
    for line in (
        "ACTION ATTACH CALSCALE CATEGORIES CLASS COMPLETED CONTACT CREATED DESCRIPTION DUE DURATION EXDATE EXRULE",
        "FREEBUSY GEO LAST-MODIFIED LOCATION NAME PERCENT-COMPLETE PRIORITY PRODID RDATE RELATED-TO REPEAT RESOURCES",
        "REFRESH-INTERVAL SOURCE LINK CONCEPT REFID STRUCTURED-DATA STYLED-DESCRIPTION LOCATION-TYPE PARTICIPANT-TYPE",
        "CALENDAR-ADDRESS RESOURCE-TYPE BUSYTYPE TZUNTIL TZID-ALIAS-OF AALARM DALARM MALARM PALARM DCREATED RNUM",
        "STATUS SUMMARY TRANSP TRIGGER TZNAME TZURL URL VERSION BEGIN END ACKNOWLEDGED COLOR CONFERENCE IMAGE TZ",
        "DAYLIGHT",
    )
    for word in line.split()
)
MOST_READ = 5000
"""Lines of the kinds above that are looked at in one calendar."""

MOST_INNER = 200
"""Components within one: zones, observances, events."""

LONGEST_LINE = 64 * 1024

_LINE = re.compile(r"[ \t]*(?:[A-Za-z0-9_-]{1,40}\.)?([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*([;:])")
_PARAMETER = re.compile(r"\s*([A-Za-z0-9-]{1,60})\s*=\s*")
_VALUE = re.compile(r"\"([^\"]*)\"|([^\",;:]*)")
_SIGN = re.compile("[;:]")
_RETURNS = re.compile(rb"\r+\n?")
_INDENTED = re.compile(rb"^([ \t]+)BEGIN:VCALENDAR[ \t]*\n\1[A-Za-z]", re.IGNORECASE | re.MULTILINE)
_BEGIN = re.compile(rb"BEGIN[ \t]*:[ \t]*V(?:CALENDAR|EVENT)", re.IGNORECASE)


@dataclass(frozen=True)
class Property:
    """One line: its parameters with capital names, and its value as it came (not unescaped)."""

    name: str
    value: str
    parameters: Parameters

    def first(self, parameter: str) -> str:
        return next(iter(self.parameters.get(parameter, ())), "").strip()

    @property
    def text(self) -> str:
        """The value of a text property, without its escapes; those of vCalendar 1.0 are quoted-printable."""
        if self.first("ENCODING").upper() == "QUOTED-PRINTABLE":
            return decoded(binascii.a2b_qp(self.value.encode("utf-8", "replace")), self.first("CHARSET"))
        return unescaped(self.value)


@dataclass
class Component:
    """VCALENDAR, VEVENT, VTIMEZONE and its observances; what else there is is passed over."""

    name: str
    properties: list[Property] = field(default_factory=list)
    inner: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        return [line for line in self.properties if line.name == name]

    def get(self, name: str) -> Property | None:
        return next((line for line in self.properties if line.name == name), None)

    def value(self, name: str) -> str:
        found = self.get(name)
        return found.value.strip() if found else ""


def calendars(content: bytes, charset: str | None) -> list[Component]:
    """The calendars in these bytes, cut ones and those without a beginning too."""
    if b"\0" in content[:200] or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        # UTF-16 is made UTF-8 first: its line ends and blanks are not those of ASCII.
        content, charset = decoded(content, charset).encode(), "utf-8"
    broken = _RETURNS.sub(lambda run: b"\n" if run[0].endswith(b"\n") else b"\n" * len(run[0]), content)
    if indented := _INDENTED.search(broken):
        # Somebody has moved the whole text in: these blanks are no folds.
        broken = broken.replace(b"\n" + indented[1], b"\n")
    plain = broken.replace(b"\n ", b"").replace(b"\n\t", b"")
    found = _BEGIN.search(plain)
    if found is None and b"END:VEVENT" not in plain.upper():
        return []
    plain = plain[found.start() if found else 0 :]
    return _grown(list(_joined(decoded(plain, charset).split("\n"), lost=len(plain) == len(broken))))


def _joined(lines: list[str], *, lost: bool) -> Iterator[str]:
    """Logical lines; proper folds are undone before, in the bytes, since a fold may lie within a character.

    A line that cannot begin a property goes on with the one before. `lost`: no line is folded as it should be, so
    the blanks of folds may have been lost on the way.
    """
    pending, before = "", ""
    for line in lines:
        if pending and line.strip() and _goes_on(line, before if lost else ""):
            pending += line
        else:
            if pending:
                yield pending
            pending = line if line.strip() else ""
        before = line
    if pending:
        yield pending


FOLDED = 70
"""Octets of a line from which on it may have been folded: at 75 by the standard, a few earlier by some."""


def _goes_on(line: str, before: str) -> bool:
    found = _LINE.match(line)
    if found is None:
        return True
    name = found[1].upper()
    if name in _KNOWN or name.startswith("X-"):
        return False
    return name in ("MAILTO", "HTTP", "HTTPS") or FOLDED <= len(before.encode()) <= FOLDED + 10


_EVENTS = ("VEVENT",)
_ZONES = ("VTIMEZONE", "STANDARD", "DAYLIGHT")
_OTHERS = (
    *("VTODO", "VJOURNAL", "VFREEBUSY", "VALARM", "VAVAILABILITY", "AVAILABLE", "VPOLL"),
    *("VLOCATION", "VRESOURCE", "PARTICIPANT"),
)
_NAME = re.compile(r"[\sA-Za-z0-9-]*")
_OF_ALL = ("METHOD", "X-WR-TIMEZONE", "DTSTART", "DTEND", "RRULE", "TZID", "TZOFFSETTO", "TZOFFSETFROM")
"""Lines that do not go into an event which has lost its beginning: they may be the calendar's, or those of a zone."""


def _grown(lines: list[str]) -> list[Component]:
    """The tree of components, whatever ends are missing or have lost their beginning."""
    roots: list[Component] = []
    open_now = [Component("VCALENDAR")]
    ended = {line[4:].strip().upper() for line in lines if line[:4].upper() == "END:"}
    passing = ""
    left = MOST_READ
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        name = found[1].upper()
        if name in ("BEGIN", "END"):
            component = _NAME.match(line, found.end())[0].strip().upper()  # type: ignore[index]  # it fits nothing as well
            if component in ("VCALENDAR", *_EVENTS) or (not passing and component in _ZONES):
                passing = ""
                _begin(component, open_now, roots) if name == "BEGIN" else _end(component, open_now)
            elif name == "END":
                passing = "" if component == passing else passing
            elif not passing and (component in _OTHERS or component in ended):
                # What begins under a name that nobody knows and never ends is a broken line, nothing to pass over.
                passing = component
        elif name in READ and not passing and left:
            left -= 1
            open_now[-1].properties.append(_property(name, line[found.end() - 1 : LONGEST_LINE]))
    return [root for root in [*roots, open_now[0]] if root.inner or root.properties]


def _begin(name: str, open_now: list[Component], roots: list[Component]) -> None:
    if name == "VCALENDAR":
        if open_now[0].inner or open_now[0].properties:
            roots.append(open_now[0])
        open_now[:] = [Component("VCALENDAR")]
        return
    if name in ("VEVENT", "VTIMEZONE"):
        del open_now[1:]
    component = Component(name)
    if len(open_now[-1].inner) < MOST_INNER:
        open_now[-1].inner.append(component)
    open_now.append(component)


def _end(name: str, open_now: list[Component]) -> None:
    """Close it, and what in it was left open. An event that lost its beginning is made of the lines before its end."""
    for depth in range(len(open_now) - 1, 0, -1):
        if open_now[depth].name == name:
            del open_now[depth:]
            return
    if name in _EVENTS:
        stray = Component("VEVENT")
        for component in open_now:
            of_all = [line for line in component.properties if line.name in _OF_ALL]
            stray.properties += [line for line in component.properties if line.name not in _OF_ALL]
            component.properties[:] = of_all[:MOST_INNER]
        del open_now[1:]
        if stray.properties and len(open_now[0].inner) < MOST_INNER:
            open_now[0].inner.append(stray)


def _property(name: str, rest: str) -> Property:
    """The parameters and the value of a line; `rest` begins with the ";" or ":" after its name."""
    parameters: Parameters = {}
    at = 0
    while rest.startswith(";", at):
        found = _PARAMETER.match(rest, at + 1)
        if found is None:
            # A parameter without a value, or none at all: on to whatever comes next.
            end = _SIGN.search(rest, at + 1)
            at = end.start() if end else len(rest)
            continue
        values, at = _values(rest, found.end())
        parameters.setdefault(found[1].upper(), []).extend(values)
    colon = rest.find(":", at)
    value = rest[colon + 1 :] if colon >= 0 else ""
    if name in ("ATTENDEE", "ORGANIZER"):
        parameters, value = _addressed(rest, parameters, value)
    return Property(name, value, parameters)


def _values(rest: str, at: int) -> tuple[list[str], int]:
    """The values of a parameter, with commas between them; a quote that is never closed is a sign like others."""
    values = []
    while True:
        if rest.startswith('"', at) and rest.find('"', at + 1) < 0:
            at += 1
        found = _VALUE.match(rest, at)
        assert found is not None, "the pattern fits nothing as well"
        quoted, bare = found.groups()
        at = found.end()
        values.append(_circumflexed(quoted if quoted is not None else bare))
        while at < len(rest) and rest[at] not in ",;:":
            at += 1
        if not rest.startswith(",", at):
            return values, at
        at += 1


def _circumflexed(text: str) -> str:
    """RFC 6868."""
    if "^" not in text:
        return text
    return re.sub(r"\^([n'^])", lambda found: {"n": "\n", "'": '"', "^": "^"}[found[1]], text)


def _addressed(rest: str, parameters: Parameters, value: str) -> tuple[Parameters, str]:
    """Where a colon or a quote in a name made the value begin too early: it is what follows the last "mailto:"."""
    last = rest.lower().rfind("mailto:")
    if last < 0 or value.strip().lower().startswith("mailto:"):
        return parameters, value
    quoted = rest.count('"', 0, last) % 2 == 1 and '"' in rest[last:]
    if quoted or "@" in value.partition("mailto:")[0]:
        return parameters, value
    more = re.findall(r";\s*(PARTSTAT|EMAIL|CN)\s*=\s*\"?([^;:\",]*)", rest[:last], re.IGNORECASE)
    return {name.upper(): [found] for name, found in more} | parameters, rest[last:]


def unescaped(text: str) -> str:
    """A text value without its escapes (RFC 5545 3.3.11)."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text, flags=re.DOTALL)
