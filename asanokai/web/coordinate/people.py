"""People: who belongs to a series, inviting, importing; for administrators everybody there is.

A coordinator sees the members of their own series and nobody else.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired

from asanokai import applying, copies, directory, erasing, factors, leaving, members, readdressing, showing, views
from asanokai import series as rules
from asanokai.directory import Wanted
from asanokai.errors import N_, BadInput, Missing
from asanokai.languages import OWN_NAMES
from asanokai.members import NAMES, Member
from asanokai.web import loading, words
from asanokai.web.forms import REQUIRED, ZONES, Form, attempt, line, options

pages = Blueprint("people", __name__)

SALUTATIONS = {"": "–", "frau": lazy_gettext("Ms"), "herr": lazy_gettext("Mr")}


def _page() -> int:
    typed = request.args.get("page", "1")
    return min(max(int(typed), 1), 100_000) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1


def _to_people() -> Response:
    return redirect(url_for("people.of_series", series_id=g.series.id), 303)


# --- of a series ------------------------------------------------------------------------------------------------------


@pages.get("/series/<int:series_id>/members")
def of_series(series_id: int) -> str:
    """Who belongs, in which role, and whether letters reach them."""
    own = [series for series in rules.coordinated_by(loading.me()) if series.id != series_id]
    wanted = Wanted.read(request.args)
    return render_template(
        "coordinate/people.html",
        series=g.series,
        page=directory.of_series(g.series, wanted, page=_page()),
        others=own,
        **_list(wanted, series_id),
    )


def _list(wanted: Wanted, series_id: int | None) -> dict[str, Any]:
    """What every list of people shows around its rows."""
    return {
        "wanted": wanted,
        "kept": views.of(loading.me().id, series_id=series_id),
        "language": loading.language(),
        "own_names": OWN_NAMES,
        "words": words,
    }


class InviteForm(Form):
    """Whom to invite to the series."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=254)
    salutation = SelectField(lazy_gettext("Form of address"), choices=options(SALUTATIONS), default="")
    title = line(lazy_gettext("Academic title"))
    given = line(lazy_gettext("Given name"))
    family = line(lazy_gettext("Family name"))
    family_ja = line(lazy_gettext("Family name in Japanese script"))
    given_ja = line(lazy_gettext("Given name in Japanese script"))
    organisation = line(lazy_gettext("Organisation"))
    language = SelectField(lazy_gettext("Language of the letters"), choices=options(OWN_NAMES), default="de")


PERSON = ("salutation", "title", "given", "family", "family_ja", "given_ja", "organisation", "language")


@pages.route("/series/<int:series_id>/members/invite", methods=["GET", "POST"])
def invite(series_id: int) -> Response | tuple[str, int]:
    """Invite somebody by letter; who is a member already belongs at once."""
    form = InviteForm()

    def act() -> None:
        said = {name: form[name].data for name in PERSON}
        sent = applying.invite(str(form.email.data), said, series_id=series_id, inviter_id=loading.me().id)
        if sent is None:
            flash(gettext("Was a member already and belongs to the series now."))
        else:
            flash(gettext("A letter with the invitation is on its way; it is good for 14 days."))

    if attempt(form, act):
        return _to_people()
    return render_template("coordinate/invite.html", form=form, series=g.series), form.status


def _of_this_series(member_id: int) -> Member:
    """The member, if they belong to the series in the address. Raises `Missing`."""
    if not any(rules.belongs(g.series.id, member_id, role) for role in rules.ROLES):
        raise Missing(N_("There is no such member."))
    return members.by_id(member_id)


@pages.post("/series/<int:series_id>/members/<int:member_id>/role")
def role(series_id: int, member_id: int) -> Response:
    """Make somebody a coordinator of the series, or end it."""
    member = _of_this_series(member_id)
    if rules.belongs(series_id, member_id, "coordinator"):
        rules.part(g.series, member, "coordinator", actor_id=loading.me().id)
        flash(gettext("Does not coordinate this series any more."))
    else:
        rules.join(g.series, member, "coordinator", actor_id=loading.me().id)
        flash(gettext("Coordinates this series now."))
    return _to_people()


@pages.post("/series/<int:series_id>/members/<int:member_id>/part")
def part(series_id: int, member_id: int) -> Response:
    """End the belonging: no more invitations to this series."""
    leaving.leave_series(g.series, _of_this_series(member_id), actor_id=loading.me().id)
    flash(gettext("Does not belong to this series any more and gets no more invitations."))
    return _to_people()


@pages.post("/series/<int:series_id>/members/series")
def series_too(series_id: int) -> Response:
    """Let the members of another own series belong to this one, once."""
    typed = request.form.get("other", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10 and loading.may_coordinate(int(typed))):
        raise Missing(N_("There is no such series."))
    other = rules.by_id(int(typed))
    if not loading.may_work_at(other):
        raise Missing(N_("There is no such series."))
    new = rules.invite_series_too(g.series, other, actor_id=loading.me().id)
    flash(
        ngettext(
            "%(num)s more person belongs to this series now.", "%(num)s more people belong to this series now.", new
        )
    )
    return _to_people()


# --- everybody --------------------------------------------------------------------------------------------------------


@pages.get("/members")
def everybody() -> str:
    """All members, for administrators."""
    wanted = Wanted.read(request.args)
    return render_template(
        "coordinate/everybody.html",
        page=directory.everybody(wanted, page=_page()),
        others=rules.coordinated_by(loading.me()),
        **_list(wanted, None),
    )


class MemberForm(InviteForm):
    """Everything an administrator may change about a member. Some have no mail address."""

    email = line(lazy_gettext("Mail address"), longest=254)
    family_kana = line(lazy_gettext("Reading of the family name (kana)"))
    given_kana = line(lazy_gettext("Reading of the given name (kana)"))
    position = line(lazy_gettext("Position"))
    zone = SelectField(lazy_gettext("Time zone"), choices=ZONES, default="Europe/Berlin")
    administrator = BooleanField(lazy_gettext("May administer everything"))


FIELDS = (*NAMES, "salutation", "organisation", "language", "zone")


@pages.route("/members/new", methods=["GET", "POST"])
def add() -> Response | tuple[str, int]:
    """Add somebody who is known: no letter goes out by this."""
    form = MemberForm()
    if form.is_submitted() and form.administrator.data and (ask := loading.recently()):
        return ask

    def act() -> None:
        if not (form.family.data or form.family_ja.data):
            raise BadInput("family", N_("Please give a family name."))
        said = {name: form[name].data for name in FIELDS}
        member = members.add(form.email.data or None, actor_id=loading.me().id, **said)
        if form.administrator.data:
            members.make_administrator(member, True, actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("Added."))
        return redirect(url_for("people.everybody"), 303)
    return render_template("coordinate/member.html", form=form, member=None), form.status


def _change_address(member: Member, stored: str, typed: str) -> None:
    if typed == stored:
        return
    if not typed:
        raise BadInput("email", N_("An address can be replaced by another one, but not removed here."))
    readdressing.give(member, typed, actor_id=loading.me().id)


@pages.route("/members/<int:member_id>", methods=["GET", "POST"])
def edit(member_id: int) -> Response | tuple[str, int]:
    """Change names, organisation, address and rights."""
    member = members.by_id(member_id)
    address = members.main_address(member)
    stored = {name: getattr(member, name) for name in (*NAMES, "salutation", "language", "zone", "administrator")}
    form = MemberForm(
        data={
            **stored,
            "organisation": members.organisation_name(member),
            "email": address.text if address else "",
        }
    )

    # Whoever has the address has the account, so it decides who gets in as much as the right does.
    entitles = bool(form.administrator.data) != member.administrator
    moves = members.comparable(form.email.data or "") != members.comparable(address.text if address else "")
    if form.is_submitted() and (entitles or moves) and (ask := loading.recently()):
        return ask

    def act() -> None:
        if member.id == loading.me().id and not form.administrator.data:
            raise BadInput("administrator", N_("You cannot take this right from yourself."))
        members.change(member, actor_id=loading.me().id, **{name: form[name].data for name in FIELDS})
        _change_address(member, address.text if address else "", str(form.email.data))
        if bool(form.administrator.data) != member.administrator:
            members.make_administrator(member, bool(form.administrator.data), actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("Saved."))
        return redirect(url_for("people.everybody"), 303)
    return render_template(
        "coordinate/member.html", form=form, member=member, factor=factors.of(member.id), series=rules.of_member(member)
    ), form.status


@pages.post("/members/<int:member_id>/factor")
def lost_factor(member_id: int) -> Response:
    """Remove the second factor of somebody who has lost it; they hear of it by letter."""
    member = members.by_id(member_id)
    factors.remove(member.id, actor_id=loading.me().id)
    members.sign_out_everywhere(member)
    flash(gettext("The second factor is removed. A letter says so to the member."))
    return redirect(url_for("people.edit", member_id=member.id), 303)


@pages.route("/members/<int:member_id>/leave", methods=["GET", "POST"])
def leave(member_id: int) -> Response | tuple[str, int]:
    """Somebody leaves by word of mouth: what it ends, and then it is ended."""
    member = members.by_id(member_id)
    form = Form()
    if attempt(form, lambda: leaving.leave(member, actor_id=loading.me().id)):
        flash(gettext("Has left. No more letters go to them."))
        return redirect(url_for("people.everybody"), 303)
    return render_template(
        "coordinate/leave.html",
        form=form,
        member=member,
        ends=leaving.look(member),
        in_words=showing.in_words,
        language=loading.language(),
    ), form.status


@pages.route("/members/<int:member_id>/erase", methods=["GET", "POST"])
def erase(member_id: int) -> Response | tuple[str, int]:
    """Somebody asked in writing to be deleted: what that ends, and then it is done."""
    member = members.by_id(member_id)
    form, waiting = Form(), erasing.pending(member_id)
    if attempt(form, lambda: erasing.ask(member, why="administrator", actor_id=loading.me().id)):
        flash(gettext("The account is closed. The data will be deleted as soon as the last letters have gone."))
        return redirect(url_for("people.everybody"), 303)
    return render_template(
        "coordinate/erase.html",
        form=form,
        member=member,
        waiting=waiting,
        ends=erasing.look(member),
        days=erasing.LONGEST_WAIT.days,
        in_words=showing.in_words,
        language=loading.language(),
    ), form.status


@pages.route("/members/<int:member_id>/copy", methods=["GET", "POST"])
def copy(member_id: int) -> Response | tuple[str, int]:
    """Somebody asked in writing for a copy of their data: it is made, and can be fetched here."""
    member, form = members.by_id(member_id), Form()
    if attempt(form, lambda: copies.ask(member, actor_id=loading.me().id)):
        flash(gettext("The copy is being made."))
        return redirect(url_for("people.copy", member_id=member_id), 303)
    copied = copies.of_member(member_id)
    return render_template(
        "coordinate/copy.html",
        form=form,
        member=member,
        copied=copied,
        unready=any(one.ready_at is None for one in copied),
        in_words=showing.in_words,
        zone=loading.zone(),
        language=loading.language(),
    ), form.status


@pages.post("/members/<int:member_id>/copy/<int:copy_id>")
def fetch_copy(member_id: int, copy_id: int) -> Response:
    """The copy that was made for somebody, as a file."""
    content = copies.fetch(copy_id, member_id, actor_id=loading.me().id)
    return loading.download(content, f"asanokai-{copy_id}.zip")
