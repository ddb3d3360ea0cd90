"""The parts that pages are built from, each in every state, on one page. In development only, elsewhere not there.

The facts are made up here and stand in no database; the same ones always, so that pictures of the page can be compared.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, render_template
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired

from asanokai import clock, languages, showing
from asanokai.errors import N_, Missing
from asanokai.meetings import Meeting
from asanokai.rsvps import Rsvp, Tally
from asanokai.series import Series
from asanokai.topics import Speaker, Topic
from asanokai.web import loading, words
from asanokai.web.forms import AnswerForm, Form, LeadField, TextsField, line, options, text, wall_time

pages = Blueprint("design", __name__)

NAME = {"de": "Asa no Kai Thüringen", "en": "Asa no Kai Thuringia", "ja": "テューリンゲン朝の会"}
PLACE = {
    "de": "Haus der Optik, Carl-Zeiss-Promenade 10, Jena",
    "en": "House of Optics, Carl-Zeiss-Promenade 10, Jena",
    "ja": "光学会館（イェーナ市）",
}
TITLE = {
    "de": "Von der Linse zum Diagnosegerät",
    "en": "From the lens to the diagnostic instrument",
    "ja": "レンズから診断装置へ――浜松の光技術",
}
ABSTRACT = {
    "de": "Ein Werkstattbericht in **drei** Teilen:\n\n* Werkstoff\n* Messtechnik\n* Markt",
    "en": "A report from the workshop in **three** parts:\n\n* material\n* measurement\n* market",
    "ja": "現場からの報告を**三部**に分けてお届けします。\n\n* 素材\n* 計測\n* 市場",
}
NOTE = {"de": "Bitte nehmen Sie den Eingang am Hof."}
"""In one language only: others read it as a fallback."""


@pages.get("/design")
def parts() -> str:
    """Every part in every state."""
    if not current_app.config["ASANOKAI"].design:
        raise Missing(N_("There is no such page, or none that you may see."))
    return render_template(
        "design.html",
        meetings=_meetings(),
        order=_order(),
        words=words,
        rsvps=_rsvps(),
        tally=Tally(yes=32, coming=36, waiting=3, queued=4, maybe=5, no=11, silent=58),
        blank=ExampleForm(formdata=None),
        wrong=_wrong(ExampleForm(formdata=None)),
        answering=AnswerForm(formdata=None, data={"answer": "yes", "guests": 1}),
        lines=LINES,
    )


class ExampleForm(Form):
    """One field of every kind."""

    name = line("Name", InputRequired())
    organisation = line("Organisation")
    remark = text("Bemerkung · Remark · 備考")
    title = TextsField("Titel · Title · 題名", required=True)
    starts = wall_time("Beginn · Begins · 開始")
    remind = LeadField("Erinnerung · Reminder · リマインド")
    language = SelectField("Sprache · Language · 言語", choices=options({"de": "Deutsch", "ja": "日本語"}))
    kind = RadioField(
        "Art · Kind · 種類", choices=options({"series": "Reihe · シリーズ", "event": "Einzeltermin · 単発"})
    )
    public = BooleanField("Öffentlich · Public · 公開")


LINES = (
    ("Dr. Katrin Lindner", "Optik Jena", "1", "Vegetarisch"),
    ("山田 健二", "浜松フォトニクスフォーラム", "–", "通訳をお願いします。"),
    ("Prof. Dr. Emma Whitfield-Hohenlohe", "Institut für Mikro- und Nanotechnologien Ilmenau", "2", "–"),
)


def _wrong(form: ExampleForm) -> ExampleForm:
    """What a refused form looks like; its fields are called otherwise, since the other form stands on the same page."""
    for refused in form:
        refused.id = f"wrong-{refused.name}"
    for field in ("name", "title", "starts", "kind"):
        form[field].errors = ["Bitte füllen Sie dies aus. · Please fill this in. · ご入力ください。"]
    form.form_errors = ["Das Treffen ist voll. · The meeting is full. · 満席です。"]
    return form


def _meetings() -> dict[str, showing.Shown]:
    """One meeting in every state, as the reader sees it."""
    now = clock.now()
    morning = (now + timedelta(days=16)).astimezone(UTC).replace(hour=7, minute=0, second=0, microsecond=0)
    moments = {
        "announced": morning,
        "closed": now + timedelta(hours=20),
        "begun": now - timedelta(minutes=30),
        "over": now - timedelta(days=30),
        "cancelled": morning + timedelta(days=28),
        "draft": morning + timedelta(days=56),
    }
    return {state: _shown(state, starts) for state, starts in moments.items()}


def _shown(state: str, starts: datetime) -> showing.Shown:
    meeting = Meeting(
        id=1,
        series_id=1,
        path="design",
        state={"announced": "announced", "cancelled": "cancelled", "draft": "draft"}.get(state, "announced"),
        zone="Europe/Berlin",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        answer_until=starts - timedelta(days=1),
        seats=40,
        guests_allowed=1,
        title=None,
        venue=PLACE,
        note=NOTE,
        reason={"de": "Der Gastgeber ist verhindert."} if state == "cancelled" else None,
        public=True,
        announced_at=None if state == "draft" else starts - timedelta(days=60),
    )
    series = Series(id=1, slug="design", name=NAME, first_language="de", zone="Europe/Berlin")
    speaker = Speaker(
        family="Sasaki",
        given="Minoru",
        family_ja="佐々木",
        given_ja="稔",
        organisation={"de": "Hamana Kōgaku", "en": "Hamana Kogaku", "ja": "浜名光学"},
        position={"de": "Präsident", "en": "President", "ja": "代表取締役社長"},
    )
    topic = Topic(id=1, meeting_id=1, position=1, title=TITLE, abstract=ABSTRACT, speakers=[speaker])
    return showing.shown(meeting, series, [topic], language=loading.language(), zone="Asia/Tokyo")


def _order() -> list[showing.ShownSlot]:
    """A running order: of every kind one, with and without a title."""
    parts = [("welcome", 10, "8:00", ""), ("talk", 30, "8:10", "Licht · 光"), ("breakfast", 60, "8:40", "")]
    return [
        showing.ShownSlot(None, kind, minutes, begins, begins, languages.Text(title, "de", False), ())
        for kind, minutes, begins, title in parts
    ]


def _rsvps() -> list[tuple[Rsvp, int | None]]:
    """Every answer, with the place in line of one that waits."""
    said: list[dict[str, Any]] = [
        {"answer": "invited"},
        {"answer": "yes", "seat": "held", "guests": 2},
        {"answer": "invited", "seat": "held"},
        {"answer": "yes", "seat": "offered"},
        {"answer": "yes", "seat": "waiting", "guests": 0},
        {"answer": "maybe"},
        {"answer": "no"},
    ]
    return [(Rsvp(**{"guests": 0, **facts}), 3 if facts.get("seat") == "waiting" else None) for facts in said]
