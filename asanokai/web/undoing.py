"""Taking back an answer that came by mail: behind a link in a letter, without signing in.

A GET only shows what was taken and what stood before; the button takes it back. The link speaks for one mail; it sets
no cookie, and once the answer has been changed by other means it only leads there.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from asanokai import languages, showing
from asanokai import series as series_rules
from asanokai.errors import N_, Missing, Refused
from asanokai.intake import undoing
from asanokai.intake.undoing import Undo
from asanokai.tokens import UNDO_LIFE
from asanokai.web import loading, words

pages = Blueprint("undo", __name__)


@pages.route("/undo/<token>", methods=["GET", "POST"])
def by_link(token: str) -> Response | tuple[str, int]:
    """GET shows; POST takes back and leads back here (303). What was changed since is told, with a way to it."""
    number = loading.tokens().read("undo", token, life=UNDO_LIFE)
    if not isinstance(number, int):
        raise Missing(N_("This link is not valid. Please open it exactly as it stands in the letter."))
    found, status = undoing.look(number), 200
    loading.reads(found.member.language)
    if request.method == "POST":
        try:
            undoing.undo(number)
        except Refused as refusal:
            if found.state == "open":
                raise  # a rule said no: the error page says which
            status = refusal.status
        else:
            return redirect(url_for("undo.by_link", token=token, lang=languages.known(request.args.get("lang"))), 303)
    return _shown(found), status


def _shown(found: Undo) -> str:
    meeting, language = found.meeting, loading.language()
    shown = showing.shown(meeting, series_rules.by_id(meeting.series_id), (), language=language, zone=found.member.zone)
    return render_template(
        "answer/undo.html",
        shown=shown,
        found=found,
        name=found.member.name.full(language),
        came=showing.in_words(found.mail.came_at, language, meeting.zone),
        answer_link=url_for("answer.by_link", token=loading.tokens().mint("answer", [meeting.id, found.member.id])),
        words=words,
    )
