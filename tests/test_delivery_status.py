"""What servers say of an address, sorted: codes first, words where the codes leave it open."""

import pytest

from asanokai.intake.delivery_status import judge, words_speak

SAID = [
    # codes that say it
    ("5.1.1", "550 5.1.1 <katrin@jena.example>: Recipient address rejected: User unknown", "unknown"),
    ("5.1.1", "x-unix; procmail: no such user", "unknown"),
    ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "unknown"),
    ("5.1.2", "550 5.1.2 Host unknown", "permanent"),
    ("5.1.3", "553 5.1.3 Invalid address format", "permanent"),
    ("5.1.6", "551 5.1.6 has moved", "permanent"),
    ("5.1.8", "550 5.1.8 Access denied, bad outbound sender", "policy"),
    ("5.1.7", "501 5.1.7 Bad sender address syntax", "policy"),
    ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "permanent"),
    ("5.2.1", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that", "temporary"),
    ("5.2.2", "552 5.2.2 Mailbox full", "full"),
    ("5.2.3", "552 5.2.3 Message length exceeds administrative limit", "temporary"),
    ("5.3.4", "552 5.3.4 Message size exceeds fixed maximum message size", "temporary"),
    ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "temporary"),
    ("5.4.4", "Host or domain name not found. Name service error for name=jena.example type=A", "temporary"),
    ("5.4.7", "delivery time expired", "temporary"),
    ("5.5.3", "550 5.5.3 Too many recipients", "temporary"),
    ("5.6.1", "554 5.6.1 Body type not supported", "temporary"),
    ("5.7.1", "550 5.7.1 Service unavailable; client host blocked using Spamhaus", "policy"),
    ("5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated", "policy"),
    ("5.7.1", "550 5.7.1 user unknown", "policy"),
    ("5.1.1", "550 5.7.1 Message rejected as spam", "policy"),
    ("4.2.2", "452 4.2.2 Mailbox full", "temporary"),
    ("4.4.7", "Message expired", "temporary"),
    ("4.7.1", "451 4.7.1 Greylisting in action, please come back later", "temporary"),
    ("4.1.1", "450 4.1.1 user unknown", "temporary"),
    # codes that say no more than that it failed, so what stands inside decides
    ("5.0.0", "host mx.jena.example said: 550 5.1.1 unknown or illegal alias", "unknown"),
    ("4.0.0", "host mx.jena.example said: 550 5.1.1 User unknown", "unknown"),
    ("", "550 5.1.1 NoSuchUser", "unknown"),
    ("5.0.0", "550 5.2.2 over quota", "full"),
    ("5.0.350", "Remote server returned an error -> 550 5.1.1 mailbox not found", "unknown"),
    ("5.1.0", "550 5.1.0 Address rejected", "permanent"),
    ("5.1.0", "550 5.1.0 <katrin@jena.example>: user unknown", "unknown"),
    ("5.2.0", "550 Unknown user katrin@docomo.example", "unknown"),
    ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", "permanent"),
    ("5.3.0", "553 5.3.0 <katrin@jena.example>... No such user here", "unknown"),
    ("5.0.0", "550 User unknown", "unknown"),
    ("5.0.0", "552 exceeded storage allocation", "full"),
    ("", "552 5.2.2 <katrin@jena.example>... Mailbox Full", "full"),
    ("", "551 User not local; please try elsewhere", "unknown"),
    ("", "553 sorry, that domain isn't in my list", "permanent"),
    ("", "450 mailbox busy", "temporary"),
    ("", "554 Transaction failed", "temporary"),
    ("5.0.0", "", "temporary"),
    # words of the world
    ("", "Sorry, no mailbox here by that name. (#5.1.1)", "unknown"),
    ("", "Sorry, no mailbox here by that name. vpopmail", "unknown"),
    ("", "550 Requested action not taken: mailbox unavailable", "permanent"),
    ("", "554 delivery error: dd This user doesn't have a yahoo.com account (katrin@yahoo.com) [0]", "unknown"),
    ("", "User katrin (katrin@jena.example) not listed in Domino Directory", "unknown"),
    ("", "550 recipient rejected. The recipient does not exist here", "unknown"),
    ("", "Der Empfänger ist unbekannt", "unknown"),
    ("", "Die E-Mail-Adresse existiert nicht", "unknown"),
    ("", "宛先が見つかりません", "unknown"),
    ("", "送信先のメールアドレスは存在しません", "unknown"),
    ("", "The user's mailbox is full", "full"),
    ("", "Das Postfach des Empfängers ist voll", "full"),
    ("", "メールボックスがいっぱいです", "full"),
    ("", "Unrouteable address", "permanent"),
    ("", "retry timeout exceeded", "temporary"),
    ("", "all hosts for 'jena.example' have been failing for a long time (and retry time reached)", "temporary"),
    ("", "554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help)", "policy"),
    ("", "550 Sender address rejected: User unknown in virtual alias table", "policy"),
    ("", "550 Relaying denied", "policy"),
    ("", "550 message too large", "temporary"),
]


@pytest.mark.parametrize(("status", "words", "sort"), SAID)
def test_what_servers_say_is_sorted(status, words, sort):
    assert judge(status, words).sort == sort


def test_the_status_that_is_kept_is_the_one_that_decided():
    said = {
        judge(*pair).status for pair in (("5.1.1", "550 user unknown"), ("5.0.0", "550 5.1.1 x"), ("", "user unknown"))
    }
    assert said == {"5.1.1"}
    assert judge("", "552 full of it").status == "5.2.2"


def test_numbers_that_only_look_like_codes_say_nothing():
    assert judge("", "host 5.1.1.7 said nothing; port 550:25").sort == "temporary"
    assert not words_speak("Ich komme am 5.1. um 8 Uhr, Raum 550.")
    assert not words_speak("Danke, wir kommen gerne")


def test_an_address_says_nothing_by_its_name():
    assert judge("", "550 <spam@jena.example>: user unknown").sort == "unknown"
    assert not words_speak("From: unknown.user@jena.example")
