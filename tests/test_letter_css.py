"""Every HTML letter, rule by rule, against what mail programs hold (`letter_support`), and against our own look.

Two stocks of letters are read: the golden ones, which are what the worker sends, and every variant of every template,
with an abstract that uses all of Markdown. A rule is a function that says what is wrong with one letter; each is tried
on a letter broken on purpose, too, so that none of them sleeps.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path

import css_inline
import pytest
from markupsafe import Markup

from asanokai import markdown
from tests import letter_support as support
from tests.test_letter_templates import LANGUAGES, VARIANTS, full, render

FOLDER = Path(__file__).parent / "letters"
VOID = {"meta", "br", "hr", "img"}
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
EVERYTHING = (
    "### One\n\n#### Two\n\nWords with *stress*, **weight**, `code`, [a link](https://kai.example/a).\n\n"
    "1. one\n2. two\n\n- a dot\n\n> said\n\n---\n\n```\nlines of code\n```\n"
)


# --- reading a letter -------------------------------------------------------------------------------------------------


@dataclass
class Node:
    """An element, its own declarations, and what stands in it."""

    tag: str
    attributes: dict[str, str]
    parent: "Node | None" = None
    children: list["Node | str"] = field(default_factory=list)

    @cached_property
    def style(self) -> dict[str, str]:
        return declarations(self.attributes.get("style", ""))

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._words()

    def all(self, *tags: str) -> Iterator["Node"]:
        """This element and what stands in it, of these names or of any."""
        if not tags or self.tag in tags:
            yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.all(*tags)

    def upwards(self) -> Iterator["Node"]:
        """This element, then what it stands in."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def __str__(self) -> str:
        return f"<{self.tag} {self.attributes.get('class', '')}> {self.text[:40]}"


class Reader(HTMLParser):
    """HTML → nodes and comments. Raises if an element is left open or closed out of turn."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.node = Node("", {})
        self.comments: list[str] = []
        self.feed(page)
        self.close()
        assert self.node is self.root, f"left open: {self.node}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.node)
        self.node.children.append(node)
        if tag not in VOID:
            self.node = node

    def handle_endtag(self, tag: str) -> None:
        assert self.node.tag == tag, f"</{tag}> closes {self.node}"
        assert self.node.parent is not None
        self.node = self.node.parent

    def handle_data(self, data: str) -> None:
        self.node.children.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def declarations(written: str) -> dict[str, str]:
    """ "color: red; margin: 0" → {"color": "red", "margin": "0"}; no value of ours holds a semicolon."""
    pairs = (part.partition(":") for part in written.split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def cascade(css: str) -> tuple[set[str], list[tuple[list[str], dict[str, str]]]]:
    """The at-rules of a style block, and its rules in order: selectors and declarations."""
    at_rules = {" ".join(found.split()) for found in re.findall(r"@[^{;]+", css)}
    plain = re.sub(r"@[^{]+\{((?:[^{}]*\{[^{}]*\})*)\s*\}", r"\1", css)
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", plain)
    return at_rules, [([one.strip() for one in group.split(",")], declarations(body)) for group, body in rules]


@dataclass
class Letter:
    """One HTML letter."""

    name: str
    page: str

    @property
    def language(self) -> str:
        return self.name.rpartition(".")[2]

    @cached_property
    def read(self) -> Reader:
        return Reader(self.page)

    @property
    def root(self) -> Node:
        return self.read.root

    @cached_property
    def body(self) -> Node:
        (body,) = self.root.all("body")
        return body

    @cached_property
    def css(self) -> str:
        return "\n".join(node.text for node in self.root.all("style"))

    @cached_property
    def dark(self) -> list[tuple[list[str], dict[str, str]]]:
        return cascade(self.css)[1]


def golden() -> Iterator[Letter]:
    """What the worker sends, as `test_golden_letters` holds it."""
    for path in sorted(FOLDER.iterdir()):
        _, _, after = path.read_text(encoding="utf-8").partition("======== text/html")
        page = after.partition("\n")[2].partition("\n\n========")[0]
        yield Letter(path.stem, page)


def varied() -> Iterator[Letter]:
    """Every variant of every template, inlined as the composer does it."""
    for number, (kind, facts, meeting, _) in enumerate(VARIANTS):
        for language in LANGUAGES:
            yield Letter(f"{kind} {number}.{language}", INLINER.inline(render(language, kind, facts, meeting)[2]))
    for language in LANGUAGES:
        yield Letter(f"everything.{language}", INLINER.inline(render(language, "invite", INVITED, everything)[2]))


INVITED = {"answer": "invited", "waiting": False, "tentative": False, "lapses": False}


def everything(language: str) -> dict[str, object]:
    """A meeting with all of Markdown in its abstracts."""
    told = full(language)
    for topic in told["topics"]:
        topic["abstract_html"] = Markup(markdown.to_html(EVERYTHING))
    return told


@cache
def letters() -> tuple[Letter, ...]:
    return (*golden(), *varied())


# --- the rules --------------------------------------------------------------------------------------------------------

Rule = Callable[[Letter], Iterator[str]]
RULES: list[Rule] = []


def rule(found: Rule) -> Rule:
    """Remembers a rule, so that it must be tried on a broken letter, too."""
    RULES.append(found)
    return found


def broken(found: Rule) -> set[str]:
    """What all letters do against a rule."""
    return {f"{letter.name}: {wrong}" for letter in letters() for wrong in found(letter)}


def judged(table: dict[str, support.Row], name: str, value: str = "") -> Iterator[str]:
    row = table.get(name)
    if row is None:
        yield f"{name} stands in no table"
    elif not row.usable:
        yield f"{name}: {row.note}"
    elif value and not re.fullmatch(row.values, value):
        yield f"{name}: {value}"


@rule
def elements(letter: Letter) -> Iterator[str]:
    for node in letter.root.all():
        if node.tag:
            yield from judged(support.ELEMENTS, node.tag)


@rule
def attributes(letter: Letter) -> Iterator[str]:
    for node in letter.root.all():
        for name, value in node.attributes.items():
            yield from judged(support.ATTRIBUTES, name, value)


@rule
def properties(letter: Letter) -> Iterator[str]:
    for node in letter.root.all():
        for name, value in node.style.items():
            yield from judged(support.PROPERTIES, name, value)


@rule
def dark_rules(letter: Letter) -> Iterator[str]:
    at_rules, rules = cascade(letter.css)
    for at_rule in at_rules:
        yield from judged(support.AT_RULES, at_rule)
    for selectors, declared in rules:
        for kind in {kind for selector in selectors for kind in kinds_of(selector)}:
            yield from judged(support.SELECTORS, kind)
        for name, value in declared.items():
            yield from judged(support.PROPERTIES, name, value.removesuffix(" !important"))
            if not value.endswith(" !important"):
                yield f"{selectors} {name} is overruled by what is inlined"


def kinds_of(selector: str) -> set[str]:
    parts = selector.split()
    kinds = {"descendant"} if len(parts) > 1 else set()
    for part in parts:
        if re.fullmatch(r"[a-z][a-z0-9]*", part):
            kinds.add("type")
        elif re.fullmatch(r"\.[a-z]+", part):
            kinds.add("class")
        else:
            kinds.add("attribute" if "[" in part else "chain")
    return kinds


@rule
def comments(letter: Letter) -> Iterator[str]:
    for comment in letter.read.comments:
        opening, _, rest = comment.partition(">")
        yield from judged(support.COMMENTS, opening)
        if not rest.endswith("<![endif]"):
            yield f"not closed: {comment}"


@rule
def padding(letter: Letter) -> Iterator[str]:
    for node in letter.root.all():
        padded = re.search(r"[1-9]", node.style.get("padding", ""))
        if padded and node.tag not in ("td", "a", "ul", "ol"):
            yield f"{node} is padded"
        if padded and node.tag == "a" and "mso-padding-alt" not in (node.parent.style if node.parent else {}):
            yield f"{node} has no padding in Outlook"
        if node.tag == "table" and "margin" in node.style:
            yield f"{node} has a margin"
        if any(name.startswith("border") and name[6:7] in ("", "-") for name in node.style) and node.tag not in CELLS:
            yield f"{node} has a border"


CELLS = ("td", "table", "a")


@rule
def empty_rows(letter: Letter) -> Iterator[str]:
    for cell in letter.root.all("td"):
        told = cell.attributes.get("height", "")
        if bool(told) != (cell.text == "" and "td" not in {node.tag for node in cell.all() if node is not cell}):
            yield f"{cell} is {told or 'of no height'}"
        elif told and int(cell.style["line-height"].removesuffix("px")) > int(told):
            yield f"an empty row of {told} is {cell.style['line-height']} high in Outlook"


@rule
def layout(letter: Letter) -> Iterator[str]:
    for table in letter.root.all("table"):
        if table.attributes.get("role") != "presentation":
            yield f"{table} is read as a table of data"
        if {name: table.attributes.get(name) for name in ("cellpadding", "cellspacing", "border")} != ZEROES:
            yield f"{table} has gaps"
        fits_its_words = table.attributes.get("align") == "left" or "key" in table.classes
        if not fits_its_words and table.attributes.get("width") != "100%":
            yield f"{table} has no width"
    for cell in letter.root.all("td"):
        wide, told = cell.style.get("width", ""), cell.attributes.get("width", "")
        if wide.endswith("px") and wide != f"{told}px":
            yield f"{cell} is {wide}, but says {told or 'nothing'}"
    (sheet,) = (table for table in letter.root.all("table") if "sheet" in table.classes)
    ghosts = [comment for comment in letter.read.comments if 'width="600"' in comment]
    if sheet.style.get("max-width") != "600px" or len(ghosts) != 1:
        yield "the sheet is wider than 600 px somewhere"


ZEROES = {"cellpadding": "0", "cellspacing": "0", "border": "0"}


@rule
def nothing_is_loaded(letter: Letter) -> Iterator[str]:
    for picture in letter.root.all("img"):
        if not picture.attributes.get("alt") or not picture.attributes.get("src", "").startswith("cid:"):
            yield "a picture without words or from elsewhere"
    for loading in ("src=", "srcset=", "background=", "url(", "@import", "<link", "<object", "<iframe"):
        if loading in letter.page:
            yield f"{loading} loads something"


@rule
def cells_say_their_letters(letter: Letter) -> Iterator[str]:
    for cell in letter.root.all("td"):
        missing = {"font-family", "font-size", "line-height", "color"} - set(cell.style)
        if missing:
            yield f"{cell} leaves {sorted(missing)} to chance"


@rule
def colours_come_in_pairs(letter: Letter) -> Iterator[str]:
    for node in letter.body.all():
        if "background-color" in node.style and "color" not in node.style:
            yield f"{node} has a background, but no colour"
        if "color" in node.style and not any("background-color" in above.style for above in node.upwards()):
            yield f"{node} has a colour, but nothing of ours beneath"
    tables = list(letter.body.all("table"))
    if "background-color" not in tables[0].style:
        yield "no background where body becomes a div"


@rule
def light_can_be_read(letter: Letter) -> Iterator[str]:
    yield from too_faint(letter, dark=False)


@rule
def dark_can_be_read(letter: Letter) -> Iterator[str]:
    yield from too_faint(letter, dark=True)


def too_faint(letter: Letter, *, dark: bool) -> Iterator[str]:
    """Text below AAA, or below AA on a button; the disc is a sign, not a text."""
    for node in letter.body.all():
        if not any(isinstance(child, str) and child.strip() for child in node.children) or "preheader" in node.classes:
            continue
        on_button = any("primary" in above.classes for above in node.upwards())
        wanted = 3 if "disc" in node.classes else 4.5 if on_button else 7
        ink, paper = (shown(letter, node, name, dark=dark) for name in ("color", "background-color"))
        if contrast(ink, paper) < wanted:
            yield f"{node} is {ink} on {paper}"
        if dark and luminance(paper) > 0.3:
            yield f"{node} stands on {paper}"


def shown(letter: Letter, node: Node, name: str, *, dark: bool) -> str:
    """The colour of an element's text, or of what lies beneath it."""
    for above in node.upwards():
        value = (declared_in_the_dark(letter, above, name) if dark else "") or above.style.get(name)
        if value:
            return value
    return "#000000" if name == "color" else "#ffffff"


def declared_in_the_dark(letter: Letter, node: Node, name: str) -> str:
    """What the strongest dark rule for this element says."""
    best, value = (-1, -1), ""
    for selectors, declared in letter.dark:
        for selector in selectors:
            weight = (selector.count("."), len(re.findall(r"(?:^| )[a-z]", selector)))
            if name in declared and matches(node, selector) and weight >= best:
                best, value = weight, declared[name].removesuffix(" !important")
    return value


def matches(node: Node, selector: str) -> bool:
    *before, last = selector.split()
    if last.removeprefix(".") not in ({node.tag} if not last.startswith(".") else node.classes):
        return False
    return not before or any(matches(above, " ".join(before)) for above in node.upwards() if above is not node)


def luminance(colour: str) -> float:
    """Of "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@rule
def dark_mode_is_declared(letter: Letter) -> Iterator[str]:
    told = {node.attributes.get("name"): node.attributes.get("content") for node in letter.root.all("meta")}
    for name in ("color-scheme", "supported-color-schemes"):
        if told.get(name) != "light dark":
            yield f"{name} is {told.get(name)}"
    if cascade(letter.css)[0] != {"@media (prefers-color-scheme: dark)"}:
        yield "no dark rules"
    if len(letter.css) > 16_000:
        yield "more style than Gmail reads"


@rule
def the_language_is_told(letter: Letter) -> Iterator[str]:
    (html,) = letter.root.all("html")
    if html.attributes.get("lang") != letter.language:
        yield f"html says {html.attributes.get('lang')}"
    # Outlook.com and Gmail keep what stands in the body alone.
    outside = next(letter.body.all("td"))
    if outside.attributes.get("lang") != letter.language:
        yield f"the first cell says {outside.attributes.get('lang')}"


JAPANESE = ("Meiryo", "Hiragino Sans", "Yu Gothic", "Noto Sans JP")
LATIN = ("Segoe UI", "-apple-system", "Roboto", "Arial")
ON_WINDOWS = {"Segoe UI", "Meiryo", "Arial", "Consolas"}


@rule
def the_fonts_speak_the_language(letter: Letter) -> Iterator[str]:
    for node in letter.body.all():
        fonts = [name.strip() for name in node.style.get("font-family", "").split(",") if name.strip()]
        if fonts and fonts[0] not in ON_WINDOWS:
            yield f"{node}: Outlook knows no {fonts[0]} and takes Times"
        if fonts and fonts[-1] not in ("sans-serif", "monospace"):
            yield f"{node}: no family at last"
        if "disc" in node.classes or node.tag in ("pre", "code"):
            continue
        language = node.attributes.get("lang", letter.language if node.tag == "td" else "")
        wanted = JAPANESE if "ja" in (language, letter.language) else LATIN
        if (node.tag == "td" or language == "ja") and not set(wanted) <= set(fonts):
            yield f"{node} in {language} is set in {fonts}"


@rule
def japanese_does_not_slant(letter: Letter) -> Iterator[str]:
    for node in letter.body.all("em"):
        languages = [above.attributes["lang"] for above in node.upwards() if "lang" in above.attributes]
        if languages[0] == "ja" and node.style.get("font-style") != "normal":
            yield f"{node} is slanted"


@rule
def buttons_are_whole_in_outlook(letter: Letter) -> Iterator[str]:
    for cell in letter.body.all("td"):
        if "button" not in cell.classes:
            continue
        (link,) = cell.all("a")
        if cell.style.get("mso-padding-alt") != link.style.get("padding") or "display" not in link.style:
            yield f"{cell} is another size in Outlook"
        if not cell.style.get("border") or cell.attributes.get("align") != "center":
            yield f"{cell} is no button in Outlook"
        above, _ = (int(side.removesuffix("px")) for side in link.style["padding"].split())
        if 2 * above + int(link.style["line-height"].removesuffix("px")) + 2 < 44:
            yield f"{cell} is too small for a finger"


@rule
def links_say_where_they_lead(letter: Letter) -> Iterator[str]:
    for link in letter.body.all("a"):
        words = link.text.casefold().strip(" .:：")
        if not words or words in EMPTY_WORDS or re.match(r"https?:|www\.", words):
            yield f"“{link.text}” leads somewhere"


EMPTY_WORDS = {"hier", "link", "mehr", "weiter", "here", "click here", "more", "こちら", "ここ", "詳細", "リンク"}


@rule
def it_begins_with_a_line_for_the_list_of_mails(letter: Letter) -> Iterator[str]:
    first = next(node for node in letter.body.children if isinstance(node, Node))
    if "preheader" not in first.classes:
        yield f"begins with {first}"
    elif (first.style.get("display"), first.style.get("mso-hide")) != ("none", "all"):
        yield "the line for the list shows in the letter"
    if letter.body.text.startswith(first.text * 2) or not 4 <= len(first.text) <= 200:
        yield f"the line for the list says “{first.text}”"


@rule
def it_is_not_cut_off(letter: Letter) -> Iterator[str]:
    if len(letter.page.encode()) >= 100_000:
        yield f"{len(letter.page.encode())} octets; Gmail cuts at 102 kB"


@rule
def it_has_one_heading_and_one_thing_to_do(letter: Letter) -> Iterator[str]:
    if len(list(letter.body.all("h1"))) != 1:
        yield "not one heading"
    if len([cell for cell in letter.body.all("td") if "primary" in cell.classes]) > 1:
        yield "two things to do"


# --- the tests --------------------------------------------------------------------------------------------------------


def test_every_element_is_held_by_all_mail_programs() -> None:
    assert broken(elements) == set()


def test_every_attribute_is_held_by_all_mail_programs() -> None:
    assert broken(attributes) == set()


def test_every_declaration_is_held_by_all_mail_programs() -> None:
    assert broken(properties) == set()


def test_the_only_style_block_is_for_dark_mode_and_may_be_dropped() -> None:
    assert broken(dark_rules) == set()


def test_the_only_comments_are_for_outlook_and_are_closed() -> None:
    assert broken(comments) == set()


def test_padding_and_borders_stand_where_outlook_heeds_them() -> None:
    assert broken(padding) == set()


def test_an_empty_row_is_no_higher_in_outlook_than_elsewhere() -> None:
    assert broken(empty_rows) == set()


def test_layout_tables_are_presentation_and_give_their_width() -> None:
    assert broken(layout) == set()


def test_a_letter_loads_nothing_and_so_tells_nobody_that_it_was_read() -> None:
    assert broken(nothing_is_loaded) == set()


def test_every_cell_says_its_font_size_line_height_and_colour_since_outlook_hands_none_down() -> None:
    assert broken(cells_say_their_letters) == set()


def test_no_background_goes_without_a_colour_and_no_colour_without_a_background() -> None:
    assert broken(colours_come_in_pairs) == set()


def test_every_text_can_be_read_by_day() -> None:
    assert broken(light_can_be_read) == set()


def test_every_text_can_be_read_in_the_dark() -> None:
    assert broken(dark_can_be_read) == set()


def test_a_letter_says_that_it_has_a_dark_mode() -> None:
    assert broken(dark_mode_is_declared) == set()


def test_the_language_stands_on_the_page_and_inside_it() -> None:
    assert broken(the_language_is_told) == set()


def test_japanese_is_set_in_japanese_fonts_and_outlook_finds_the_first_font_of_every_list() -> None:
    assert broken(the_fonts_speak_the_language) == set()


def test_stressed_japanese_is_bold_and_does_not_slant() -> None:
    assert broken(japanese_does_not_slant) == set()


def test_buttons_are_as_large_in_outlook_and_large_enough_for_a_finger() -> None:
    assert broken(buttons_are_whole_in_outlook) == set()


def test_the_words_of_a_link_say_where_it_leads() -> None:
    assert broken(links_say_where_they_lead) == set()


def test_a_letter_begins_with_a_line_for_the_list_of_mails() -> None:
    assert broken(it_begins_with_a_line_for_the_list_of_mails) == set()


def test_no_letter_is_so_large_that_gmail_cuts_it_off() -> None:
    assert broken(it_is_not_cut_off) == set()


def test_a_letter_has_one_heading_and_one_thing_to_do() -> None:
    assert broken(it_has_one_heading_and_one_thing_to_do) == set()


@pytest.mark.parametrize(
    ("kind", "light", "dark"), [("eve", "#c8381f", "#e8644b"), ("cancelled", "#b9b2a6", "#5a544c")]
)
def test_the_day_of_a_cancelled_meeting_is_ash_by_day_and_in_the_dark(kind: str, light: str, dark: str) -> None:
    letter = next(letter for letter in letters() if letter.name.startswith(f"{kind} "))
    (day,) = (cell for cell in letter.body.all("td") if "day" in cell.classes)
    assert day.style["border-top"] == f"4px solid {light}"
    assert declared_in_the_dark(letter, day, "border-color") == dark


# A rule, what is replaced in the golden invitation, and by what.
BREACHES: list[tuple[Rule, str, str]] = [
    (elements, "<p style", "<svg></svg><p style"),
    (elements, "<p style", "<article></article><p style"),
    (attributes, "<h1 ", '<h1 onclick="x" '),
    (attributes, 'align="center"', 'align="justify"'),
    (properties, "margin: 0 0 16px 0", "margin: 0 auto"),
    (properties, "margin: 0 0 16px 0", "display: flex"),
    (properties, "color: #1d1b19", "color: rgb(29 27 25)"),
    (properties, "margin: 0 0 16px 0", "position: relative"),
    (dark_rules, "@media (prefers", "@font-face { color: #000000 !important; } @media (prefers"),
    (dark_rules, "  .disc {", "  [data-ogsc] .disc {"),
    (dark_rules, "  .disc {", "  .disc.day {"),
    (dark_rules, "#e8644b !important", "#e8644b"),
    (comments, "<!--[if mso]>", "<!--[if gte mso 9]>"),
    (comments, "<h1 ", "<!-- a note --><h1 "),
    (padding, "margin: 0 0 16px 0", "padding: 0 0 16px 0"),
    (padding, "mso-padding-alt: 12px 14px", "text-align: left"),
    (padding, "border-collapse: collapse", "border-collapse: collapse;margin: 0 0 8px 0"),
    (padding, "margin: 0 0 16px 0", "border-left: 3px solid #000000"),
    (empty_rows, "line-height: 8px", "line-height: 24px"),
    (empty_rows, 'height="8"', ""),
    (layout, 'role="presentation"', 'role="table"'),
    (layout, 'cellspacing="0"', 'cellspacing="2"'),
    (layout, 'width="100%"', ""),
    (layout, 'width="80"', ""),
    (layout, "max-width: 600px", "max-width: 900px"),
    (layout, 'width="600"', ""),
    (nothing_is_loaded, "<h1 ", '<img alt="Seen" src="https://kai.example/seen.gif"><h1 '),
    (nothing_is_loaded, "<h1 ", '<img src="cid:disc"><h1 '),
    (nothing_is_loaded, "margin: 0 0 16px 0", "margin: 0;background-image: url(x)"),
    (cells_say_their_letters, "line-height: 28px;color: #c8381f", "color: #c8381f"),
    (colours_come_in_pairs, "color: #ffffff;border", "border"),
    (colours_come_in_pairs, "background-color: #fbf9f4", "margin: 0"),
    (light_can_be_read, "color: #4f4a44", "color: #8a857e"),
    (dark_can_be_read, "  td, h1, h2, p,", "  h1, h2, p,"),
    (dark_can_be_read, "body, .paper {", "body {"),
    (dark_can_be_read, "  a {", "  .a {"),
    (dark_mode_is_declared, 'name="color-scheme"', 'name="scheme"'),
    (dark_mode_is_declared, "@media (prefers-color-scheme: dark)", "@media (max-width: 600px)"),
    (the_language_is_told, '<html lang="de"', '<html lang="en"'),
    (the_language_is_told, 'lang="de" align="center"', 'align="center"'),
    (the_fonts_speak_the_language, "Segoe UI, -apple-system", "-apple-system, Segoe UI"),
    (the_fonts_speak_the_language, "Roboto, Helvetica Neue, Arial, sans-serif", "Roboto"),
    (the_fonts_speak_the_language, '<p class="subject"', '<p lang="ja"'),
    (japanese_does_not_slant, "<em>", '<em lang="ja">'),
    (buttons_are_whole_in_outlook, "mso-padding-alt: 12px 14px", "mso-padding-alt: 0"),
    (buttons_are_whole_in_outlook, "border: 1px solid #c8381f", "margin: 0"),
    (buttons_are_whole_in_outlook, "padding: 12px 14px", "padding: 6px 14px"),
    (links_say_where_they_lead, ">Impressum</a>", ">Hier</a>"),
    (links_say_where_they_lead, ">Impressum</a>", ">https://kai.example/imprint</a>"),
    (it_begins_with_a_line_for_the_list_of_mails, 'class="preheader"', ""),
    (it_begins_with_a_line_for_the_list_of_mails, "mso-hide: all", "margin: 0"),
    (it_is_not_cut_off, "</h1>", "x" * 100_000 + "</h1>"),
    (it_has_one_heading_and_one_thing_to_do, "<h2", "<h1></h1><h2"),
    (it_has_one_heading_and_one_thing_to_do, 'class="button"', 'class="button primary"'),
]


@pytest.mark.parametrize(("found", "old", "new"), BREACHES)
def test_a_letter_that_breaks_a_rule_is_found(found: Rule, old: str, new: str) -> None:
    (invitation,) = (letter for letter in golden() if letter.name == "invite.de")
    assert old in invitation.page
    assert list(found(invitation)) == []
    assert list(found(Letter("invite.de", invitation.page.replace(old, new)))) != []


def test_every_rule_is_tried_on_a_broken_letter() -> None:
    assert {one for one, _, _ in BREACHES} == set(RULES)


TABLES = {
    "elements": support.ELEMENTS,
    "attributes": support.ATTRIBUTES,
    "properties": support.PROPERTIES,
    "at-rules": support.AT_RULES,
    "selectors": support.SELECTORS,
    "comments": support.COMMENTS,
}


@pytest.mark.parametrize("table", TABLES)
def test_the_table_judges_every_program_and_says_what_becomes_of_what_is_not_held(table: str) -> None:
    rows = TABLES[table]
    assert {name for name, row in rows.items() if not re.fullmatch("[y~?n]{5}", row.marks)} == set()
    assert {name for name, row in rows.items() if set(row.marks) != {"y"} and not row.note and row.usable} == set()


def test_the_table_holds_nothing_that_no_letter_uses() -> None:
    used: dict[str, set[str]] = {name: set() for name in TABLES}
    for letter in letters():
        at_rules, rules = cascade(letter.css)
        used["at-rules"] |= at_rules
        used["comments"] |= {comment.partition(">")[0] for comment in letter.read.comments}
        for selectors, declared in rules:
            used["properties"] |= set(declared)
            used["selectors"] |= {kind for one in selectors for kind in kinds_of(one)} | {"group"}
        for node in letter.root.all():
            used["elements"] |= {node.tag} - {""}
            used["attributes"] |= set(node.attributes)
            used["properties"] |= set(node.style)
    assert used == {name: {what for what, row in rows.items() if row.usable} for name, rows in TABLES.items()}
