"""The pages the law asks for, as administrators fill them in: facts, texts, and which text stood when."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from asanokai import installation, law, retention, showing
from asanokai.languages import LANGUAGES
from asanokai.web import loading, words
from asanokai.web.forms import Form, TextsField, attempt, line

pages = Blueprint("law", __name__)

LONGEST = 40_000


class FactsForm(Form):
    """What all texts ask for, once for all languages."""

    name = line(lazy_gettext("Name of the organisation responsible, with its legal form"))
    address = line(lazy_gettext("Street, number, postcode, town, country"))
    representative = line(lazy_gettext("Who represents it"))
    email = line(lazy_gettext("E-mail address for enquiries"))
    phone = line(lazy_gettext("Telephone number"))
    register = line(lazy_gettext("Register and number"))
    vat_id = line(lazy_gettext("VAT identification number"))
    responsible = line(lazy_gettext("Responsible for the content (name and address)"))
    officer = line(lazy_gettext("Data protection officer (contact)"))
    host = line(lazy_gettext("Provider and location of the server"))
    mail_host = line(lazy_gettext("Provider and location of the mail server"))
    log_days = line(lazy_gettext("Days that logs of the web server in front are kept"))
    backup_days = line(lazy_gettext("Days until backups are overwritten"))
    authority = line(lazy_gettext("Data protection authority in charge"))
    enforcement = line(lazy_gettext("Authority for accessibility"))
    tested = line(lazy_gettext("Date of the last check of accessibility"))


class WordsForm(Form):
    """One page's text in each language."""

    text = TextsField(lazy_gettext("Text"), longest=LONGEST, lines=24)


@pages.route("/settings/law", methods=["GET", "POST"])
def facts() -> Response | tuple[str, int]:
    """What the texts ask for, and what is missing."""
    row = installation.current()
    form = FactsForm(data=row.legal or {})
    if attempt(form, lambda: _fill_in({name: form[name].data for name in law.FACTS})):
        flash(gettext("Saved."))
        return redirect(url_for("law.facts"), 303)
    missing = law.gaps(row)
    counts = {kind: sum(gap.kind == kind for gap in missing) for kind in law.KINDS}
    page = render_template(
        "coordinate/law.html", form=form, kinds=law.KINDS, counts=counts, may_lack=law.MAY_LACK, words=words
    )
    return page, form.status


def _fill_in(facts: dict[str, str]) -> None:
    law.fill_in(facts, actor_id=loading.me().id, told=retention.told())


def _rewrite(kind: str, texts: dict[str, str]) -> None:
    law.rewrite(kind, texts, actor_id=loading.me().id, told=retention.told())


@pages.route("/settings/law/<any(imprint, privacy, accessibility):kind>", methods=["GET", "POST"])
def text(kind: str) -> Response | tuple[str, int]:
    """The text of one page, and those that stood before."""
    row = installation.current()
    form = WordsForm(data={"text": {language: law.written(row, kind, language) for language in LANGUAGES}})
    if attempt(form, lambda: _rewrite(kind, form.text.data)):
        flash(gettext("Saved."))
        return redirect(url_for("law.text", kind=kind), 303)
    page = render_template(
        "coordinate/law_text.html",
        form=form,
        kind=kind,
        own=law.own(row, kind),
        missing=[gap for gap in law.gaps(row) if gap.kind == kind],
        kept=law.kept(kind),
        words=words,
        **_moments(),
    )
    return page, form.status


@pages.get("/settings/law/texts/<int:text_id>")
def kept(text_id: int) -> str:
    """A text that stood once."""
    found = law.by_id(text_id)
    return render_template(
        "coordinate/law_kept.html", kept=found, html=law.to_html(found.text), words=words, **_moments()
    )


def _moments() -> dict[str, Any]:
    return {"in_words": showing.in_words, "language": loading.language(), "zone": loading.zone()}
