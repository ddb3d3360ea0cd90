"""People who stand here twice: likely pairs, both rows side by side, and one made of two."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from asanokai import directory, merging, showing
from asanokai import series as rules
from asanokai.languages import OWN_NAMES
from asanokai.members import Member
from asanokai.web import loading, words
from asanokai.web.forms import Form, attempt

pages = Blueprint("twins", __name__)

LABELS = {
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
    "language": lazy_gettext("Language of the letters"),
    "zone": lazy_gettext("Time zone"),
    "email": lazy_gettext("Mail address"),
}
BECAUSE = {
    "the same name": lazy_gettext("the same name"),
    "the same name in Japanese script": lazy_gettext("the same name in Japanese script"),
    "the same reading": lazy_gettext("the same reading"),
}
SALUTATIONS = {"": "–", "frau": lazy_gettext("Ms"), "herr": lazy_gettext("Mr")}


@pages.get("/members/twins")
def likely() -> str:
    """Pairs that may be one person."""
    pairs = merging.likely()
    shown = pairs[: merging.SHOWN]
    numbers = sorted({number for pair in shown for number in (pair.one_id, pair.two_id)})
    people = {entry.member.id: entry for entry in directory.entries(numbers, series=None)}
    return render_template(
        "coordinate/twins.html",
        pairs=shown,
        total=len(pairs),
        people=people,
        because=BECAUSE,
        language=loading.language(),
        words=words,
    )


@pages.route("/members/<int:kept_id>/merge/<int:other_id>", methods=["GET", "POST"])
def merge(kept_id: int, other_id: int) -> Response | tuple[str, int]:
    """Both rows side by side with a choice per field; then one row."""
    one, other = merging.two(kept_id, other_id)
    form = Form()
    chosen = {name: request.form.get(name, "") for name in merging.FIELDS}
    if attempt(form, lambda: merging.merge(one.id, other.id, chosen, actor_id=loading.me().id)):
        flash(gettext("The two entries are merged. Answers, series, addresses and letters were taken over."))
        return redirect(url_for("people.edit", member_id=kept_id), 303)
    return render_template(
        "coordinate/merge.html",
        form=form,
        one=one,
        other=other,
        rows=_rows(one, other, chosen if form.is_submitted() else {}),
        ours=_about(one),
        theirs=_about(other),
        in_words=showing.in_words,
        language=loading.language(),
        words=words,
    ), form.status


def _rows(one: Member, other: Member, chosen: dict[str, str]) -> list[tuple[str, str, str, str, bool]]:
    """(field, label, the kept row's value, the other's, whether the other's is chosen) where the two differ."""
    ours, theirs = merging.values(one), merging.values(other)
    rows = []
    for name in merging.FIELDS:
        if ours[name] != theirs[name]:
            wanted = chosen[name] == "other" if chosen else not ours[name]
            rows.append((name, str(LABELS[name]), _said(name, ours[name]), _said(name, theirs[name]), wanted))
    return rows


def _said(name: str, value: str) -> str:
    meanings = {"salutation": SALUTATIONS, "language": OWN_NAMES}.get(name, {})
    return str(meanings.get(value, value)) or "–"


def _about(member: Member) -> dict[str, object]:
    """What hangs on a row."""
    return {
        "member": member,
        "series": rules.of_member(member),
        "answers": merging.answers_of(member.id),
    }
