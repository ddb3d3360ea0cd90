"""How long what is kept: the limits, what would be removed now, and the protocol of what was. For administrators."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from asanokai import members, retention, showing
from asanokai.web import loading
from asanokai.web.forms import REQUIRED, Form, attempt

pages = Blueprint("keeping", __name__)

PAGE = 100
"""Runs on a page of the protocol."""


class LimitsForm(Form):
    """For how many days each kind is kept; the fields are named as the kinds."""


for _kind in retention.KINDS:
    _within = [InputRequired(REQUIRED), NumberRange(min=_kind.least, max=_kind.most)]
    setattr(LimitsForm, _kind.name, IntegerField(lazy_gettext(_kind.words), _within))


@dataclass(frozen=True)
class Part:
    """Which page of the protocol is shown, and whether there are older runs."""

    number: int
    more: bool
    pages: int | None = None


@pages.route("/retention", methods=["GET", "POST"])
def limits() -> Response | tuple[str, int]:
    """The limits, and how many of each kind would go now."""
    form = LimitsForm(data=retention.limits())

    def act() -> None:
        wanted = {kind.name: int(form[kind.name].data) for kind in retention.KINDS}
        retention.change(wanted, actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("Saved. The limits hold from tonight on."))
        return redirect(url_for("keeping.limits"), 303)
    page = render_template(
        "coordinate/retention.html",
        form=form,
        lines=retention.look(),
        fixed=retention.FIXED,
        told=retention.letters_before(),
    )
    return page, form.status


@pages.get("/retention/protocol")
def protocol() -> str:
    """What was removed when, the newest first; holds nobody's data."""
    number = loading.page_number()
    found = retention.protocol(limit=PAGE + 1, offset=(number - 1) * PAGE)
    return render_template(
        "coordinate/retention_protocol.html",
        found=found[:PAGE],
        page=Part(number, len(found) > PAGE),
        who=members.by_ids({run.by_id for run, _rows in found if run.by_id is not None}),
        kinds=retention.BY_NAME,
        in_words=showing.in_words,
        zone=loading.zone(),
        language=loading.language(),
    )
