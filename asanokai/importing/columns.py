"""What offices call their columns and write into them, in three languages. Nothing here reads a file."""

import re
import unicodedata

from asanokai.languages import known

HEADINGS = {
    "salutation": "anrede salutation mr/ms geschlecht gender 敬称 性別",
    "title": "titel akad.titel akademischertitel academictitle title dr",
    "given": "vorname vornamen rufname firstname givenname forename first given 名ローマ字 ローマ字名 名英字 名英語",
    "family": "nachname familienname zuname lastname surname familyname last family "
    "姓ローマ字 ローマ字姓 姓英字 姓英語",
    "whole": "name fullname namevollständig vollername ansprechpartner teilnehmer contact contactname person "
    "ローマ字 氏名ローマ字 ローマ字氏名 英語名 氏名英語 英字氏名",
    "family_ja": "姓 氏 苗字 名字 姓漢字",
    "given_ja": "名 名漢字",
    "whole_ja": "氏名 お名前 名前 ご氏名 氏名漢字",
    "family_kana": "セイ せい 姓カナ 姓かな 姓フリガナ 姓ふりがな フリガナ姓",
    "given_kana": "メイ めい 名カナ 名かな 名フリガナ 名ふりがな フリガナ名",
    "whole_kana": "フリガナ ふりがな カナ かな 氏名カナ 氏名フリガナ 氏名ふりがな",
    "organisation": "firma firma/institution institution organisation organization unternehmen einrichtung arbeitgeber "
    "company companyname employer affiliation 会社名 会社 所属 団体名 勤務先 法人名 企業名 機関名 社名 所属機関",
    "position": "position funktion stelle jobtitle role beruf tätigkeit titleposition 役職 肩書 肩書き 職名 部署役職",
    "email": "e-mail mail mailadresse e-mail-adresse e-mail-address mailaddress e-mail1 e-mail-adresse1 "
    "e-mail-dienstlich e-mail-geschäftlich dienstlichee-mail "
    "メールアドレス メール eメール e-mailアドレス 電子メール mailアドレス",
    "language": "sprache korrespondenzsprache language lang preferredlanguage 言語 使用言語 希望言語",
    "zone": "zeitzone timezone zone タイムゾーン 時間帯",
}
"""Field → headings, folded as by `folded`."""

LANGUAGES = {
    "de": "de deu ger dt d deutsch german allemand ドイツ語 独語 独",
    "en": "en eng engl e englisch english 英語 英",
    "ja": "ja jp jpn jap j japanisch japanese 日本語 日語 日 和",
}
SALUTATIONS = {
    "frau": "frau fr fräulein ms mrs miss w weiblich female 女 女性",
    "herr": "herr herrn hr mr m männlich male 男 男性",
    "": "様 さま 氏 殿 san divers keine ohne - 先生",
}

_NOISE = re.compile(r"[\s._:*()（）・\-\u00ad\u200b\ufeff]+")
_BETWEEN = re.compile(r"[\s,;/+&(（、・]+")
_TITLE = re.compile(
    r"(?:univ|hon)?(?:prof|professorin|professor|doktor|dr|pd|privatdozentin|privatdozent|dipl|mag)"
    r"(?:habil|hc|ing|med|rer|nat|phil|jur|iur|oec|pol|inf|phys|kfm|kffr|chem|math)*"
    r"|habil|hc|ing|med|rer|nat|phil|jur|iur|oec|pol"
)
_PLAIN_TITLES = {"dr", "prof", "professor", "professorin", "doktor", "pd"}
_PARTICLES = re.compile(r"v[oa]n|vom|de[rnl]?|della|d[iau]|dos|l[ae]|te[nr]|zu[mr]?|af|ibn|al")
_HONORIFIC = re.compile(r"(?:\s*様|\s+(?:さま|殿|先生|さん|氏))$")


def folded(words: str) -> str:
    """A heading or value as it is compared: NFKC, small, without spaces and marks."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", words).casefold())


def _table(words: dict[str, str]) -> dict[str, str]:
    return {folded(word): meaning for meaning, line in words.items() for word in line.split()}


_FIELD = _table(HEADINGS)
_LANGUAGE = _table(LANGUAGES)
_SALUTATION = _table(SALUTATIONS)


def field_of(heading: str) -> str | None:
    """The field a column holds, or None."""
    return _FIELD.get(folded(heading))


def language_of(words: str) -> str | None:
    """The language somebody meant by "dt.", "Japanisch", "日本語"; None if it is none of ours."""
    parts = (words, *_BETWEEN.split(words))
    return next((found for part in parts if (found := _LANGUAGE.get(folded(part)) or known(part.strip()))), None)


def without_salutation(words: str) -> tuple[str, str]:
    """("frau" | "herr" | "", what is left): "Frau Dr." → ("frau", "Dr.")."""
    first, _, rest = words.strip().partition(" ")
    found = _SALUTATION.get(folded(first))
    return ("", words.strip()) if found is None else (found, rest.strip())


def without_title(words: str) -> tuple[str, str]:
    """(title, what is left): "Prof. Dr. med. Britta Salz" → ("Prof. Dr. med.", "Britta Salz")."""
    left = words.split()
    title: list[str] = []
    while left and _is_title(left[0]):
        title.append(left.pop(0))
    return " ".join(title), " ".join(left)


def _is_title(word: str) -> bool:
    # Without its dot a title is hard to tell from a name: Magnat, Ing.
    return folded(word) in _PLAIN_TITLES or ("." in word and _TITLE.fullmatch(folded(word)) is not None)


def family_and_given(words: str) -> tuple[str, str]:
    """A Latin name that stands in one cell: "Vogt, Anna" · "Anna von der Aue" · "YAMADA Taro" · "Anna Vogt"."""
    if "," in words:
        family, _, given = (part.strip() for part in words.partition(","))
        return family, given
    names = words.split()
    capitals = [_in_capitals(name) for name in names]
    if names and capitals[0] and not all(capitals):
        last = capitals.index(False)
        return " ".join(names[:last]), " ".join(names[last:])
    first = next((place for place, name in enumerate(names) if place and _PARTICLES.fullmatch(name)), len(names) - 1)
    return " ".join(names[first:]), " ".join(names[: max(first, 0)])


def _in_capitals(name: str) -> bool:
    return name.isupper() and sum(letter.isalpha() for letter in name) > 1


def family_and_given_ja(words: str) -> tuple[str, str]:
    """A name in Japanese script that stands in one cell, the family first: "山田　花子 様"."""
    family, _, given = _HONORIFIC.sub("", words.strip()).partition(" ")
    return family, given.strip()
