"""The page of a meeting's host or caterer, behind a secret link: numbers now and at the deadline, the running order,
and for the host who arrives. It shows, sets no cookie and changes nothing; no name stands in the caterer's.
"""

from flask import Blueprint, render_template

from asanokai import catering, languages, programme, questions, showing, topics
from asanokai.catering import Catered, counting
from asanokai.db import session
from asanokai.series import Series
from asanokai.web import loading, words

pages = Blueprint("pack", __name__)


@pages.get("/pack/<token>")
def show(token: str) -> str:
    """What host or caterer need to know, to be read or printed."""
    pack, meeting = catering.opened(loading.tokens().read("pack", token))
    loading.reads(pack.language)
    language = loading.language()
    series = session().get_one(Series, meeting.series_id)
    shown = showing.shown(meeting, series, topics.of(meeting), language=language)
    catered = session().get(Catered, meeting.id)
    frozen = catered if catered is not None and catered.frozen is not None else None
    due = catering.due(meeting, catered, catering.lead_of(series.id))
    return render_template(
        "pack/show.html",
        kind=pack.kind,
        words=words,
        shown=shown,
        meeting=meeting,
        now=counting.counted([meeting.id])[meeting.id],
        frozen=frozen.frozen if frozen else None,
        frozen_at=languages.moment_in_words(frozen.frozen_at, language, meeting.zone)
        if frozen is not None and frozen.frozen_at
        else "",
        due=languages.moment_in_words(due, language, meeting.zone),
        food=[
            (
                languages.pick(question.label, language, series.first_language),
                [(questions.in_words(question, dish.value, language), dish) for dish in dishes],
            )
            for question, dishes in counting.menu(meeting.id, frozen.frozen if frozen else None)
        ],
        order=showing.in_order(shown, programme.of(meeting), language=language),
        arrivals=counting.arrivals(meeting.id) if pack.kind == "host" else [],
        language=language,
    )
