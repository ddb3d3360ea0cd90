"""What mail programs make of every piece of HTML and CSS that our letters use, and of what they must not use.

Source: the feature pages of https://www.caniemail.com (MIT licence; hteumeuleu/caniemail at 6b086a3, June 2026), facts
only, the newest version of each program. `page` names the feature page; "" where it has none. Nothing here was tried by
us. `tests/test_letter_css.py` holds every letter against it; docs/letters.md says what follows for the reader.

A row's `marks` stand for the `PROGRAMS` in their order, the weakest of a program's variants counting:

* ``y``: as written
* ``~``: not, or not quite; the letter still reads well, and `note` says how
* ``?``: the source does not say; `note` says why it does no harm
* ``n``: no; it would break the letter, so no letter may use it
"""

from dataclasses import dataclass

PROGRAMS = (
    "Outlook for Windows (2007–2019, Word's engine)",
    "Gmail (web, Android, iOS; with other accounts than Google's)",
    "Apple Mail (macOS, iOS)",
    "GMX and WEB.DE (web, apps)",
    "Outlook.com and Outlook's apps",
)


@dataclass(frozen=True)
class Row:
    """One feature. `values` is a pattern that a value must match in full."""

    page: str
    marks: str
    values: str = ".*"
    note: str = ""
    barred: bool = False
    """Whether we do without it for another reason than support."""

    @property
    def usable(self) -> bool:
        """Whether a letter may use it."""
        return "n" not in self.marks and not self.barred


_LENGTH = r"(?:0|\d{1,3}px)"
_COLOUR = r"#[0-9a-f]{6}"
_BORDER = rf"[1-8]px solid {_COLOUR}"
_SIDES = rf"{_LENGTH}(?: {_LENGTH}){{0,3}}"

ELEMENTS = {
    "html": Row("", "yyyyy"),
    "head": Row("", "yyyyy"),
    "meta": Row("html-meta-color-scheme", "~~~~~", note="Apple Mail on macOS reads color-scheme; the rest is dropped"),
    "title": Row("", "yyyyy"),
    "style": Row("html-style", "~~y~y", note="dark mode only: Outlook ignores it, GMX's website and Gmail drop it"),
    "body": Row("html-body", "y~yy~", note="becomes a div; the outer table carries the colours again"),
    "div": Row("html-div", "yyyyy"),
    "table": Row("html-table", "yyyyy"),
    "tbody": Row("html-table", "yyyyy"),
    "tr": Row("html-table", "yyyyy"),
    "td": Row("html-table", "yyyyy"),
    "p": Row("html-p", "yyyyy"),
    "h1": Row("html-h1-h6", "yyyyy"),
    "h2": Row("html-h1-h6", "yyyyy"),
    "h3": Row("html-h1-h6", "yyyyy"),
    "h4": Row("html-h1-h6", "yyyyy"),
    "span": Row("html-span", "yyyyy"),
    "strong": Row("html-strong", "yyyyy"),
    "em": Row("", "yyyyy"),
    "br": Row("", "yyyyy"),
    "a": Row("", "yyyyy"),
    "ul": Row("html-lists", "~~yy~", note="indented a little differently"),
    "ol": Row("html-lists", "~~yy~", note="indented a little differently"),
    "li": Row("html-lists", "~~yy~", note="indented a little differently"),
    "blockquote": Row("html-blockquote", "yyyyy"),
    "code": Row("html-code", "yyy?y", note="plain text at worst"),
    "pre": Row("html-pre", "yyy?y", note="plain text at worst"),
    "hr": Row("html-hr", "yyy?y", note="a line more or less"),
    "section": Row("html-semantics", "n~yn~", note="unknown to Outlook and GMX: no box to style"),
    "svg": Row("html-svg", "nn~nn", note="dropped: the disc is a sign of the text"),
    "link": Row("html-link", "ynynn", note="dropped, and would load from elsewhere"),
    "form": Row("html-form", "n~yn~", note="dropped; answers are links"),
    "script": Row("", "nnnnn", note="dropped everywhere"),
}
"""Elements; the last few are there to say no."""

ATTRIBUTES = {
    "lang": Row("html-lang", "yyy~y", "de|en|ja", "GMX drops it: the fonts are named as well"),
    "class": Row("css-selector-class", "y~yyy", note="for the dark mode's rules alone"),
    "style": Row("", "yyyyy"),
    "role": Row("html-role", "yyy~y", "presentation", "GMX drops it: a screen reader there hears of tables"),
    "aria-hidden": Row("html-aria-hidden", "yyy~y", "true", "GMX drops it: the day is read twice"),
    "width": Row("html-width", "~yyyy", r"\d{2,3}|100%", "does not grow with the scale of Windows"),
    "height": Row("html-height", "~yyyy", r"\d{1,2}", "does not grow with the scale of Windows"),
    "align": Row("html-align", "yyyyy", "left|center"),
    "cellpadding": Row("html-cellpadding", "yyyyy", "0"),
    "cellspacing": Row("html-cellspacing", "yyyyy", "0"),
    "border": Row("", "yyyyy", "0"),
    "href": Row("", "yyyyy", r"(?:https?://|mailto:).+"),
    "rel": Row("", "?????", "nofollow noopener noreferrer", "no effect in mail"),
    "charset": Row("", "yyyyy", "utf-8"),
    "name": Row("", "yyyyy", "viewport|color-scheme|supported-color-schemes|format-detection"),
    "content": Row("", "yyyyy"),
    "data-css-inline": Row("", "?????", "keep", "told our own inliner; mail programs ignore or drop it"),
    "background": Row("html-background", "~~yyy", note="would load a picture", barred=True),
}
"""Attributes, on whatever element they stand."""

PROPERTIES = {
    "color": Row("", "yyyyy", _COLOUR),
    "background-color": Row("css-background-color", "yyy~y", _COLOUR, "GMX's website knows few colours by name"),
    "font-family": Row("css-font", "yyyyy", r"[A-Z-][A-Za-z -]*(?:, [A-Za-z-][A-Za-z -]*)+"),
    "font-size": Row("css-font-size", "~yy~y", r"\d{1,2}px", "in px it holds everywhere"),
    "font-style": Row("css-font", "yyyyy", "normal"),
    "font-weight": Row("css-font-weight", "~yyyy", "600", "bold in Outlook"),
    "line-height": Row("css-line-height", "~yyyy", r"\d{1,2}px", "at least as high in Outlook"),
    "text-decoration": Row("css-text-decoration", "~~y~y", "none|underline|line-through", "one word holds everywhere"),
    "margin": Row("css-margin", "~~yy~", _SIDES, "neither auto nor negative; Outlook heeds it on p, h1 and h2"),
    "padding": Row("css-padding", "~yyyy", _SIDES, "Outlook heeds it on cells alone"),
    "border": Row("css-border", "~yyyy", _BORDER, "at most 8px in Outlook, and on cells alone"),
    "border-top": Row("css-border", "~yyyy", _BORDER, "at most 8px in Outlook, and on cells alone"),
    "border-bottom": Row("css-border", "~yyyy", _BORDER, "at most 8px in Outlook, and on cells alone"),
    "border-left": Row("css-border", "~yyyy", _BORDER, "at most 8px in Outlook, and on cells alone"),
    "border-color": Row("css-border", "~yyyy", _COLOUR, "dark mode alone"),
    "border-collapse": Row("css-border-collapse", "yyyyy", "collapse|separate"),
    "border-radius": Row("css-border-radius", "~yy~y", "[1-9]px", "square corners"),
    "width": Row("css-width", "~yyyy", r"\d{2,3}px|100%|25%", "Outlook heeds it on tables and cells"),
    "max-width": Row("css-max-width", "~yyyy", "600px", "a table for Outlook alone holds the width"),
    "vertical-align": Row("css-vertical-align", "yyyyy", "top"),
    "display": Row("css-display", "~~y~y", "none|inline-block", "Outlook knows only none"),
    "word-break": Row("css-word-break", "y~~~~", "break-word|normal", "a very long word widens the letter on GMX"),
    "white-space": Row("css-white-space", "~~y~y", "pre-wrap", "lines of code run on"),
    "color-scheme": Row("css-color-scheme", "~~y~~", "light dark", "Apple Mail alone asks, and only html"),
    "mso-hide": Row("", "y????", "all", "Outlook's own; unknown to others"),
    "mso-padding-alt": Row("", "y????", _SIDES, "Outlook's own; unknown to others"),
    "-webkit-text-size-adjust": Row("", "??y??", "100%", "for iPhones; unknown to others"),
    "position": Row("css-position", "nn~yn", note="dropped"),
    "float": Row("css-float", "n~y~y", note="tables stand side by side by align=left"),
    "background-image": Row("css-background-image", "nyy~y", note="would load a picture"),
    "opacity": Row("css-opacity", "nyyny", note="text would come out in another colour"),
    "max-height": Row("css-max-height", "nyyyy", note="what is hidden this way shows in Outlook"),
    "overflow": Row("css-overflow", "n~~~~", note="what is hidden this way shows in Outlook"),
}
"""Properties, in `style=""` and in the dark mode's rules."""

AT_RULES = {
    "@media (prefers-color-scheme: dark)": Row(
        "css-at-media-prefers-color-scheme",
        "~~y~y",
        note="Outlook, Gmail and GMX's website keep or turn the light colours",
    ),
    "@font-face": Row("css-at-font-face", "~nynn", note="would load a font"),
    "@import": Row("css-at-import", "nnynn", note="would load a style sheet"),
}

SELECTORS = {
    "type": Row("css-selector-type", "y~y~y", note="no dark mode there anyway"),
    "class": Row("css-selector-class", "y~yyy", note="no dark mode there anyway"),
    "descendant": Row("css-selector-descendant", "y~y~y", note="no dark mode there anyway"),
    "group": Row("css-selector-grouping", "y~y~y", note="no dark mode there anyway"),
    "chain": Row("css-selector-chaining", "n~y~n", note="Outlook takes .a.b for .a"),
    "attribute": Row("css-selector-attribute", "n~yn~", note="ours are inlined before sending"),
}

COMMENTS = {
    "[if mso]": Row("html-comments", "yyyyy", note="Outlook for Windows reads what stands in it, nobody else does"),
}
