"""Form fields about a person: names in both scripts, organisation, language, clock. For settings and applications.

What a name must be like is the business of `members`; here only what a field can hold.
"""

from dataclasses import fields
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import SelectField
from wtforms.validators import ValidationError

from asanokai import languages, members
from asanokai.db import session as database
from asanokai.members import Member
from asanokai.web.forms import ZONES, Form, line, options

SALUTATIONS = {"": lazy_gettext("none"), "frau": lazy_gettext("Ms"), "herr": lazy_gettext("Mr")}


class PersonForm(Form):
    """Who somebody is and how they are written to."""

    salutation = SelectField(lazy_gettext("Form of address"), choices=options(SALUTATIONS))
    title = line(lazy_gettext("Academic title"))
    family = line(lazy_gettext("Family name"))
    given = line(lazy_gettext("Given name"))
    family_ja = line(lazy_gettext("Family name in Japanese script"))
    given_ja = line(lazy_gettext("Given name in Japanese script"))
    family_kana = line(lazy_gettext("Family name in kana"))
    given_kana = line(lazy_gettext("Given name in kana"))
    organisation = line(lazy_gettext("Organisation"))
    position = line(lazy_gettext("Position"))
    language = SelectField(lazy_gettext("Language of letters and pages"), choices=options(languages.OWN_NAMES))

    def validate_family(self, field: Any) -> None:
        """A person has a family name, in one script at least."""
        if not field.data and not self.family_ja.data:
            raise ValidationError(gettext("Please give the family name, in Latin or in Japanese script."))

    @property
    def person(self) -> dict[str, Any]:
        """What was typed, as `members.describe` takes it."""
        return {name: field.data for name, field in self._fields.items() if name in PERSON and field.data is not None}


PERSON = (*members.NAMES, "salutation", "organisation", "language", "zone")
NAME_FIELDS = tuple(field.name for field in fields(languages.Name))


class SettingsForm(PersonForm):
    """The same, and the clock that pages and letters go by."""

    zone = SelectField(lazy_gettext("Time zone"), choices=ZONES)


def said_before(member: Member) -> dict[str, Any]:
    """What a form about the member starts with."""
    organisation = database().get(members.Organisation, member.organisation_id) if member.organisation_id else None
    kept = {name: getattr(member, name) for name in PERSON if name != "organisation"}
    return {**kept, "organisation": organisation.name if organisation else ""}
