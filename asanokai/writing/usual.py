"""Words to begin with, written per language: a thank-you; and what a preview shows as long as nothing is written."""

THANKS = (
    {
        "de": "Vielen Dank für Ihren Besuch",
        "en": "Thank you for coming",
        "ja": "ご出席の御礼",
    },
    {
        "de": "vielen Dank, dass Sie bei unserem Treffen dabei waren. Es war uns eine Freude, mit Ihnen ins "
        "Gespräch zu kommen.\n\nUnterlagen vom Vormittag finden Sie auf der Seite des Treffens. Wir freuen uns "
        "auf ein Wiedersehen.",
        "en": "Thank you for joining our meeting. It was a pleasure to talk with you.\n\nMaterials from "
        "the morning are on the meeting's page. We look forward to seeing you again.",
        "ja": "このたびはご多用のところご出席くださり、誠にありがとうございました。\n\n"
        "当日の資料などは、会のページでご覧いただけます。\nまたお目にかかれますことを楽しみにしております。",
    },
)
"""Subject and words of a thank-you. Links to the materials stand on the meeting's page, which the letter leads to."""

SAMPLE = (
    {"de": "Ihr Betreff", "en": "Your subject", "ja": "件名"},
    {
        "de": "hier stehen Ihre eigenen Worte.",
        "en": "Your own text goes here.",
        "ja": "ここに本文が入ります。",
    },
)
