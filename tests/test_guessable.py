"""Which passwords would be guessed. No database."""

import time

import pytest

from asanokai.members.guessable import guessable

KATRIN = ["lindner katrin lindner", "carl-zeiss-stiftung", "katrin.lindner@jena.example"]


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "123456789012",
        "qwertzuiopasdf",
        "aaaaaaaaaaaaaaaa",
        "asanokai2026",
        "Frühstück2026",
        "Thüringen2026",
        "Willkommen2026",
        "sommer2026sommer2026",
        "朝の会朝の会朝の会朝の会",
        "KatrinLindner",
        "Lindner2026!",
        "katrin.lindner@jena.example",
        "Carl-Zeiss-Stiftung",
    ],
)
def test_what_many_take_or_what_is_known_of_the_member_is_guessed(password):
    assert guessable(password, KATRIN)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "Vier Birnen kochen leise",
        "x7f-Qwe9z-Lkw22",
        "雨上がりの鯨と硝子の階段",
        "kurz aber wirr §7 oben",
    ],
)
def test_a_sentence_or_signs_without_sense_are_not(password):
    assert not guessable(password, KATRIN)


def test_what_one_member_is_called_is_no_hint_about_another():
    assert guessable("Sünkel-Voß Ulf", ["sünkel-voß ulf sünkel-voß"])
    assert not guessable("Sünkel-Voß Ulf", KATRIN)


def test_a_thousand_signs_take_no_time():
    began = time.process_time()
    assert guessable("ab" * 500, KATRIN)
    assert not guessable("".join(chr(33 + 7 * place % 90) for place in range(1000)), KATRIN)
    assert time.process_time() - began < 1
