"""A second reader of calendar text: ical.js 2.2.1 (MPL-2.0, © Philipp Kewisch and others; unchanged, from npm), which
Thunderbird and others stand on. It runs in the browser that the tests have anyway. It shares no line with the icalendar
library.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

SOURCE = Path(__file__).with_name("ical.es5.min.js")

_READ = """text => {
  const properties = component => component.getAllProperties().map(one =>
    [one.name, one.toJSON()[1], one.type, one.getValues().map(value => value.toString())]);
  const calendar = new ICAL.Component(ICAL.parse(text));
  return [calendar.name, properties(calendar), calendar.getAllSubcomponents().map(
    one => [one.name, properties(one), one.getAllSubcomponents().length])];
}"""

Property = tuple[str, dict[str, str], list[str]]
"""Name in capitals, parameters by their names in capitals, values."""


class Reader:
    """Reads calendar text in a page of its own."""

    def __init__(self, browser: Browser) -> None:
        self._context = browser.new_context()
        self._page: Page = self._context.new_page()
        self._page.add_script_tag(content=SOURCE.read_text(encoding="utf-8"))

    def read(self, text: bytes) -> tuple[list[Property], list[Property]]:
        """The properties of the calendar and of its only component, a VEVENT without any inside it."""
        name, own, components = self._page.evaluate(_READ, text.decode())
        ((event, inner, below),) = components
        assert (name, event, below) == ("vcalendar", "vevent", 0)
        return [_property(one) for one in own], [_property(one) for one in inner]

    def close(self) -> None:
        """Close the page."""
        self._context.close()


def _property(found: list[Any]) -> Property:
    name, parameters, _type, values = found
    return name.upper(), {key.upper(): value for key, value in parameters.items()}, [str(value) for value in values]
