"""What can be measured of a page's use by everybody: axe-core, sideways scrolling, cut-off text, targets, motion.

Each function looks at the page as it stands in the browser and gives back what is wrong, one line a thing, [] if
nothing is. They know nothing of what the page is about. axe-core (Deque, MPL-2.0) comes with axe-playwright-python; it
is put in by the debugger's way, which no content policy forbids.
"""

from itertools import pairwise
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FRAMED_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""For what another program frames, which has headings and landmarks of its own."""

USUAL_TEXT, LARGE_TEXT = 16, 32
"""Pixels: what browsers begin with, and twice that."""

_axe = Axe()

# Names an element as a person would look for it: its tag, id and classes, and the first of its words.
_NAME = """
const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '')
  + (typeof e.className === 'string' ? e.className.split(/\\s+/).filter(Boolean).map(c => '.' + c).join('') : '')
  + (e.parentElement && !e.id && !e.className ? ' in ' + e.parentElement.tagName.toLowerCase()
     + [...e.parentElement.classList].map(c => '.' + c).join('') : '')
  + ' “' + (e.innerText || e.value || '').trim().replace(/\\s+/g, ' ').slice(0, 30) + '”';
const seen = e => e.checkVisibility({visibilityProperty: true}) && !e.closest('.unseen, .honey, .skip');
"""


def unfold(page: Page) -> None:
    """Open everything that is folded away, so that it is looked at too."""
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")


def findings(page: Page, rules: list[str] = RULES) -> list[str]:
    """What axe-core finds: rule, where, and what of it."""
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    found: list[dict[str, Any]] = _axe.run(page, options=options).response["violations"]
    return [f"{rule['id']} · {_target(node)} · {_why(node)}" for rule in found for node in rule["nodes"]]


def _target(node: dict[str, Any]) -> str:
    return " ".join(part if isinstance(part, str) else " ".join(part) for part in node["target"])


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])[:200]


def text_size(page: Page, pixels: int) -> None:
    """What the reader has set as the size of text in the browser's own settings."""
    tool = page.context.new_cdp_session(page)
    tool.send("Page.setFontSizes", {"fontSizes": {"standard": pixels, "fixed": pixels * 13 // 16}})
    tool.detach()


def sideways(page: Page) -> list[str]:
    """What reaches beyond the right edge, if the page scrolls sideways. What scrolls within itself may."""
    found: list[str] = page.evaluate(
        "() => {"
        + _NAME
        + """
        const wide = document.documentElement.clientWidth;
        if (document.scrollingElement.scrollWidth <= wide) return [];
        const scrolls = e => { for (let p = e.parentElement; p; p = p.parentElement)
            if (p !== document.body && p !== document.documentElement
                && getComputedStyle(p).overflowX !== 'visible') return true; };
        const out = [...document.body.querySelectorAll('*')].filter(e => seen(e) && !scrolls(e)
            && e.getBoundingClientRect().right > wide + 1);
        const inner = out.filter(e => !out.some(o => o !== e && e.contains(o)));
        return [`${document.scrollingElement.scrollWidth} px wide: ` + inner.slice(0, 3).map(name).join(', ')];
        }"""
    )
    return found


def clipped(page: Page) -> list[str]:
    """Text that does not fit where it stands: cut off, or sticking out into what stands beside it."""
    found: list[str] = page.evaluate(
        "() => {"
        + _NAME
        + """
        const has_text = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        const bad = [];
        for (const e of document.body.querySelectorAll('*')) {
            if (!seen(e) || e.closest('svg, textarea, select, pre, .scroll')) continue;
            const style = getComputedStyle(e);
            const cuts = ['hidden', 'clip'].includes(style.overflowX) || ['hidden', 'clip'].includes(style.overflowY);
            if (cuts && e.innerText && e.innerText.trim()
                && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
                bad.push('cut off: ' + name(e));
            if (!has_text(e)) continue;
            const box = e.closest('td, th, dd, li, label, button, a.button, .date, .badge, .number') || e;
            const room = box.getBoundingClientRect();
            for (const node of e.childNodes) {
                if (node.nodeType !== 3 || !node.data.trim()) continue;
                const range = document.createRange();
                range.selectNodeContents(node);
                const text = range.getBoundingClientRect();
                if (text.width && room.width > 1 && (text.right > room.right + 2 || text.left < room.left - 2))
                    bad.push('sticks out by ' + Math.round(Math.max(text.right - room.right, room.left - text.left))
                        + ' px: ' + name(e));
            }
        }
        return bad;
        }"""
    )
    return found


def small_targets(page: Page, *, least: int = 24, buttons: int = 44) -> list[str]:
    """What is too small to be hit. Links within a sentence may be as small as its words (WCAG 2.5.8)."""
    found: list[str] = page.evaluate(
        "([least, buttons]) => {"
        + _NAME
        + """
        const bad = [];
        for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
            if (!seen(e) || e.type === 'hidden') continue;
            const label = ['checkbox', 'radio'].includes(e.type) ? e.closest('label') : null;
            const box = (label || e).getBoundingClientRect();
            const inline = e.tagName === 'A' && getComputedStyle(e).display === 'inline';
            const must = inline ? 0
                : e.matches('button, a.button, summary, nav a, input, select, textarea') ? buttons : least;
            // A pixel or two are lost where text is not set in whole pixels.
            if (box.height + 0.5 < must || box.width + 0.5 < must)
                bad.push(`${Math.round(box.width)} × ${Math.round(box.height)} px: ` + name(e));
        }
        return bad;
        }""",
        [least, buttons],
    )
    return found


def motion(page: Page) -> list[str]:
    """Whatever would move for longer than a hundredth of a second."""
    found: list[str] = page.evaluate(
        "() => {"
        + _NAME
        + """
        const seconds = words => Math.max(...words.split(',').map(w => parseFloat(w) * (w.includes('ms') ? 0.001 : 1)));
        const bad = [];
        for (const e of document.querySelectorAll('*')) for (const part of [null, '::before', '::after']) {
            const style = getComputedStyle(e, part);
            if (seconds(style.transitionDuration) > 0.01 || seconds(style.animationDuration) > 0.01
                || style.scrollBehavior === 'smooth')
                bad.push(`${part || ''}${name(e)}: ${style.transitionProperty} ${style.transitionDuration}`);
        }
        return bad;
        }"""
    )
    return found


def indistinct(page: Page) -> list[str]:
    """What cannot be told apart where the system's colours replace all of ours: buttons without an edge, a current link
    that looks like its neighbours, a choice whose mark is not drawn. Emulate forced colours first."""
    found: list[str] = page.evaluate(
        "() => {"
        + _NAME
        + """
        const bad = [];
        const edges = style => ['Top', 'Right', 'Bottom', 'Left'].map(side =>
            style[`border${side}Style`] === 'none' ? 0 : parseFloat(style[`border${side}Width`]));
        const lines = e => { const style = getComputedStyle(e);
            return JSON.stringify([edges(style), style.outlineStyle, style.textDecorationLine,
                style.textDecorationThickness, style.textDecorationStyle]); };
        for (const e of document.querySelectorAll('button, a.button')) {
            const style = getComputedStyle(e);
            if (seen(e) && Math.min(...edges(style)) < 1 && style.textDecorationLine !== 'underline')
                bad.push('a button without an edge: ' + name(e));
        }
        for (const e of document.querySelectorAll('a[aria-current]')) {
            const others = [...e.closest('nav, ul').querySelectorAll('a:not([aria-current])')].filter(seen);
            if (seen(e) && others.some(other => lines(other) === lines(e)))
                bad.push('current, but looks like the others: ' + name(e));
        }
        for (const e of document.querySelectorAll('input[type=radio], input[type=checkbox]')) {
            const style = getComputedStyle(e);
            if (seen(e) && (style.appearance === 'none' || parseFloat(style.opacity) < 1 || e.offsetWidth < 12))
                bad.push('a choice whose mark is not drawn: ' + name(e));
        }
        return bad;
        }"""
    )
    return found


Stop = dict[str, Any]
"""Where the Tab key leads: `name`, `place` in the document, `top`, `bottom`, `left`, `right`, and the contrast of its
`ring` to the page behind it, 0 if there is none."""


def stop(page: Page) -> Stop | None:
    """What has the focus, None if nothing has."""
    found: Stop | None = page.evaluate(
        "() => {"
        + _NAME
        + """
        const e = document.activeElement;
        if (!e || e === document.body) return null;
        const light = words => { const [r, g, b] = words.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const style = getComputedStyle(e), box = e.getBoundingClientRect();
        const [dark, bright] = [light(style.outlineColor), light(getComputedStyle(document.body).backgroundColor)].sort(
            (a, b) => a - b);
        const drawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        return {name: name(e), place: [...document.querySelectorAll('*')].indexOf(e),
            top: box.top + scrollY, bottom: box.bottom + scrollY, left: box.left, right: box.right,
            ring: drawn ? (bright + 0.05) / (dark + 0.05) : 0};
        }"""
    )
    return found


def stops(page: Page, most: int = 250) -> list[Stop]:
    """Everything that the Tab key leads to from where the focus is, in its order, until it begins again."""
    found: list[Stop] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        here = stop(page)
        if here is None or (found and here["place"] == found[0]["place"]):
            return found
        if not found or here["place"] != found[-1]["place"]:  # a date has several stops within it
            found.append(here)
    raise AssertionError(f"the Tab key does not come round at {page.url}")


def out_of_order(found: list[Stop]) -> list[str]:
    """Stops that stand before, above or on the same line left of the one they come after. Above and to the right of it
    begins the next column, which is read then."""
    return [
        f"{after['name']} after {before['name']}"
        for before, after in pairwise(found)
        if after["place"] < before["place"] or _above(after, before) or _left_of(after, before)
    ]


def _above(one: Stop, other: Stop) -> bool:
    return bool(one["bottom"] <= other["top"] and one["left"] < other["right"])


def _left_of(one: Stop, other: Stop) -> bool:
    level = one["top"] < other["bottom"] and other["top"] < one["bottom"]
    return bool(level and one["right"] <= other["left"])
