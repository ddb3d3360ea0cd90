"""What coordinators type in Markdown: clean HTML, and the words alone."""

import pytest

from asanokai import markdown


def test_emphasis_lists_and_links_become_html():
    assert markdown.to_html("**Optik** aus *Jena*\n\n- eins\n- [zwei](https://jena.example/x?a=1&b=2)") == (
        "<p><strong>Optik</strong> aus <em>Jena</em></p>\n<ul>\n<li>eins</li>\n"
        '<li><a href="https://jena.example/x?a=1&amp;b=2" rel="nofollow noopener noreferrer">zwei</a></li>\n</ul>\n'
    )


def test_a_typed_line_break_stays_one():
    assert markdown.to_html("eins\nzwei") == "<p>eins<br>\nzwei</p>\n"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[klick](javascript:alert(1))",
        "[klick](data:text/html;base64,PHNjcmlwdD4=)",
        "![bild](https://tracker.example/pixel.png)",
        '<a href="https://x.example" onclick="alert(1)">x</a>',
        "[x](https://x.example \"t\" onmouseover='alert(1)')",
        "<iframe src='https://x.example'></iframe>",
        "<style>*{display:none}</style>",
        "`<script>`\n\n```\n<script>\n```",
    ],
)
def test_nothing_that_runs_or_fetches_gets_through(hostile):
    html = markdown.to_html(hostile)
    assert "<script" not in html and "<img" not in html and "<iframe" not in html and "<style" not in html
    assert 'href="javascript' not in html and 'href="data' not in html
    assert "<a href" not in html or " on" not in html.split("<a href", 1)[1].split(">", 1)[0]


def test_the_words_alone_keep_paragraphs_and_put_the_address_behind_the_link():
    source = (
        "# Titel\n\n**Optik** aus *Jena*:\n\n- eins\n- zwei\n\nMehr [hier](https://jena.example/a), bitte.\n\n    code"
    )
    assert markdown.to_text(source) == (
        "Titel\n\nOptik aus Jena:\n\n- eins\n- zwei\n\nMehr hier <https://jena.example/a>, bitte.\n\ncode"
    )


def test_lists_keep_their_marks_in_the_words_alone():
    assert markdown.to_text("1. eins\n2. zwei\n   - darunter\n   - daneben\n3. drei\n\nSchluss") == (
        "1. eins\n2. zwei\n  - darunter\n  - daneben\n3. drei\n\nSchluss"
    )
    assert markdown.to_text("* a\n\n* b") == "- a\n- b"


def test_the_words_alone_name_a_bare_address_once_and_no_dangerous_one():
    assert markdown.to_text("<https://jena.example/a>") == "https://jena.example/a"
    assert markdown.to_text("[klick](javascript:alert(1))") == "[klick](javascript:alert(1))"
    assert markdown.to_text("![bild](https://tracker.example/p.png)") == ""


@pytest.mark.parametrize("source", ["", " ", "\x00", "*" * 8000, "[" * 8000, "> " * 4000])
def test_odd_input_neither_raises_nor_hangs(source):
    markdown.to_html(source), markdown.to_text(source)
