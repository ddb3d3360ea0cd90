"""Forms: what may be typed, and how a refusal finds its field. Nothing typed is lost when a form comes back.

A view says `if attempt(form, act): return redirect(...)` and else renders the form with `form.status`. Rules stand in
the verbs; here only what a field can hold.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import request
from flask_babel import get_locale, gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    FieldList,
    FormField,
    IntegerField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # the stubs know 3.2
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from asanokai import db
from asanokai.errors import BadInput, Refused
from asanokai.languages import COLON, LANGUAGES, zones
from asanokai.questions import Question
from asanokai.rsvps import Rsvp
from asanokai.series import Lead

LINE = 200
"""Characters a line of text may have."""

HIGHEST = 2**31 - 1
"""The highest number a row may have; a database refuses to look for a higher one."""


YEARS = range(2000, 2200)
"""What a date may lie in: near the ends of the calendar its arithmetic stops."""

LOCAL = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
"""How browsers send a wall time."""


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The base of all forms: carries the status to answer with."""

    status = 200
    form_errors: list[str]

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # as above
        """Takes words from the form and files from the files. Flask-WTF would mix the two, and take JSON too: then a
        line of text could turn out to be a file or a number."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent; None if nothing was, or if the view says so."""
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            if not form.is_submitted():
                return None
            files = [name for name, field in form._unbound_fields if issubclass(field.field_class, FileField)]
            sent: MultiDict[str, Any] = MultiDict(request.form)
            for name in files:
                sent.setlist(name, request.files.getlist(name))
            return sent

    def refuse(self, error: Refused) -> None:
        """Show a refusal beside its field, or above the form where it has none."""
        words = gettext(error.message, **error.facts)
        field = self._fields.get(error.field) if isinstance(error, BadInput) else None
        if field is None:
            self.form_errors = [*self.form_errors, words]
        else:
            field.errors = [*field.errors, words]
        self.status = error.status

    @property
    def problems(self) -> list[tuple[str | None, str]]:
        """Everything that is wrong: (id of the field or None, words), for the summary above the form."""
        found: list[tuple[str | None, str]] = [(None, words) for words in self.form_errors]
        colon = COLON.get(str(get_locale()), ": ")
        for field in _plain(self._fields.values()):
            # What a box is ticked for may be a whole paragraph; its refusal says enough by itself.
            named = "" if field.type == "BooleanField" else f"{field.label.text}{colon}"
            found += [(field.id, f"{named}{words}") for words in field.errors]
        return found


class ButtonForm(Form):
    """Nothing but a button."""


def _plain(fields: Iterable[Any]) -> Iterator[Any]:
    """The fields somebody can fill in: instead of a form or a list of them within the form, what stands in it."""
    for field in fields:
        if isinstance(field, FormField):
            yield from _plain(field.form)
        elif isinstance(field, FieldList) and not all(isinstance(words, str) for words in field.errors):
            yield from _plain(field.entries)
        else:
            yield field


def attempt(form: Form, act: Callable[[], object]) -> bool:
    """If the form was sent and is in order, do it. Whether it was done; a refusal is shown in the form."""
    if not form.is_submitted():
        return False
    if not form.validate():
        form.status = 422
        return False
    try:
        act()
    except Refused as refusal:
        db.db.session.rollback()
        form.refuse(refusal)
        return False
    return True


TOO_LONG = lazy_gettext("Please use at most %(max)d characters.")


def line(label: Any, *validators: Any, longest: int = LINE, **options: Any) -> StringField:
    """One line of text, trimmed."""
    return StringField(
        label, [Length(max=longest, message=TOO_LONG), no_control, *validators], filters=[_trimmed], **options
    )


def text(label: Any, *validators: Any, longest: int = 4000, **options: Any) -> TextAreaField:
    """Several lines of text."""
    return TextAreaField(
        label, [Length(max=longest, message=TOO_LONG), no_nul, *validators], filters=[_unix], **options
    )


def _trimmed(value: str | None) -> str:
    return (value or "").strip()


def _unix(value: str | None) -> str:
    return (value or "").replace("\r\n", "\n").strip()


def no_nul(_form: Any, field: Any) -> None:
    """PostgreSQL takes no NUL, and nobody types one."""
    if "\0" in str(field.data or ""):
        raise ValidationError(gettext("This contains a character that cannot be stored."))


def no_control(_form: Any, field: Any) -> None:
    """A line holds no line breaks and no control characters."""
    if _breaks_lines(str(field.data or "")):
        raise ValidationError(gettext("Please write this on one line, without control characters."))


def _breaks_lines(words: str) -> bool:
    """Whether there is a control character, or what Unicode takes for the end of a line or paragraph."""
    return any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in words)


def web_address(_form: Any, field: Any) -> None:
    """A link that a letter or page may carry leads to a website and to nothing else."""
    typed = str(field.data or "")
    try:
        parts = urlsplit(typed)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not set(typed) & set(' "<>\\')
    except ValueError:
        whole = False
    if typed and not whole:
        raise ValidationError(gettext("Please give a whole address, beginning with https://."))


def sensible_year(_form: Any, field: Any) -> None:
    """A date lies in `YEARS`."""
    if field.data is not None and field.data.year not in YEARS:
        raise ValidationError(gettext("Please give a date between 2000 and 2199."))


def wall_time(label: Any, *validators: Any) -> DateTimeLocalField:
    """A date and time without a zone, as a clock on the wall shows it."""
    return DateTimeLocalField(label, [*validators, sensible_year], format=LOCAL)


class TextsField(Field):
    """One text in up to three languages; `data` is {"de": …}, without empty ones. Inputs are named `<name>-de` …"""

    def __init__(
        self,
        label: Any = None,
        *,
        longest: int = LINE,
        lines: int = 1,
        required: bool = False,
        **options: Any,
    ):
        super().__init__(label, **options)
        self.longest, self.lines, self.required = longest, lines, required
        self.data: dict[str, str] = {}

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the three inputs, or take what is stored."""
        self.process_errors: list[str] = []
        self.object_data = data
        self.data = dict(data) if isinstance(data, dict) else {}
        names = {code: f"{self.name}-{code}" for code in LANGUAGES}
        if formdata is not None and any(name in formdata for name in names.values()):
            typed = {code: _unix(formdata.get(name)) for code, name in names.items()}
            self.data = {code: words for code, words in typed.items() if words}

    def pre_validate(self, form: Any) -> None:
        """Length, control characters, and one language at least where the text is required."""
        for words in self.data.values():
            if len(words) > self.longest:
                raise ValidationError(gettext("This may have %(most)s characters at most.", most=self.longest))
            if "\0" in words or (self.lines == 1 and _breaks_lines(words)):
                raise ValidationError(gettext("Please write this on one line, without control characters."))
        if self.required and not self.data:
            raise ValidationError(gettext("Please fill this in for at least one language."))


class LeadField(Field):
    """A moment of the letter plan: days before, and the time of day. `data` is "2 days before at 09:00" or ""."""

    data: str

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read `<name>-days` and `<name>-at`; both empty mean no such letter."""
        self.process_errors: list[str] = []
        self.object_data = data
        self.days, self.at = "", ""
        if data:
            lead = Lead.parse(data)
            self.days, self.at = str(lead.days), f"{lead.at:%H:%M}"
        if formdata is not None and (f"{self.name}-days" in formdata or f"{self.name}-at" in formdata):
            self.days = _trimmed(formdata.get(f"{self.name}-days"))
            self.at = _trimmed(formdata.get(f"{self.name}-at"))
        self.data = f"{self.days} days before at {self.at}" if self.days or self.at else ""

    def pre_validate(self, form: Any) -> None:
        """Both or neither, and both of them sensible."""
        if not self.data:
            return
        try:
            Lead.parse(self.data)
        except BadInput:
            raise ValidationError(gettext("Please give a number of days and a time such as 09:00.")) from None


def row_number(typed: Any) -> int:
    """The number of a row, where a choice is not held against a list. Raises ValueError for what no row can have."""
    number = int(typed)
    if not 0 <= number <= HIGHEST:
        raise ValueError(number)
    return number


def options(words: Mapping[Any, Any]) -> list[Any]:
    """What can be chosen: value → words."""
    return [SelectChoice(value, label) for value, label in words.items()]


REQUIRED = lazy_gettext("Please fill this in.")

_NEAR = ("Europe/Berlin", "Asia/Tokyo")
ZONES = options({zone: zone for zone in (*_NEAR, *sorted(zones() - set(_NEAR)))})
"""All time zones to choose from, those of the two countries first."""


class AnswerForm(Form):
    """An answer to a meeting, on its page and behind a link. `asking` puts in the fields of `questions`."""

    answer = RadioField(
        lazy_gettext("Will you come?"),
        choices=options({"yes": lazy_gettext("Yes"), "maybe": lazy_gettext("Maybe"), "no": lazy_gettext("No")}),
        validators=[InputRequired(lazy_gettext("Please choose yes, maybe or no."))],
    )
    guests = IntegerField(lazy_gettext("Guests you bring"), [Optional(), NumberRange(min=0, max=20)])
    guest_names = text(lazy_gettext("Your guests by name"), longest=2000)
    comment = text(lazy_gettext("A word to the organisers"), longest=1000)
    short_notice = BooleanField(lazy_gettext("Short notice is fine"))
    questions: Sequence[Question] = ()


class LinkAnswerForm(AnswerForm):
    """The same without a cross-site token: the link is the credential."""

    class Meta:
        csrf = False


def answered(rsvp: Rsvp | None) -> dict[str, Any]:
    """What an answer form starts with."""
    if rsvp is None or rsvp.answer == "invited":
        return {}
    plain = ("answer", "guests", "comment", "short_notice")
    return {name: getattr(rsvp, name) for name in plain}


class CodeForm(Form):
    """One code of a second factor."""

    code = line(lazy_gettext("Code"), InputRequired(REQUIRED), longest=40)
