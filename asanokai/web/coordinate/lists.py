"""What can be done with a list of people: keep a search as a view, do one deed for many, take the list as a file.

The search stands in the address, as on the list's own page; who is ticked stands in the form. A deed is looked at
first and then done; between the two the form carries a seal, so that nothing happens to people who were not shown.
"""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response as BaseResponse

from asanokai import bulk, clock, directory, exporting, views
from asanokai import series as rules
from asanokai.directory import Wanted
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.languages import OWN_NAMES, pick
from asanokai.series import Series
from asanokai.web import loading, words

pages = Blueprint("lists", __name__)

HEADINGS = {
    "salutation": lazy_gettext("Form of address"),
    "title": lazy_gettext("Academic title"),
    "family": lazy_gettext("Family name"),
    "given": lazy_gettext("Given name"),
    "family_ja": lazy_gettext("Family name in Japanese script"),
    "given_ja": lazy_gettext("Given name in Japanese script"),
    "family_kana": lazy_gettext("Reading of the family name (kana)"),
    "given_kana": lazy_gettext("Reading of the given name (kana)"),
    "position": lazy_gettext("Position"),
    "organisation": lazy_gettext("Organisation"),
    "email": lazy_gettext("Mail address"),
    "language": lazy_gettext("Language of the letters"),
    "zone": lazy_gettext("Time zone"),
    "standing": lazy_gettext("Standing"),
    "roles": lazy_gettext("Role"),
    "joined_at": lazy_gettext("Member since"),
}
TYPES = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "semicolon": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}
SHOWN = 50
"""Names a summary lists; of more it says how many there are."""


def _wanted() -> Wanted:
    return Wanted.read(request.args)


def _number(typed: str) -> int:
    """A row's number; 0, which no row has, for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _list(series_id: int | None, wanted: Wanted) -> str:
    """The address of a list with a search."""
    if series_id is None:
        return url_for("people.everybody", **wanted.said())
    return url_for("people.of_series", series_id=series_id, **wanted.said())


# --- views ------------------------------------------------------------------------------------------------------------


@pages.post("/views")
def save_view() -> BaseResponse:
    """Keep the search in the address under a name; `of` is the number of the list's series, "" for everybody's."""
    typed = request.form.get("of", "")
    series_id = _number(typed) if typed else None
    if not (loading.me().administrator if series_id is None else loading.may_coordinate(series_id)):
        raise Missing(N_("There is no such page, or none that you may see."))
    if series_id is not None:
        rules.by_id(series_id)
    wanted = _wanted()
    try:
        views.save(loading.me(), request.form.get("name", ""), wanted.said(), series_id=series_id)
    except Refused as refusal:
        flash(gettext(refusal.message, **refusal.facts), "error")
    else:
        flash(gettext("The view is saved. Only you see it."))
    return redirect(_list(series_id, wanted), 303)


@pages.post("/views/<int:view_id>/delete")
def drop_view(view_id: int) -> BaseResponse:
    """Keep a view no longer."""
    view = views.by_id(view_id, loading.me().id)
    views.drop(view)
    flash(gettext("The view is deleted. The people in it stay as they are."))
    return redirect(_list(view.series_id, Wanted()), 303)


# --- deeds ------------------------------------------------------------------------------------------------------------


@pages.post("/series/<int:series_id>/members/deeds")
def of_series(series_id: int) -> BaseResponse | tuple[str, int]:
    """One deed for many people of a series."""
    return _deed(g.series)


@pages.post("/members/deeds")
def of_everybody() -> BaseResponse | tuple[str, int]:
    """One deed for many of all there are."""
    return _deed(None)


def _deed(series: Series | None) -> BaseResponse | tuple[str, int]:
    """Show what would be done; with `step=do` and the seal of what was shown, do it."""
    back = _list(series.id if series else None, _wanted())
    try:
        deed = bulk.Deed.read(request.form.get("deed", ""))
    except BadInput as refusal:
        flash(gettext(refusal.message), "error")
        return redirect(back, 303)
    about = _series_of(deed, series)
    ticked = [_number(typed) for typed in request.form.getlist("member")]
    everyone = request.form.get("whom") == "all"
    chosen = directory.numbers(_wanted(), series=series) if everyone else directory.within(ticked, series=series)
    if not chosen:
        flash(gettext("Nobody was chosen. Please tick somebody, or choose all that were found."), "error")
        return redirect(back, 303)
    plan = bulk.look(deed, chosen, series=series)
    asked = request.form.get("step") == "do"
    if asked and plan.doing and request.form.get("seal") == plan.seal:
        return _done(plan, series, back)
    page = render_template(
        "coordinate/bulk.html",
        series=series,
        plan=plan,
        about=_named(about) if about else "",
        ticked=[] if everyone else chosen,
        again=asked,
        action=_action(series),
        back=back,
        shown=SHOWN,
        names=words.DEEDS,
        reasons=words.LEFT_OUT,
        language_names=OWN_NAMES,
        language=loading.language(),
    )
    return page, 409 if asked else 200


def _action(series: Series | None) -> str:
    """Where the deeds of a list are sent to, with its search."""
    said = _wanted().said()
    if series is None:
        return url_for("lists.of_everybody", **said)
    return url_for("lists.of_series", series_id=series.id, **said)


def _series_of(deed: bulk.Deed, here: Series | None) -> Series | None:
    """The series the deed is about. Raises `Missing` for one that the reader does not coordinate, or that the list
    does not offer: belonging is ended where it is seen."""
    if deed.series_id is None:
        return None
    elsewhere = here is not None and deed.name == "part" and deed.series_id != here.id
    if elsewhere or not loading.may_coordinate(deed.series_id):
        raise Missing(N_("There is no such series."))
    found = rules.by_id(deed.series_id)
    if not loading.may_work_at(found):
        raise Missing(N_("There is no such series."))
    return found


def _named(series: Series) -> str:
    return str(pick(series.name, loading.language(), series.first_language))


def _done(plan: bulk.Plan, series: Series | None, back: str) -> BaseResponse:
    count = bulk.do(plan, actor_id=loading.me().id)
    if plan.deed.name in bulk.EXPORTS:
        return _file(plan, series)
    flash(ngettext("Done for %(num)s person.", "Done for %(num)s people.", count))
    return redirect(back, 303)


def _file(plan: bulk.Plan, series: Series | None) -> Response:
    kind = plan.deed.name
    exporting.note(
        kind,
        [entry.member.id for entry in plan.doing],
        series_id=series.id if series else None,
        actor_id=loading.me().id,
    )
    said: Mapping[str, Mapping[str, str]] = {
        "salutation": {"frau": gettext("Ms"), "herr": gettext("Mr")},
        "standing": {code: str(words.STANDINGS[code]) for code in words.STANDINGS},
        "roles": {code: str(words.ROLES[code]) for code in words.ROLES},
    }
    headings = {column: str(heading) for column, heading in HEADINGS.items()}
    response = make_response(exporting.written(kind, plan.doing, headings, said))
    response.headers["Content-Type"], ending = TYPES[kind]
    name = f"{series.slug if series else 'members'}-{clock.now():%Y-%m-%d}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
