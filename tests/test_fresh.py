"""Of a mail only what is new is read: no quoted history, no lines of apps, no signatures."""

import pytest

from asanokai.intake.fresh import is_signature, new_words

OURS = "Asa no Kai <rsvp+aebagbafaydqqcik@reply.example>"
QUOTED = {
    "Gmail, German": f"Am Do., 5. März 2026 um 10:23 Uhr schrieb {OURS}:\n\n> Kommen Sie?\n> Ja oder nein",
    "Gmail, German, broken": "Am Do., 5. März 2026 um 10:23 Uhr schrieb Asa no Kai\n<rsvp+aebagbafaydqqcik@reply.example>:\n> Kommen Sie?",
    "Gmail, English": f"On Thu, 5 Mar 2026 at 10:23, {OURS} wrote:\n> Will you come?",
    "Gmail, English, broken": "On Thu, Mar 5, 2026 at 10:23 AM Asa no Kai <\nrsvp+aebagbafaydqqcik@reply.example> wrote:\n\n> Will you come?",
    "Gmail, Japanese": f"2026年3月5日(木) 10:23 {OURS}:\n> ご出欠をお知らせください",
    "Apple, German": f"> Am 05.03.2026 um 10:23 schrieb {OURS}:\n> \n> Kommen Sie?",
    "Apple, German, unmarked": f"Am 05.03.2026 um 10:23 schrieb {OURS}:\n\nKommen Sie?\nNein",
    "Apple, Japanese": f"2026/03/05 10:23、{OURS}のメール:\n\n> ご出欠",
    "Apple, English": f"On 5 Mar 2026, at 10:23, {OURS} wrote:\n\n> Will you come?",
    "Thunderbird, German": "Am 05.03.26 um 10:23 schrieb Asa no Kai:\n> Kommen Sie?",
    "Yahoo, German": f"Am Donnerstag, 5. März 2026 um 10:23:45 MEZ hat {OURS} Folgendes geschrieben:\n\nKommen Sie?",
    "K-9": f"Am 5. März 2026 10:23:11 MEZ schrieb {OURS}:\n>Kommen Sie?",
    "Outlook, German": f"Von: {OURS}\nGesendet: Donnerstag, 5. März 2026 10:23\nAn: Lindner, Katrin\nBetreff: Einladung\n\nNein danke",
    "Outlook, English": f"________________________________\nFrom: {OURS}\nSent: Thursday, March 5, 2026 10:23 AM\nTo: Emma\nSubject: Invitation\n\nNo",
    "Outlook, Japanese": f"差出人: {OURS}\n送信日時: 2026年3月5日 10:23\n宛先: 佐藤\n件名: ご案内\n\n欠席",
    "Outlook, bold": f"*Von:* {OURS}\n*Gesendet:* Donnerstag, 5. März 2026\n*An:* Katrin\n\nNein",
    "Outlook, old": "-----Ursprüngliche Nachricht-----\nVon: Asa no Kai\nNein",
    "Outlook, old, English": "-----Original Message-----\nFrom: Asa no Kai\nNo",
    "Outlook, old, Japanese": "-----元のメッセージ-----\n欠席",
    "Web.de": f"Gesendet: Donnerstag, 05. März 2026 um 10:23 Uhr\nVon: {OURS}\nAn: katrin@web.example\nBetreff: Einladung\nNein",
    "Samsung": f"-------- Ursprüngliche Nachricht --------\nVon: {OURS}\nDatum: 05.03.26 10:23 (GMT+01:00)\nNein",
}
APPS = [
    "Von meinem iPhone gesendet",
    "Sent from my iPhone",
    "Sent from my Galaxy",
    "iPhoneから送信",
    "Outlook für iOS beziehen",
    "Outlook für Android<https://aka.ms/AAb9ysg> herunterladen",
    "Holen Sie sich Outlook für iOS",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Gesendet mit der GMX Mail App",
    "Gesendet von Mail für Windows",
    "Sent with Proton Mail secure email.",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Windows 版のメールから送信",
    "Outlook for iOS を入手",
]


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=QUOTED)
def test_the_history_is_cut_off_as_each_program_quotes_it(quoted):
    assert new_words(f"Ja, gerne.\r\n\r\n{quoted}") == "Ja, gerne."


def test_an_answer_below_the_quote_is_found():
    assert new_words(f"{QUOTED['Gmail, English']}\n> See you\n\nYes, I will.") == "Yes, I will."
    assert new_words(f"Hallo,\n{QUOTED['Thunderbird, German']}\n\nJa") == "Hallo,\n\nJa"


def test_the_lines_that_apps_add_are_no_words():
    assert {line: new_words(f"Ja\n\n{line}") for line in APPS} == dict.fromkeys(APPS, "Ja")


def test_signatures_are_cut_off_where_they_say_nothing():
    assert new_words("Ja\n-- \nKatrin\nNein") == "Ja"
    assert new_words("出席します\n━━━━━━━━\n佐藤明子\nTEL 053-123-4567\n━━━━━━━━") == "出席します"
    assert new_words("Ja\n＊＊＊＊＊＊\n佐藤 mail@hamamatsu.example") == "Ja"
    told = "Ja\n--------\nAber nur, wenn der Zug fährt\nTel. 03641 123456"
    assert new_words(told) == told


def test_small_print_is_part_of_a_signature():
    assert is_signature(
        [
            "Katrin Lindner",
            "Optik Jena GmbH",
            "",
            "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind,",
            "informieren Sie bitte sofort den Absender.",
        ]
    )
    assert not is_signature(["Katrin Lindner", "Nur wenn es nicht regnet", "Tel. 03641 123456"])
    assert not is_signature(["Katrin", "Jena"])


def test_words_that_only_look_like_history_are_kept():
    for words in ("Am Donnerstag komme ich gern.", "On time, yes", "Von: hier aus", "> ", "Ich schrieb am Montag:"):
        assert new_words(words) == words.strip("> ")


def test_signs_nobody_sees_are_left_out():
    assert new_words("\ufeffJa\u200b,\xa0gerne\r\n\r\n\r\n\r\nKatrin") == "Ja, gerne\n\nKatrin"
