"""Calendar text → components and their properties (RFC 5545 3.1), as tolerant as what is sent asks for. Never raises.

Only what an answer can say is read: a calendar of 1 MB may have some hundred thousand lines. Read by hand, since the
icalendar library gives up a whole calendar for one line it cannot read, and takes seconds for large ones.
"""

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
        "STATUS SUMMARY TRANSP TRIGGER TZNAME TZURL URL VERSION BEGIN END ACKNOWLEDGED COLOR CONFERENCE IMAGE TZ",
        "DAYLIGHT",
    )
    for word in line.split()
)
MOST_READ = 5000
"""Lines of the kinds above that are looked at in one calendar."""

_LINE = re.compile(r"[ \t]*(?:[A-Za-z0-9_-]{1,40}\.)?([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*([;:])")
_PARAMETER = re.compile(r"\s*([A-Za-z0-9-]{1,60})\s*=\s*")
_VALUE = re.compile(r"\"([^\"]*)\"|([^\",;:]*)")
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
        """The value of a text property, without its escapes."""
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
    found = _BEGIN.search(content)
    if found is None and b"END:VEVENT" not in content.upper():
        return []
    return _grown(_unfolded(content[found.start() if found else 0 :], charset))


def _unfolded(content: bytes, charset: str | None) -> Iterator[str]:
    """Logical lines. A fold may lie within a character, so it is undone in the bytes.

    Where the blank of a fold was lost on the way, a line that cannot begin a property goes on with the one before.
    """
    plain = re.sub(rb"\r+\n|\r", b"\n", content)
    plain = plain.replace(b"\n ", b"").replace(b"\n\t", b"")
    pending, physical = "", 0
    for line in decoded(plain, charset).split("\n"):
        if pending and line.strip() and _goes_on(line, physical):
            pending += line
        else:
            if pending:
                yield pending
            pending = line if line.strip() else ""
        physical = len(line)
    if pending:
        yield pending


def _goes_on(line: str, before: int) -> bool:
    found = _LINE.match(line)
    if found is None:
        return True
    name = found[1].upper()
    return name not in _KNOWN and not name.startswith("X-") and (name in ("MAILTO", "HTTP", "HTTPS") or before >= 70)


_EVENTS = ("VEVENT",)
_ZONES = ("VTIMEZONE", "STANDARD", "DAYLIGHT")
_MOMENTS = ("DTSTART", "DTEND", "RRULE", "TZID", "TZOFFSETTO", "TZOFFSETFROM")


def _grown(lines: Iterator[str]) -> list[Component]:
    """The tree of components, whatever ends are missing or have lost their beginning."""
    roots: list[Component] = []
    open_now = [Component("VCALENDAR")]
    skipping: list[str] = []
    left = MOST_READ
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        name = found[1].upper()
        if name == "BEGIN":
            begun = line[found.end() :].strip().upper()
            if skipping or begun not in ("VCALENDAR", *_EVENTS, *_ZONES):
                if begun not in ("VCALENDAR", "VEVENT"):
                    skipping.append(begun)
                    continue
                skipping = []
            _begin(begun, open_now, roots)
        elif name == "END":
            ended = line[found.end() :].strip().upper()
            if ended in skipping:
                del skipping[skipping.index(ended) :]
            else:
                skipping = []
                _end(ended, open_now)
        elif name in READ and not skipping and left:
            left -= 1
            open_now[-1].properties.append(_property(name, line[found.end() - 1 :]))
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
            kept = [line for line in component.properties if line.name == "METHOD" or line.name in _MOMENTS]
            stray.properties += [line for line in component.properties if line not in kept]
            component.properties[:] = kept
        del open_now[1:]
        open_now[0].inner.append(stray)


def _property(name: str, rest: str) -> Property:
    """The parameters and the value of a line; `rest` begins with the ";" or ":" after its name."""
    parameters: Parameters = {}
    at = 0
    while rest.startswith(";", at):
        found = _PARAMETER.match(rest, at + 1)
        if found is None:
            # A parameter without a value, or none at all: on to whatever comes next.
            ends = [end for sign in ";:" if (end := rest.find(sign, at + 1)) >= 0]
            at = min(ends, default=len(rest))
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
