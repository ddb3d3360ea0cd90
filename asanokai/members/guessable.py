"""Whether a password would be guessed: by those who try what many people take, what stands on the page, or what is
known of the member. There is no rule about kinds of signs; whoever takes a long sentence is right.

It asks nobody outside: the lists of zxcvbn hold the passwords that stolen collections hold most often. Their words are
English, so what this program's readers would take is put beside them.
"""

from collections.abc import Iterable

from werkzeug.utils import import_string

LOOKED_AT = 72
"""Signs of a password that are looked at: what is hard to guess in these is not easier with more, and the search takes
longer with each."""

LEAST = 3
"""zxcvbn's step from which guessing takes longer than 100 million tries (0 to 4)."""

WORDS = """
asanokai asa no kai 朝の会 breakfast frühstück fruehstueck 朝食 djw deutsch japanisch german japanese thüringen
thueringen thuringia jena erfurt weimar ilmenau gera suhl eisenach tokyo tokio osaka kyoto hamamatsu passwort
kennwort geheim geheimnis willkommen hallo schatz sommer winter frühling herbst januar februar märz april mai
juni juli august september oktober november dezember montag dienstag mittwoch donnerstag freitag pasuwado
konnichiwa ohayou ohayo arigatou arigato sakura nihon nippon watashi aishiteru yokoso qwertz qwertzuiop
asdfghjkl yxcvbnm
"""


def guessable(password: str, about: Iterable[str]) -> bool:
    """Whether somebody who knows these words about the member (names, address, organisation) would soon have it."""
    known = [word for line in about for word in (line, *line.replace("@", " ").replace(".", " ").split()) if word]
    # Loaded when the first password is set: its lists take 14 MB, and the worker sets none.
    found = import_string("zxcvbn").zxcvbn(
        password[:LOOKED_AT], user_inputs=[*WORDS.split(), *(word.lower() for word in known)]
    )
    return int(found["score"]) < LEAST
