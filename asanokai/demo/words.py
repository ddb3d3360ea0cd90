"""What the demo's meetings are about, in three languages. Invented, after the subjects of the real breakfasts."""

from typing import Any

WELCOME = {
    "de": (
        "Einmal im Monat öffnet ein Gastgeber um acht Uhr morgens sein Haus: Begrüßung, Vortrag, Fragen und danach "
        "Frühstück bis zehn Uhr. Wir bringen Thüringer und japanische Unternehmen, Institute "
        "und Behörden an einen Tisch."
    ),
    "en": (
        "Once a month a house opens its door at eight in the morning: a welcome, a talk, "
        "questions, and then breakfast until ten. We bring companies, institutes and public bodies from Thuringia and "
        "Japan to one table."
    ),
    "ja": (
        "月に一度、朝8時に企業や研究機関の会場に集い、ご挨拶、講演、質疑応答のあと、10時まで朝食を囲んで歓談いたします。"
        "テューリンゲンと日本の企業・研究機関・行政の皆様が、ひとつのテーブルに集う場です。"
    ),
}

LEGAL = {
    "name": "Asa no Kai Thüringen e. V. (Demo)",
    "address": "Beispielgasse 1, 99084 Erfurt, Germany",
    "representative": "Felizitas Matthäi",
    "email": "kontakt@asanokai.example",
    "phone": "+49 361 00000-0",
    "register": "Amtsgericht Erfurt, VR 000000",
    "vat_id": "-",
    "responsible": "Felizitas Matthäi, Beispielgasse 1, 99084 Erfurt, Germany",
    "officer": "datenschutz@asanokai.example",
    "host": "Rechenzentrum Beispiel GmbH, Erfurt, Germany",
    "mail_host": "Rechenzentrum Beispiel GmbH, Erfurt, Germany",
    "log_days": "7",
    "backup_days": "14",
    "enforcement": "-",
    "tested": "2026-11-30",
}
"""What the pages of law ask for; the supervisory authority is the one they name by themselves."""

SERIES: dict[str, Any] = {
    "name": {"de": "Asa no Kai Thüringen", "en": "Asa no Kai Thuringia", "ja": "テューリンゲン朝の会"},
    "description": {
        "de": "Das deutsch-japanische Wirtschaftsfrühstück am zweiten Donnerstag des Monats.",
        "en": "The German-Japanese business breakfast on the second Thursday of the month.",
        "ja": "毎月第2木曜日に開催する、日独ビジネス朝食会です。",
    },
    "venue": {
        "de": "Haus der Wirtschaft, Marktplatz 1, Erfurt",
        "en": "Haus der Wirtschaft, Marktplatz 1, Erfurt",
        "ja": "エアフルト市マルクト広場1番地 経済会館",
    },
}

_JENA = {
    "de": "Optikverbund Thüringen, Lichtallee 12, Jena",
    "en": "Optikverbund Thüringen, Lichtallee 12, Jena",
    "ja": "イェーナ市リヒトアレー12番地 テューリンゲン光学協会",
}
_ILMENAU = {
    "de": "Sensorwerk Ilmenau, Werkhof 3, Ilmenau",
    "en": "Sensorwerk Ilmenau, Werkhof 3, Ilmenau",
    "ja": "イルメナウ市ヴェルクホーフ3番地 センサーヴェルク・イルメナウ社",
}

PROGRAMME: list[dict[str, Any]] = [
    {
        "speaker": 7,
        "venue": _JENA,
        "title": {
            "de": "Zwanzig Jahre Jena–Hamamatsu: Was aus dem ersten Besuch wurde",
            "en": "Twenty years of Jena and Hamamatsu: what became of the first visit",
            "ja": "イェーナ・浜松交流の20年――最初の訪問から生まれたもの",
        },
        "abstract": {
            "de": "Zwei Regionen leben von der Optik. Welche Projekte sich bewährt haben, welche nicht, und was andere daraus lernen können.",
            "en": "Two regions that live on light: which projects held, which did not, and what newcomers can learn.",
            "ja": "光産業を支える2つの地域。実を結んだ事業とそうでない事業を振り返り、これからの連携への示唆を探ります。",
        },
    },
    {
        "speaker": 14,
        "venue": _ILMENAU,
        "title": {
            "de": "Auf den Nanometer genau messen: Maschinen aus Ilmenau für japanische Fabriken",
            "en": "Measuring to the nanometre: machines from Ilmenau for Japanese factories",
            "ja": "ナノメートルを測る――日本の工場で働くイルメナウの測定機",
        },
        "abstract": {
            "de": "Was japanische Kunden vor der ersten Bestellung prüfen und warum die Abnahme drei Tage dauert.",
            "en": "What Japanese customers examine before the first order, and why acceptance takes three days.",
        },
    },
    {
        "speaker": 10,
        "venue": SERIES["venue"],
        "title": {
            "de": "Geheimhaltung und gemeinsame Entwicklung: Verträge mit japanischen Partnern",
            "en": "Secrecy and joint development: contracts with Japanese partners",
            "ja": "秘密保持と共同開発――日独間の契約実務",
        },
        "abstract": {
            "de": "Die drei Klauseln, über die am häufigsten gestritten wird, und wie beide Seiten sie verstehen.",
            "ja": "最も争点になりやすい3つの条項について、双方の読み方の違いを解説します。",
        },
    },
    {
        "speaker": 20,
        "position": {"de": "Präsident", "en": "President", "ja": "代表取締役社長"},
        "organisation": {"de": "Hamana Optik", "en": "Hamana Optics", "ja": "浜名光学"},
        "venue": _JENA,
        "title": {
            "de": "Photonik für die Medizin: Ein Familienunternehmen aus Hamamatsu stellt sich vor",
            "en": "Photonics for medicine: a family company from Hamamatsu introduces itself",
            "ja": "医療を支えるフォトニクス――浜松の同族企業の歩み",
        },
        "abstract": {
            "de": (
                "Von der Linse zum Diagnosegerät: Präsident Sasaki berichtet, wie aus einer Werkstatt mit acht Beschäftigten ein "
                "Zulieferer für Kliniken wurde.\n\n- drei Generationen, ein Werkstoff\n- warum Europa, warum Thüringen\n"
                "- was er von Partnern erwartet"
            ),
            "en": (
                "From the lens to the diagnostic instrument: President Sasaki tells how a workshop of eight became a "
                "supplier of hospitals.\n\n- three generations, one material\n- why Europe, why Thuringia\n"
                "- what he expects of partners"
            ),
            "ja": (
                "レンズから診断装置へ。従業員8名の工房から医療機関向けメーカーへと成長した歩みを、佐々木社長にお話しいただきます。\n\n"
                "- 3代にわたる素材へのこだわり\n- なぜ欧州、なぜテューリンゲンなのか\n- パートナーに期待すること"
            ),
        },
    },
    {
        "speaker": 13,
        "venue": SERIES["venue"],
        "title": {
            "de": "Mikrooptik aus dem Drucker: Wo die Forschung steht",
            "en": "Micro-optics from a printer: where research stands",
        },
        "abstract": {
            "de": "Für manche Zwecke sind gedruckte Linsen inzwischen besser als geschliffene. Ein ehrlicher Überblick mit Mustern zum Anfassen.",
            "en": "Printed lenses outdo ground ones for some purposes. An honest report, with samples to touch.",
        },
    },
]

PROPOSALS: list[dict[str, Any]] = [
    {
        "by": 20,
        "title": {
            "de": "Wie japanische Unternehmen Lehrlinge ausbilden",
            "en": "How Japanese companies train their young people",
            "ja": "日本企業の人材育成――ドイツの職業訓練と比べて",
        },
        "abstract": {"ja": "新入社員研修とドイツのデュアルシステムを比べながら、互いに学べる点を考えます。"},
    },
    {
        "by": 14,
        "title": {"de": "Glas aus Jena im Weltraum", "en": "Glass from Jena in space"},
        "abstract": {"de": "Welche Linsen auf Satelliten mitfliegen und was sie dort aushalten müssen."},
        "speaker": "jemand vom Fraunhofer-Institut in Jena",
    },
    {
        "by": 13,
        "title": {"de": "Einen Standort in Hamamatsu eröffnen: die ersten hundert Tage", "ja": "浜松に拠点を開く"},
    },
    {
        "by": 20,
        "title": {"de": "Steuerrecht für Entsandte", "ja": "駐在員の税務"},
        "word": {
            "de": "Das war im vergangenen Jahr Thema; in zwei Jahren gern wieder.",
            "ja": "昨年取り上げたテーマのため、今回は見送らせていただきます。",
        },
    },
]

EVENT: dict[str, Any] = {
    "series": {
        "name": {
            "de": "Unternehmensreise Mikro-Nano nach Hamamatsu",
            "en": "Micro-nano business trip to Hamamatsu",
            "ja": "マイクロ・ナノ分野 浜松企業視察団",
        },
        "description": {
            "de": "Fünf Tage bei Firmen und Instituten in Hamamatsu.",
            "en": "Five days with companies and institutes in Hamamatsu.",
            "ja": "浜松の企業・研究機関を5日間かけて訪問します。",
        },
        "venue": {"de": "Hamamatsu, Präfektur Shizuoka", "en": "Hamamatsu, Shizuoka", "ja": "静岡県浜松市"},
    },
    "title": {
        "de": "Firmenbesuche, Gespräche an Instituten, Empfang",
        "en": "Company visits, talks at institutes, a reception",
        "ja": "企業訪問・研究機関との意見交換・レセプション",
    },
    "abstract": {
        "de": "Montag Ankunft und Abendessen, Dienstag bis Donnerstag täglich zwei Besuche, Freitag Auswertung und Empfang.",
        "en": "Arrival and dinner on Monday, two houses a day until Thursday, review and reception on Friday.",
        "ja": "月曜は到着後に夕食会、火曜から木曜は1日2か所を訪問、金曜は総括とレセプションを行います。",
    },
}

FOOD: dict[str, Any] = {
    "label": {"de": "Was essen Sie?", "en": "What do you eat?", "ja": "お食事のご希望"},
    "choices": [
        {"de": "alles", "en": "everything", "ja": "何でも"},
        {"de": "vegetarisch", "en": "vegetarian", "ja": "ベジタリアン"},
        {"de": "vegan", "en": "vegan", "ja": "ヴィーガン"},
    ],
}
"""What the breakfasts ask of those who come."""

MAILS: list[dict[str, Any]] = [
    {
        "by": 9,
        "outcome": "unclear",
        "about_next": True,
        "subject": "AW: Asa no Kai Thüringen",
        "text": "Guten Morgen,\n\nich komme gern, falls mein Zug aus Erfurt pünktlich ist – sonst eher nicht.\n"
        "Reicht es, wenn ich am Vorabend Bescheid gebe?\n\nViele Grüße\n",
    },
    {
        "by": 14,
        "outcome": "message",
        "about_next": False,
        "subject": "Frage zu den Räumen",
        "text": "Liebes Team,\n\nunser Haus könnte im Herbst einmal Gastgeber sein. An wen darf ich mich dafür wenden?\n\n"
        "Herzliche Grüße\n",
    },
]
"""Mails that wait for a coordinator. `by` counts in people.txt."""
