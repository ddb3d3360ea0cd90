"""The members' directory: what a member lets others see, how that looks, and the list of a series for its members."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import force_locale, gettext
from werkzeug.wrappers import Response

from asanokai import circle, consents, languages, members
from asanokai.consents import SHOWN, Said
from asanokai.errors import N_, Refused
from asanokai.web import loading, words
from asanokai.web.forms import ButtonForm, attempt

pages = Blueprint("circle", __name__)


@pages.route("/me/directory", methods=["GET", "POST"])
def mine() -> Response | tuple[str, int]:
    """Choose for each field who sees it: nobody, or the members of one's series. Each choice is a record."""
    member, form = loading.me(), ButtonForm()
    if attempt(form, lambda: _choose(request.form.get("field", ""), request.form.get("to", ""))):
        flash(gettext("Your choice is saved."))
        return redirect(url_for("circle.mine"), 303)
    address = members.main_address(member)
    page = render_template(
        "circle/mine.html",
        form=form,
        fields=SHOWN,
        standing=consents.standing(member.id),
        values={
            "name": members_name(member),
            "organisation": members.organisation_name(member),
            "position": member.position,
            "address": address.text if address else "",
        },
        texts={field: _text(field) for field in SHOWN},
        version=words.SHOWN_VERSION,
        seen=circle.seen(member),
        onlookers=circle.onlookers(member),
        both=both,
        words=words,
    )
    return page, form.status


def _choose(field: str, to: str) -> None:
    if to != "members":
        circle.hide(loading.me(), field)
        return
    if request.form.get("version") != words.SHOWN_VERSION:
        raise Refused(N_("The text has changed meanwhile. Please read it again."))
    # In the language the page had when it was sent, whatever was chosen since in another window.
    language = languages.known(request.form.get("language")) or loading.language()
    with force_locale(language):
        text = _text(field)
    circle.show(loading.me(), field, Said(text, words.SHOWN_VERSION, language, request.remote_addr))


def _text(field: str) -> str:
    return str(words.SHOWN_TEXTS.get(field, "")) % {"organisation": loading.organisation()}


def members_name(member: members.Member) -> str:
    """The reader's own name in both scripts."""
    return " / ".join(both(member.name))


def both(name: languages.Name) -> list[str]:
    """A name in the reader's script, and in the other one where it is known."""
    language = loading.language()
    return list(dict.fromkeys((name.full(language), name.full("en" if language == "ja" else "ja"))))


@pages.get("/members/<int:series_id>")
def of_series(series_id: int) -> str:
    """The members of a series as far as they let each other see them."""
    query, number = request.args.get("q", "")[: circle.LONGEST], loading.page_number()
    found = circle.of_series(g.series, query, page=number)
    facts: dict[str, Any] = {"series": g.series, "page": found, "q": query, "both": both}
    return render_template("circle/members.html", **facts, shown=circle.seen(loading.me()) is not None)
