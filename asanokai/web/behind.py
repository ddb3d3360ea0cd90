"""Where somebody comes back to who was led away: to sign in, to set up a second factor, to show once more who they are.

A form that was sent is not kept: its page is shown again. Knows addresses and nothing of members.
"""

from flask import current_app, request, url_for

PAGES_OF = {
    "keys.ask_for_new": "keys.mine",
    "keys.rename": "keys.mine",
    "keys.remove": "keys.mine",
    "outside.redeem": "keys.mine",
    "outside.remove": "keys.mine",
    "mydata.ask_copy": "mydata.show",
    "mydata.fetch_copy": "mydata.show",
    "second_factor.begin": "second_factor.show",
    "second_factor.new_codes": "second_factor.show",
    "second_factor.remove": "second_factor.show",
    "people.lost_factor": "people.edit",
    "people.fetch_copy": "people.copy",
}
"""Where the buttons stand whose addresses are no pages of their own."""


def page() -> str:
    """The page that is asked for, or on which the button stands that was pressed; else the settings."""
    endpoint = str(request.endpoint)
    if endpoint in PAGES_OF:
        named = request.view_args or {}
        expects = current_app.url_map.is_endpoint_expecting
        page = PAGES_OF[endpoint]
        return url_for(page, **{name: number for name, number in named.items() if expects(page, name)})
    if request.method == "GET":
        return request.full_path.rstrip("?")
    rule = request.url_rule
    return request.path if rule and "GET" in (rule.methods or ()) else url_for("account.settings")
