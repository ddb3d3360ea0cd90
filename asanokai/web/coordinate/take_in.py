"""Taking in an office's file: what the program takes it for can be corrected, then a verdict per row, then the people.

The file travels in the page, as text: nothing is kept on the server between the steps, and a refusal loses nothing.
`seen` says what the page that was answered took the columns for: only what was looked at like this is taken.
"""

from dataclasses import replace

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext, ngettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import HiddenField

from asanokai import importing
from asanokai.errors import N_, BadInput
from asanokai.importing import Choice, Sheet, Verdict
from asanokai.importing.sheet import MOST_BYTES
from asanokai.web import loading, words
from asanokai.web.forms import Form, attempt

pages = Blueprint("imports", __name__)

MOST_COLUMNS = 200
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252",
    "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP",
    "utf-16": "UTF-16",
}
DELIMITERS = {
    ";": lazy_gettext("semicolon"),
    ",": lazy_gettext("comma"),
    "\t": lazy_gettext("tab"),
    "|": lazy_gettext("vertical bar"),
}
FIELDS = {
    "email": lazy_gettext("Mail address"),
    "salutation": lazy_gettext("Form of address"),
    "title": lazy_gettext("Academic title"),
    "given": lazy_gettext("Given name"),
    "family": lazy_gettext("Family name"),
    "whole": lazy_gettext("Whole name"),
    "family_ja": lazy_gettext("Family name in Japanese script"),
    "given_ja": lazy_gettext("Given name in Japanese script"),
    "whole_ja": lazy_gettext("Whole name in Japanese script"),
    "family_kana": lazy_gettext("Reading of the family name (kana)"),
    "given_kana": lazy_gettext("Reading of the given name (kana)"),
    "whole_kana": lazy_gettext("Reading of the whole name (kana)"),
    "organisation": lazy_gettext("Organisation"),
    "position": lazy_gettext("Position"),
    "language": lazy_gettext("Language of the letters"),
    "zone": lazy_gettext("Time zone"),
}


class ImportForm(Form):
    """A file, or the text of one that was looked at already and what it was found to be written in."""

    file = FileField(lazy_gettext("File (CSV)"))
    text = HiddenField()
    was = HiddenField()


@pages.route("/series/<int:series_id>/members/import", methods=["GET", "POST"])
def take_in(series_id: int) -> Response | tuple[str, int]:
    """First a verdict for every row, then take the good ones."""
    form = ImportForm()
    found: list[Verdict] = []
    sheets: list[Sheet] = []
    taken: list[bool] = []

    def act() -> None:
        data, choice = _sent(form)
        # What is refused is shown all the same, so that it can be corrected.
        sheets.append(importing.read(data, replace(choice, open=True)))
        sheet = importing.read(data, choice)
        wanted = request.form.get("step") == "take" and not request.form.get("again")
        if wanted and request.form.get("seen", _seen(sheet)) == _seen(sheet):
            found.extend(importing.take(sheet, series=g.series, actor_id=loading.me().id))
            taken.append(True)
        else:
            found.extend(importing.preview(sheet, series=g.series))

    if attempt(form, act) and taken:
        new = sum(verdict.verdict in ("new", "changed") for verdict in found)
        flash(ngettext("%(num)s person was imported.", "%(num)s people were imported.", new))
        return redirect(url_for("people.of_series", series_id=series_id), 303)
    sheet = sheets[0] if sheets else None
    return render_template(
        "coordinate/import.html",
        form=form,
        series=g.series,
        sheet=sheet,
        found=found,
        encoding=_encoding(form, sheet) if sheet else "",
        seen=_seen(sheet) if sheet else "",
        unseen=bool(request.form.get("seen")) and not request.form.get("again") and bool(found),
        encodings=ENCODINGS,
        delimiters=DELIMITERS,
        fields=FIELDS,
        words=words,
    ), form.status


def _seen(sheet: Sheet) -> str:
    """What the columns are taken for, as a form carries it."""
    return " ".join(f"{column}:{name}" for column, name in sorted(sheet.fields.items()))


def _sent(form: ImportForm) -> tuple[bytes, Choice]:
    """The file's bytes, and what was said about it. Raises `BadInput`."""
    upload = form.file.data
    if upload:
        data: bytes = upload.read(MOST_BYTES + 1)
        return data, Choice()
    text = str(form.text.data or "")
    if not text:
        raise BadInput("file", N_("Please choose a file."))
    was, wanted = str(form.was.data or ""), request.form.get("encoding", "")
    if was in ENCODINGS and wanted in ENCODINGS and wanted != was:
        return _as_it_was(text, was), Choice(encoding=wanted)
    delimiter = request.form.get("delimiter", "")
    if delimiter != request.form.get("divided", delimiter):
        return text.encode("utf-8", "replace"), Choice(delimiter=delimiter)
    return text.encode("utf-8", "replace"), Choice(delimiter=delimiter or None, fields=_mapping())


def _as_it_was(text: str, encoding: str) -> bytes:
    """The bytes that were read so, to be read otherwise."""
    try:
        return text.encode(encoding)
    except UnicodeError as error:
        raise BadInput("file", N_("The file must be chosen once more to be read in another encoding.")) from error


def _mapping() -> dict[int, str] | None:
    """What the columns were said to be, None if nothing was said."""
    said = {column: request.form.get(f"column-{column}") for column in range(MOST_COLUMNS)}
    if all(name is None for name in said.values()):
        return None
    return {column: name for column, name in said.items() if name}


def _encoding(form: ImportForm, sheet: Sheet) -> str:
    """What the file itself was written in: the page carries it as text."""
    upload, was, wanted = form.file.data, str(form.was.data or ""), request.form.get("encoding", "")
    if not upload and was in ENCODINGS:
        return wanted if wanted in ENCODINGS else was
    return {"utf-8-sig": "utf-8", "latin-1": "cp1252"}.get(sheet.encoding, sheet.encoding)
