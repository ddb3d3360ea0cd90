"""The archive of topics: everything that was talked about, searched by any word, year by year.

Which of them a reader sees stands in `asanokai.archive`.
"""

from itertools import groupby

from flask import Blueprint, render_template, request
from flask_login import current_user

from asanokai import archive, languages, showing
from asanokai.members import cleaned
from asanokai.web import loading

pages = Blueprint("archive", __name__)


@pages.get("/topics/")
def topics() -> str:
    """Topics of meetings that are over, latest first; `?q=` finds those with all its words."""
    query = cleaned(request.args.get("q"))
    reader = loading.me() if current_user.is_authenticated else None
    page = archive.found(query, reader=reader, page=request.args.get("page", 1, type=int))
    shown = [
        showing.shown(entry.meeting, entry.series, [entry.topic], language=loading.language()) for entry in page.entries
    ]
    years = [
        (languages.year_in_words(year, loading.language()), list(lines))
        for year, lines in groupby(shown, key=lambda line: line.local_date.year)
    ]
    return render_template("programme/topics.html", query=query, page=page, years=years)
