"""Every letter template renders, in every language and variant, and says in plain text what it says in HTML.

Pure Jinja: no app, no database, no message. What a letter *says* is pinned by the golden letters; here stands
what must hold for any wording: subjects, placeholders, links, widths, size.
"""

import re
from html import unescape
from pathlib import Path
from typing import Any

import css_inline
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from asanokai.composing.lines import WIDEST, fitted
from asanokai.tables import cells

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
LANGUAGES = ("de", "en", "ja")
KINDS = {
    "invite", "remind", "confirm", "waiting", "seat", "offer", "free", "lapsed", "moved", "changed", "cancelled", "eve",
    "parted", "nudge", "own", "thanks", "answered", "ask_back", "not_taken",
    "sign_in", "keys", "opt_in", "join", "welcome", "declined", "application", "digest", "alert",
    "pack", "catering_change",
    "speaker", "speaker_remind",
    "acknowledged", "reply", "new_device", "second_factor", "copy_ready", "erased_soon",
    "address_confirm", "address_taken", "address_changed", "address_objected",
}  # fmt: skip
ANSWERS = {"yes_link", "maybe_link", "no_link"}
OF_A_MEETING = ANSWERS | {"answer_link"}

ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=lambda name: bool(name) and name.endswith(".html"),
)


class Mark:
    """What stands where the reader's own word comes later: it can be printed, and nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return f"https://mark.example/{self.name}"

    def __html__(self) -> str:
        return str(self)

    def _refuse(self, *_: object) -> Any:
        raise AssertionError(f"reader.{self.name} was tested or transformed")

    __bool__ = __len__ = __iter__ = __eq__ = __lt__ = __getitem__ = __add__ = __contains__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # never put into a set


TOPIC = {
    "de": ("Femtosekundenlaser in der Feinmechanik", "Was sich in Jena & Hamamatsu <heute> ändert. " * 6),
    "en": ("Femtosecond lasers in precision engineering", "What changes in Jena & Hamamatsu <today>. " * 6),
    "ja": (
        "精密加工におけるフェムト秒レーザー",
        "イエナと浜松で、いま何が変わりつつあるのかを\nご紹介します。",
    ),
}
DAY = {"de": ("März", "Donnerstag"), "en": ("Mar", "Thursday"), "ja": ("3月", "木曜日")}
DATE = {"de": "Donnerstag, 12. März 2026", "en": "Thursday, 12 March 2026", "ja": "2026年3月12日（木）"}
TIME = {"de": "8:00–10:00\N{NO-BREAK SPACE}Uhr", "en": "8:00–10:00", "ja": "8:00～10:00"}
ELSEWHERE = {
    "de": "16:00–18:00\N{NO-BREAK SPACE}Uhr in Tokio",
    "en": "16:00–18:00 in Tokyo",
    "ja": "東京時間16:00～18:00",
}
UNTIL = {
    "de": "Mittwoch, 4. März 2026, 12:00\N{NO-BREAK SPACE}Uhr",
    "en": "Wednesday, 4 March 2026, 12:00",
    "ja": "2026年3月4日（水）12:00",
}


def topic(written: str) -> dict[str, Any]:
    """A topic with two speakers, one of them without a line about them."""
    title, abstract = TOPIC[written]
    return {
        "title": title,
        "lang": written,
        "speakers": [
            {"name": "Dr. Kenji Yamada", "line": "Photonics Hamamatsu"},
            {"name": "Eva Roth", "line": ""},
        ],
        "abstract_html": Markup("<p>") + abstract + Markup("</p>"),
        "abstract_text": abstract,
    }


def full(language: str) -> dict[str, Any]:
    """A meeting about which everything is known, with a topic in each language."""
    return {
        "title": "Licht & Präzision",
        "series": "Asa no Kai Thüringen",
        "date": DATE[language],
        "day": 12,
        "month": DAY[language][0],
        "weekday": DAY[language][1],
        "time": TIME[language],
        "elsewhere": ELSEWHERE[language],
        "venue": "Haus der Optik\nCarl-Straße 1, 07743 Jena",
        "join_link": "https://video.example/asa?a=1&b=2",
        "note": "Bitte den Eingang am Hof nehmen.\nAusweis <nicht> nötig.",
        "answer_until": UNTIL[language],
        "paragraph": None,
        "link": "https://kai.example/m/1",
        "guests_allowed": 2,
        "topics": [topic(written) for written in LANGUAGES],
    }


def bare(language: str) -> dict[str, Any]:
    """A meeting about which little is known yet."""
    nothing = {
        "title": "",
        "elsewhere": "",
        "venue": "",
        "join_link": "",
        "note": "",
        "guests_allowed": 0,
        "topics": [],
    }
    return full(language) | nothing


def long(language: str) -> dict[str, Any]:
    """A meeting of several days whose names are too long for a subject."""
    several = DATE[language] + {"de": " bis ", "en": " to ", "ja": "～"}[language] + DATE[language]
    name = {"de": "Delegationsreise nach Hamamatsu und Nagoya ", "en": "Delegation to Hamamatsu and Nagoya "}
    return full(language) | {
        "title": name.get(language, "浜松・名古屋の光学関連企業への視察団") * 3,
        "date": several,
    }


def own(*, foreign: bool) -> dict[str, Any]:
    """What a coordinator wrote, in the reader's language or another."""
    words = {
        "text": "Bitte den Ausweis & <nicht> vergessen.",
        "html": Markup("<p>Bitte den Ausweis &amp; &lt;nicht&gt; vergessen.</p>"),
    }
    return {"own": {"subject": "Noch ein Wort", "lang": "de", "foreign": foreign, **words}}


def with_paragraph(language: str) -> dict[str, Any]:
    """A meeting about which coordinators put a paragraph into the letter."""
    return full(language) | {"paragraph": own(foreign=True)["own"]}


LINE = {
    "title": "Asa no Kai Thüringen", "date": "12.3.", "link": "https://kai.example/roll/1", "seats": 24,
    "yes": 24, "maybe": 3, "no": 9, "waiting": 2, "new_yes": 2, "new_maybe": 0, "new_no": 1,
    "new_coming": 3, "new_waiting": 1, "late": ["Eva Roth", "Jan Holz"],
}  # fmt: skip
QUIET = LINE | {
    "seats": None,
    "new_yes": 0,
    "new_coming": 0,
    "new_waiting": 0,
    "new_no": 0,
    "late": [],
    "link": "https://kai.example/roll/2",
}
PARKED = {
    **{"mail_id": 7, "link": "https://kai.example/coordinate/mail/7", "member": True, "name": "Dr. Kenji Yamada"},
    **{"words": "unklare Antwort", "subject": "AW: Licht & <Präzision>"},
}
STRANGE = PARKED | {"mail_id": 8, "member": False, "name": "wer@elsewhere.example", "subject": ""}
STRANGE |= {"link": "https://kai.example/coordinate/mail/8"}
GONE = {"name": "Dr. Kenji Yamada", "comment": "Die Bahn & <ich>.\nEs tut mir leid."}
FAILED = {"kind_words": "Einladung", "name": "Jan Holz", "words": "550 5.1.1 unknown <user>"}
DESK = "https://kai.example/desk"
KEYS = "https://kai.example/me/keys"
DATA = "https://kai.example/me/data"
APPLICANT = {"applicant": "Eva Roth", "series": "Asa no Kai Thüringen", "desk_link": DESK}


def moved(answer: str, *, time: bool, place: bool, waiting: bool = False, still_open: bool = True) -> dict[str, Any]:
    """The facts of a move."""
    change = {"time": time, "place": place, "old_date": "5.3.", "old_time": "9:00", "old_venue": "Altes Haus"}
    standing = {"answer": answer, "waiting": waiting, "open": still_open, "asked_again": False}
    return {"change": change, **standing}


def changed(answer: str, changes: str, *, again: bool = False, waiting: bool = False, still_open: bool = True) -> Any:
    """The facts of a change of something else than time and place."""
    return {"changes": changes, "answer": answer, "waiting": waiting, "open": still_open, "asked_again": again}


UNKNOWN = "assistenz@elsewhere.example"
NUMBERS = {"before": 42, "now": 40, "desk_link": DESK}
NOT_KEPT = {"tentative": False, "lapses": False}
KEPT = (NOT_KEPT, {"tentative": True, "lapses": False}, {"tentative": True, "lapses": True})
"""Whether a seat is kept for the reader, and lapses."""

# kind, what the letter is told beside the meeting, the meeting, the reader's placeholders it must print.
VARIANTS: list[tuple[str, dict[str, Any], Any, set[str]]] = [
    *(
        ("invite", {"answer": "invited", "waiting": False, **kept, "calendar_replies": calendar}, meeting, ANSWERS)
        for meeting in (full, bare, long)
        for calendar in (True, False)
        for kept in KEPT
    ),
    *(
        ("invite", {"answer": answer, "waiting": False, **NOT_KEPT}, full, {"answer_link"})
        for answer in ("yes", "maybe", "no")
    ),
    ("invite", {"answer": "yes", "waiting": True, **NOT_KEPT}, full, {"answer_link"}),
    *(("remind", kept, meeting, ANSWERS) for meeting in (full, bare, long) for kept in KEPT),
    *((kind, kept, with_paragraph, ANSWERS) for kind in ("remind", "nudge") for kept in KEPT),
    *(("own", own(foreign=foreign), full, {"answer_link"}) for foreign in (True, False)),
    *(("thanks", own(foreign=foreign), full, set()) for foreign in (True, False)),
    *(
        ("confirm", {"answer": answer, "guests": guests, "late": late, "open": still_open}, full, {"answer_link"})
        for answer, guests, late, still_open in (
            ("yes", 0, False, True),
            ("yes", 1, False, True),
            ("yes", 2, False, True),
            ("maybe", 0, False, True),
            ("maybe", 0, False, False),
            ("no", 0, False, True),
            ("no", 0, False, False),
            ("no", 0, True, False),
        )
    ),
    *(
        (
            "acknowledged",
            {
                "answer": answer,
                "guests": guests,
                "late": False,
                "open": still_open,
                "waiting": waits,
                "offers_from": offers,
                "undoable": undoable,
            },
            full,
            {"answer_link"} | ({"undo_link"} if undoable else set()) | ({"position"} if waits else set()),
        )
        for answer, guests, waits, offers, still_open in (
            ("yes", 0, False, "", True),
            ("yes", 1, False, "", True),
            ("yes", 0, True, "", True),
            ("yes", 2, True, "5.3., 9:00", True),
            ("maybe", 0, False, "", True),
            ("maybe", 0, False, "", False),
            ("no", 0, False, "", True),
        )
        for undoable in (True, False)
    ),
    *(
        ("reply", {"said": "Gern & bald.\n\nBringen Sie <Hunger> mit.", "subject": subject}, meeting, set())
        for subject in ("", "Parken & <Laden>")
        for meeting in (full, None)
    ),
    *(
        ("waiting", {"guests": guests, "offers_from": offers}, full, {"answer_link", "position"})
        for guests in (0, 1, 2)
        for offers in ("", "5.3., 9:00")
    ),
    *(
        ("offer", {"guests": guests, "until": "8.3., 8:45"}, full, {"answer_link", "yes_link", "no_link"})
        for guests in (0, 1, 2)
    ),
    *(("free", {"guests": guests}, full, {"answer_link", "yes_link", "no_link"}) for guests in (0, 1, 2)),
    ("lapsed", {}, full, {"answer_link"}),
    *(
        ("answered", {"choice": choice, "address": address, "waiting": wait}, meeting, {"answer_link", "undo_link"})
        for choice, wait, address, meeting in (
            ("yes", False, UNKNOWN, full),
            ("yes", True, UNKNOWN, long),
            ("maybe", False, UNKNOWN, bare),
            ("no", False, "", full),
        )
    ),
    *(
        ("ask_back", {"choice": choice, "address": address}, meeting, {"answer_link", f"{choice}_link"})
        for choice, address, meeting in (("yes", UNKNOWN, full), ("maybe", "", bare), ("no", UNKNOWN, long))
    ),
    *(
        ("not_taken", {"choice": choice, "why": why, "answer": answer, "waiting": wait}, meeting, {"answer_link"})
        for choice, why, answer, wait, meeting in (
            ("yes", "late", "invited", False, full),
            ("yes", "late", "invited", False, bare),
            ("yes", "late", "no", False, long),
            ("maybe", "late", "yes", False, full),
            ("maybe", "late", "yes", True, full),
            ("yes", "begun", "maybe", False, full),
            ("no", "over", "yes", False, full),
            ("yes", "cancelled", "yes", False, full),
            ("yes", "closed", "invited", False, full),
        )
    ),
    *(("seat", {"guests": guests}, full, {"answer_link", "no_link"}) for guests in (0, 1, 2)),
    *(
        ("eve", {"guests": guests, "tomorrow": tomorrow}, meeting, {"answer_link", "no_link"})
        for guests in (0, 1, 2)
        for meeting in (full, bare)
        for tomorrow in (True, False)
    ),
    *(
        ("moved", moved("invited", time=time, place=place), meeting, ANSWERS)
        for meeting in (full, bare)
        for time, place in ((True, True), (True, False), (False, True), (False, False))
    ),
    *(("moved", moved(answer, time=True, place=False), full, {"answer_link"}) for answer in ("yes", "maybe", "no")),
    *(
        ("moved", moved(answer, time=True, place=False, still_open=False), full, {"answer_link"})
        for answer in ("invited", "yes", "maybe", "no")
    ),
    ("moved", moved("yes", time=True, place=True, waiting=True), full, {"answer_link"}),
    ("moved", moved("invited", time=True, place=True) | {"asked_again": True}, full, ANSWERS),
    *(
        ("changed", changed("invited", changes, again=again, still_open=still_open), meeting, links)
        for meeting in (full, bare, long)
        for changes, again in (("Titel, Hinweis und Themen", False), ("Titel", True), ("", True), ("", False))
        for still_open, links in ((True, ANSWERS), (False, {"answer_link"}))
    ),
    *(
        ("changed", changed(answer, "Titel", waiting=waiting, still_open=still_open), full, {"answer_link"})
        for answer, waiting in (("yes", False), ("yes", True), ("maybe", False), ("no", False))
        for still_open in (True, False)
    ),
    *(
        ("cancelled", {"answer": answer, "reason": reason}, full, set())
        for answer in ("invited", "yes")
        for reason in ("", "Der Redner ist erkrankt & <verhindert>.")
    ),
    *(
        ("parted", {"takes_place": goes_on, "whole": whole}, meeting, set())
        for meeting in (full, bare, long)
        for goes_on in (True, False)
        for whole in (True, False)
    ),
    ("sign_in", {}, None, {"sign_in_link"}),
    ("address_confirm", {"until": "8.3., 8:45"}, None, {"address_link"}),
    ("address_taken", {}, None, set()),
    *(
        (
            "address_changed",
            {
                **{"to": to, "by_coordinator": desk, "until": "8.3., 8:45"},
                **{"entitled": entitled, "former": entitled},
            },
            None,
            {"objection_link"} if entitled else set(),
        )
        for to, desk, entitled in (
            ("old", False, True),
            ("old", True, True),
            ("old", True, False),
            ("new", True, False),
        )
    ),
    (
        "address_changed",
        {"to": "new", "by_coordinator": True, "until": "8.3., 8:45", "entitled": False, "former": True},
        None,
        set(),
    ),
    ("address_objected", {"who": "Dr. Kenji Yamada", "log_link": f"{DESK}/log"}, None, set()),
    *(
        ("second_factor", {"what": what, "at": "Sonntag, 1. Februar 2026, 10:00 Uhr"}, None, set())
        for what in ("set", "removed", "by desk", "used", "required")
    ),
    *(
        ("copy_ready", {"by_desk": desk, "at": UNTIL["de"], "until": UNTIL["de"], "data_link": DATA}, None, set())
        for desk in (False, True)
    ),
    *(("erased_soon", {"day": DATE["de"], "took_part": took_part}, None, set()) for took_part in (True, False)),
    *(
        ("new_device", {"device": name, "at": "Sonntag, 1. Februar 2026, 10:00 Uhr"}, None, set())
        for name in ("", "Firefox, Android")
    ),
    *(
        ("keys", {"what": what, "name": "Büro & <Rechner>", "when": "3. Mai", "keys_link": KEYS}, None, set())
        for what in ("passkey added", "passkey removed", "provider joined", "provider removed")
    ),
    *(("opt_in", {}, meeting, {"confirm_link"}) for meeting in (full, None)),
    ("join", {"inviter": "Dr. Claudia Brandt", "series": "Asa no Kai Thüringen"}, None, {"confirm_link"}),
    ("join", {"inviter": "", "series": ""}, None, {"confirm_link"}),
    ("welcome", {"series": ""}, None, set()),
    ("declined", {"series": "", "reason": ""}, None, set()),
    ("application", APPLICANT | {"series": "", "applicant_line": "", "message": ""}, None, set()),
    *(("welcome", {"series": "Asa no Kai Thüringen"}, meeting, set()) for meeting in (full, None)),
    *(
        ("declined", {"series": "Asa no Kai Thüringen", "reason": reason}, meeting, set())
        for meeting in (full, None)
        for reason in ("", "Der Kreis ist voll.")
    ),
    (
        "application",
        APPLICANT | {"applicant_line": "Leiterin, Optik GmbH", "message": "Gern & bald."},
        full,
        set(),
    ),
    ("application", APPLICANT | {"applicant_line": "", "message": ""}, None, set()),
    *(
        ("pack", {"pack": kind, "for_coordinators": False}, meeting, {"pack_link"})
        for kind in ("host", "caterer")
        for meeting in (full, bare, long)
    ),
    *(
        (
            "catering_change",
            NUMBERS | {"for_coordinators": own, "called_off": off, "guests": guests, "food": guests > 0},
            full,
            links,
        )
        for own, links in ((True, set()), (False, {"pack_link"}))
        for off in (True, False)
        for guests in (0, 3)
    ),
    *(
        (
            "digest",
            {
                **{"lines": lines, "failed": failed, "applications": number, "desk_link": DESK},
                **{"parked": parked, "unreachable": lost},
            },
            None,
            set(),
        )
        for lines, failed, number, parked, lost in (
            ([LINE, QUIET], [FAILED], 1, [PARKED], ["Dr. Kenji Yamada"]),
            ([QUIET], [], 0, [], []),
            ([], [FAILED] * 2, 3, [PARKED, STRANGE], ["Dr. Kenji Yamada", "Eva Roth"]),
        )
    ),
    *(
        (
            "alert",
            {
                **{"late": late, "failed": failed, "mails": mails},
                **{"desk_link": DESK, "letters_link": f"{DESK}letters"},
            },
            meeting,
            set(),
        )
        for meeting, late, failed, mails in (
            (full, [GONE], [], []),
            (bare, [], [FAILED], []),
            (full, [], [], [PARKED]),
            (bare, [], [], [STRANGE]),
            (full, [GONE, GONE | {"comment": ""}], [FAILED] * 2, [PARKED, STRANGE]),
            (long, [GONE], [FAILED], [PARKED]),
        )
    ),
    *(
        (kind, {"role": role, "about": about}, meeting, {"speaking_link"})
        for kind in ("speaker", "speaker_remind")
        for meeting in (full, bare, long)
        for role, about in (("speaker", "Licht & <Präzision>"), ("host", ""))
    ),
]
# Written to people who have not agreed to anything yet, or to whoever asked: nothing to unsubscribe from.
SPEAKERS = {"speaker", "speaker_remind"}
NOT_SUBSCRIBED = {
    "address_confirm",
    "address_taken",
    "address_changed",
    "address_objected",
    "sign_in",
    "keys",
    "opt_in",
    "join",
    "declined",
    "application",
    "digest",
    "alert",
    "pack",
    "catering_change",
    "parted",
    "reply",
    "new_device",
    "second_factor",
    "copy_ready",
    "erased_soon",
} | SPEAKERS
HAS_ANSWER_LINKS = {
    *(
        "invite",
        "remind",
        "confirm",
        "acknowledged",
        "waiting",
        "seat",
        "offer",
        "free",
        "lapsed",
        "moved",
        "changed",
        "cancelled",
        "eve",
    ),
    *("nudge", "own", "thanks", "answered", "ask_back", "not_taken"),
}
OWN_LINKS = {
    "pack": {"pack_link"},
    "catering_change": {"pack_link"},
    "sign_in": {"sign_in_link"},
    "address_confirm": {"address_link"},
    "address_changed": {"objection_link"},
    "opt_in": {"confirm_link"},
    "join": {"confirm_link"},
    "waiting": {"position"},
    "acknowledged": {"position", "undo_link"},
    "answered": {"undo_link"},
    "speaker": {"speaking_link"},
    "speaker_remind": {"speaking_link"},
}


def render(language: str, kind: str, facts: dict[str, Any], meeting: Any) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter; only what the contract grants a kind is there to be printed."""
    granted = {"greeting"} | OWN_LINKS.get(kind, set())
    granted |= OF_A_MEETING if kind in HAS_ANSWER_LINKS else set()
    granted |= set() if kind in NOT_SUBSCRIBED else {"unsubscribe_link"}
    always = {
        "organisation": "Asa no Kai Thüringen",
        "imprint_link": "https://kai.example/imprint",
        "privacy_link": "https://kai.example/privacy",
        "accessibility_link": "https://kai.example/accessibility",
        "home_link": "https://kai.example/",
        "factor_link": "https://kai.example/me/second-factor",
        "devices_link": "https://kai.example/me/devices",
        "language": language,
        "unsubscribable": kind not in NOT_SUBSCRIBED,
        "calendar_replies": True,
        "reader": {name: Mark(name) for name in granted},
        "meeting": meeting and meeting(language),
    }
    text = ENVIRONMENT.get_template(f"mail/{kind}.{language}.txt").render(always | facts)
    html = ENVIRONMENT.get_template(f"mail/{kind}.{language}.html").render(always | facts)
    subject, _, body = text.partition("\n")
    return subject, fitted(body), html


def marks(written: str) -> set[str]:
    """The placeholders that stand in a text."""
    return set(re.findall(r"https://mark\.example/([a-z_]+)", written))


def links(html: str) -> set[str]:
    """Where the links of an HTML letter lead."""
    return {unescape(link) for link in re.findall(r'href="([^"]*)"', html)}


def together(words: str) -> str:
    """The words without blanks, since a line may end anywhere."""
    return "".join(words.split())


every_letter = pytest.mark.parametrize(("kind", "facts", "meeting", "needed"), VARIANTS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def test_there_is_a_text_and_an_html_template_for_every_kind_and_language() -> None:
    found = {path.name for path in (TEMPLATES / "mail").glob("*_*.*.*")}
    found |= {path.name for path in (TEMPLATES / "mail").glob("*.*.*")}
    shared = {name for name in found if name.split(".")[0] in ("parts", "foot")}
    assert found - shared == {
        f"{kind}.{lang}.{form}" for kind in KINDS for lang in LANGUAGES for form in ("txt", "html")
    }
    assert {kind for kind, *_ in VARIANTS} == KINDS


@every_language
@every_letter
def test_a_subject_is_one_line_of_at_most_78_characters_and_an_empty_line_follows(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    subject, body, _ = render(language, kind, facts, meeting)
    assert subject == subject.strip() != ""
    assert len(subject) <= 78
    assert body.startswith("\nhttps://mark.example/greeting\n\n")


@every_language
@every_letter
def test_text_and_html_print_exactly_the_placeholders_the_reader_needs(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    _, body, html = render(language, kind, facts, meeting)
    expected = needed | {"greeting"} | (set() if kind in NOT_SUBSCRIBED else {"unsubscribe_link"})
    assert marks(body) == expected
    assert marks(html) == expected


@every_language
@every_letter
def test_text_and_html_name_the_meeting_and_its_day(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    _, body, html = render(language, kind, facts, meeting)
    told = (
        meeting(language)
        if meeting
        else {"title": "", "series": facts.get("series") or "Asa no Kai Thüringen", "date": ""}
    )
    # Who applies to the house as a whole applies to no series: there the organisation's name stands.
    # A name may be broken between any two of its signs, if these are Japanese.
    words = {together(told["title"] or told["series"]), together(told["date"])}
    seen = together(unescape(re.sub(r"<[^>]*>", " ", html[html.index("<h1>") :])))
    assert {word for word in words if word not in together(body)} == set()
    assert {word for word in words if word not in seen} == set()


@every_language
@every_letter
def test_every_link_of_the_html_stands_in_the_text_alone_on_its_line(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    _, body, html = render(language, kind, facts, meeting)
    alone = {line for line in body.splitlines() if re.fullmatch(r"https://\S+", line)}
    assert links(html) | {"https://mark.example/greeting"} == alone


@every_language
@every_letter
def test_the_text_is_tidy(language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]) -> None:
    _, body, html = render(language, kind, facts, meeting)
    lines = body.splitlines()
    assert [line for line in lines if line != line.rstrip()] == ["-- "]
    assert "\n\n\n" not in body
    assert "&amp;" not in body
    assert "!" not in body + re.sub(r"<style.*</style>|<!.*?>", "", html, flags=re.DOTALL)
    assert "！" not in body + html
    assert [line for line in lines if cells(line) > WIDEST and not re.fullmatch(r"https://\S+", line)] == []


@every_language
@every_letter
def test_no_line_of_the_text_begins_or_ends_with_a_sign_that_must_not(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    _, body, _ = render(language, kind, facts, meeting)
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    assert [line for line in lines if line[0] in "、。，．・：；？）」』】ーぁぃぅぇぉっゃゅょッャュョ々,.:;?)”"] == []
    assert [line for line in lines if line[-1] in "（「『【(„"] == []
    assert [line for line in lines if len(line) == 1 and not line.isdigit()] == []


@every_language
@every_letter
def test_japanese_words_are_set_with_full_width_signs(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    subject, body, html = render(language, kind, facts, meeting)
    words = f"{subject}\n{body}\n" + unescape(re.sub(r"<style.*</style>|<[^>]*>", "\n", html, flags=re.DOTALL))
    assert re.findall(r"[\u3040-\u30ff\u4e00-\u9fff] ?[,.:;?()](?!/)", words) == []


@every_language
def test_a_heading_of_the_text_can_be_told_from_a_sentence(language: str) -> None:
    facts = {"lines": [LINE], "failed": [FAILED], "applications": 1, "desk_link": DESK, "parked": [], "unreachable": []}
    _, body, _ = render(language, "digest", facts, None)
    title = LINE["title"]
    assert (f"■ {title}\n\n" if language == "ja" else f"{title}\n{'-' * len(title)}\n\n") in body
    assert len(re.findall(r"^■ .+\n$" if language == "ja" else r"^.+\n-+\n$", body, re.MULTILINE)) == 3


@every_language
@every_letter
def test_html_is_small_and_says_its_language_after_inlining(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    _, _, html = render(language, kind, facts, meeting)
    inlined = css_inline.CSSInliner(load_remote_stylesheets=False).inline(html)
    assert len(inlined.encode()) < 100_000
    assert f'<html lang="{language}"' in inlined
    assert inlined.count("<h1 ") == 1
    assert inlined.count("<style") == 1
    assert "prefers-color-scheme: dark" in inlined
    assert re.findall(r"<(?:img|script|link|iframe|form)\b", inlined) == []
    assert marks(inlined) == marks(html)
    assert links(inlined) == links(html)


@every_language
@every_letter
def test_a_letter_has_at_most_one_primary_button(
    language: str, kind: str, facts: dict[str, Any], meeting: Any, needed: set[str]
) -> None:
    _, _, html = render(language, kind, facts, meeting)
    assert html.count('class="button primary"') == int(
        needed >= ANSWERS
        or kind
        in (
            "sign_in",
            "address_confirm",
            "address_objected",
            "opt_in",
            "join",
            "welcome",
            "application",
            "digest",
            "alert",
            "offer",
            "free",
            "ask_back",
            "new_device",
            "second_factor",
            "copy_ready",
            *SPEAKERS,
        )
    )


@every_language
def test_what_people_wrote_is_escaped_in_html_and_kept_in_text(language: str) -> None:
    _, body, html = render(language, "invite", {"answer": "invited", "waiting": False, **NOT_KEPT}, full)
    assert "Ausweis <nicht> nötig." in body
    assert "Ausweis &lt;nicht&gt; nötig." in html
    assert "<nicht>" not in html


@every_language
def test_a_confirmation_of_an_application_advertises_nothing(language: str) -> None:
    subject, body, html = render(language, "opt_in", {}, full)
    meeting = full(language)
    praise = [
        meeting["link"],
        meeting["join_link"],
        meeting["note"].split("\n")[0],
        "Carl-Straße",
        "Yamada",
        ELSEWHERE[language],
    ]
    praise += [title for title, _ in TOPIC.values()]
    assert [word for word in praise if word in subject + body + html] == []
    assert meeting["title"] in " ".join(body.split())
    assert meeting["date"] in " ".join(body.split())


@every_language
@pytest.mark.parametrize("kind", sorted(NOT_SUBSCRIBED))
def test_where_nothing_is_subscribed_there_is_nothing_to_unsubscribe_from(language: str, kind: str) -> None:
    facts, meeting = next((facts, meeting) for name, facts, meeting, _ in VARIANTS if name == kind)
    _, body, html = render(language, kind, facts, meeting)
    assert "unsubscribe" not in body + html


@every_language
def test_who_waits_or_does_not_come_is_not_given_the_video_link(language: str) -> None:
    video = full(language)["join_link"]
    waiting = render(language, "waiting", {"guests": 0, "offers_from": ""}, full)
    invited_waiting = render(language, "invite", {"answer": "yes", "waiting": True, **NOT_KEPT}, full)
    absent = render(language, "confirm", {"answer": "no", "guests": 0, "late": False, "open": True}, full)
    coming = render(language, "confirm", {"answer": "yes", "guests": 0, "late": False, "open": True}, full)
    assert [video in body for _, body, _ in (waiting, invited_waiting, absent, coming)] == [False, False, False, True]
    assert [video in links(html) for *_, html in (waiting, invited_waiting, absent, coming)] == [
        False,
        False,
        False,
        True,
    ]


@every_language
def test_the_calendar_buttons_are_mentioned_only_where_they_answer(language: str) -> None:
    facts = {"answer": "invited", "waiting": False, **NOT_KEPT}
    with_buttons = render(language, "invite", facts | {"calendar_replies": True}, full)
    without = render(language, "invite", facts | {"calendar_replies": False}, full)
    word = {"de": "Kalendereintrag", "en": "calendar entry", "ja": "カレンダー"}[language]
    assert [word in part for part in with_buttons] == [False, True, True]
    assert [word in part for part in without] == [False, False, False]


@every_language
def test_tomorrow_is_said_only_where_it_is_tomorrow(language: str) -> None:
    word = {"de": "orgen", "en": "omorrow", "ja": "明日"}[language]
    tomorrow = render(language, "eve", {"guests": 0, "tomorrow": True}, bare)
    later = render(language, "eve", {"guests": 0, "tomorrow": False}, bare)
    assert [word in part for part in tomorrow] == [True, True, True]
    assert [word in part for part in later] == [False, False, False]


@every_language
@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        *(("confirm", {"answer": answer, "guests": 0, "late": False}) for answer in ("maybe", "no")),
        *(("moved", moved(answer, time=False, place=True)) for answer in ("invited", "maybe", "no")),
    ],
)
def test_nobody_is_asked_to_answer_by_a_day_that_is_past(language: str, kind: str, facts: dict[str, Any]) -> None:
    before = render(language, kind, facts | {"open": True}, full)
    after = render(language, kind, facts | {"open": False}, full)
    assert [UNTIL[language] in part.replace("\n", " ") for part in before[1:]] == [True, True]
    assert [UNTIL[language] in part.replace("\n", " ") for part in after[1:]] == [False, False]
    assert (marks(after[1]) & ANSWERS, marks(after[2]) & ANSWERS) == (set(), set())


@every_language
def test_a_series_is_named_beside_the_title_only_where_they_differ(language: str) -> None:
    def same(language: str) -> dict[str, Any]:
        return full(language) | {"title": "朝の会", "series": "朝の会"}

    def other(language: str) -> dict[str, Any]:
        return full(language) | {"title": "光の朝", "series": "朝の会"}

    facts = {"answer": "invited", "waiting": False, **NOT_KEPT}
    assert render(language, "invite", facts, same)[1].count("朝の会") == 1
    assert render(language, "invite", facts, other)[1].count("朝の会") == 1


def test_a_letter_that_lacks_a_fact_is_not_written() -> None:
    with pytest.raises(UndefinedError, match="'answer' is undefined"):
        render("de", "invite", {}, full)
