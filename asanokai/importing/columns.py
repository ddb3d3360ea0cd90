"""What offices call their columns and write into them, in three languages. Nothing here reads a file."""

import re
import unicodedata

HEADINGS = {
    "salutation": "anrede salutation mr/ms geschlecht gender 敬称 性別",
    "title": "titel akad.titel akademischertitel academictitle title dr",
    "given": "vorname vornamen rufname firstname givenname forename first given",
    "family": "nachname familienname zuname lastname surname familyname last family",
    "whole": "name fullname namevollständig vollername ansprechpartner teilnehmer contact contactname person",
    "family_ja": "姓 氏 苗字 名字 姓漢字",
    "given_ja": "名 名漢字",
    "whole_ja": "氏名 お名前 名前 ご氏名 氏名漢字",
    "family_kana": "セイ せい 姓カナ 姓かな 姓フリガナ 姓ふりがな フリガナ姓",
    "given_kana": "メイ めい 名カナ 名かな 名フリガナ 名ふりがな フリガナ名",
    "whole_kana": "フリガナ ふりがな カナ かな 氏名カナ 氏名フリガナ 氏名ふりがな",
    "organisation": "firma firma/institution institution organisation organization unternehmen einrichtung arbeitgeber "
    "company companyname employer affiliation 会社名 会社 所属 団体名 勤務先 法人名 企業名 機関名 社名 所属機関",
    "position": "position funktion stelle jobtitle role beruf tätigkeit titleposition 役職 肩書 肩書き 職名 部署役職",
    "email": "e-mail email mail mailadresse e-mail-adresse emailadresse e-mailadresse emailaddress mailaddress "
    "e-mail1 メールアドレス メール eメール e-mailアドレス 電子メール mailアドレス",
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

_NOISE = re.compile(r"[\s._:*()（）・\-]+")


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
    return _LANGUAGE.get(folded(words))


def salutation_of(words: str) -> tuple[str, str]:
    """("frau" | "herr" | "", title): "Frau Dr." holds both."""
    first, _, rest = words.strip().partition(" ")
    return _SALUTATION.get(folded(first), ""), rest.strip()
