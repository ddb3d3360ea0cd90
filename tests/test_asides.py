"""What somebody adds to a calendar's answer is kept; what a mail program writes there is not."""

from types import SimpleNamespace

import pytest

from asanokai.intake.asides import typed, word_added
from asanokai.intake.calendars import Attendee, Said
from asanokai.intake.opened import open_mail

OWN = [
    "Ich komme etwas später.",
    "Gern!",
    "Bin leider im Urlaub, viele Grüße",
    "Sorry, I am travelling that day.",
    "10分ほど遅れます。",
    "申し訳ございません、出張のため伺えません。",
    "Will be better for me, thx",
    "Freue mich!\n\nK. L.",
    "Komme gern.\n\nVon meinem iPhone gesendet",
]
OF_PROGRAMS = [
    "",
    "   \n\n",
    "Katrin Lindner hat den Termin angenommen.",
    "Katrin Lindner hat diese Einladung angenommen.",
    "Katrin Lindner has accepted this invitation.",
    "Katrin Lindner has accepted your iCal event invitation to the event: New Event.",
    "Accepted: Asa no Kai",
    "Zugesagt: Asa no Kai Thüringen",
    "Tentativ zugesagt",
    "Lindner, Katrin",
    "佐藤 明子さんがこの招待を承諾しました。",
    "承諾済み: 朝の会",
    "Katrin ha accettato l'invito",
    "Katrin a accepté cette invitation",
    "Katrin ha aceptado la invitación",
    "Wann: Donnerstag, 12. März 2026 08:00",
    "When: Thursday 12 March 2026",
    "日時: 2026年3月12日",
    "Siehe https://calendar.google.com/calendar",
    "-----Ursprünglicher Termin-----\nVon: Asa no Kai",
    "> Hallo\n> wir laden ein",
    "________________________________\nMicrosoft Teams",
    "This is an email notification from Google Calendar",
    "Zeile\n" * 9,
    "Wort " * 90,
    "...",
    "Von meinem iPhone gesendet",
]
NAMES = ("Lindner", "佐藤")


@pytest.mark.parametrize("words", OWN)
def test_a_short_word_of_ones_own_is_kept(words):
    kept = typed(words, names=NAMES, subjects=("Zugesagt: Asa no Kai",))
    assert kept and kept in words.replace("\n\n", "\n")


@pytest.mark.parametrize("words", OF_PROGRAMS)
def test_what_a_program_writes_is_left_out(words):
    assert typed(words, names=NAMES, subjects=("Asa no Kai",)) == ""


def test_the_calendars_own_comment_goes_before_what_stands_above_it():
    mail = open_mail(b"From: x@y.example\r\nSubject: Zusage\r\n\r\nBis dann\r\n")
    member = SimpleNamespace(family="Lindner", family_ja="")
    said = Said("REPLY", "1", Attendee("x@y.example", "ACCEPTED"))
    assert word_added(said, mail, member) == "Bis dann"
    assert word_added(Said(**{**vars(said), "comment": "Accepted with joy"}), mail, member) == "Accepted with joy"


def test_of_googles_mails_only_the_comment_counts():
    mail = open_mail(b"From: x@y.example\r\nSender: Google Calendar <calendar-notification@google.com>\r\n\r\nJa\r\n")
    assert word_added(Said("REPLY", "1", None), mail, SimpleNamespace(family="", family_ja="")) is None
