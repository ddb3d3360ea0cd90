"""What every answer tells browsers, whatever it is and however it came out: pages, errors, files, feeds, redirects.

An answer may say something stricter, or what it needs, itself (a frame around a letter, a file in a sandbox);
what it does not say stands here. Nothing in a page is inline, so the policy needs no exceptions. Trusted Types are not
required: htmx puts what it fetches into the page as markup, which is what they forbid.
"""

from flask import Response, current_app, g, request

from asanokai.web import limits, loading

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "manifest-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""Last where forms may lead: browsers hold redirects after a form to it, so that who else signs people in must be in
it. Their origins are appended (`FORM_TARGETS` in Flask's configuration)."""

OFF = (
    *("accelerometer", "autoplay", "bluetooth", "camera", "display-capture", "encrypted-media", "fullscreen"),
    *("geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer"),
    *("microphone", "midi", "otp-credentials", "payment", "picture-in-picture", "screen-wake-lock", "serial"),
    *("storage-access", "sync-xhr", "usb", "web-share", "window-management", "xr-spatial-tracking"),
)
"""What no page here ever asks a browser for."""

PERMISSIONS = ", ".join(
    [
        *(f"{feature}=()" for feature in OFF),
        *(f"{feature}=(self)" for feature in ("publickey-credentials-create", "publickey-credentials-get")),
    ]
)

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
A_YEAR = "max-age=31536000; includeSubDomains"

FRAMED_BY_OURSELVES = "frame-ancestors 'self'"
"""Stands in the policy of the letters that the desk shows in a frame."""


def add(response: Response) -> Response:
    """Fill in what the answer does not say itself."""
    headers = response.headers
    also = "".join(f" {origin}" for origin in current_app.config.get("FORM_TARGETS", ()))
    headers.setdefault("Content-Security-Policy", POLICY + also)
    if FRAMED_BY_OURSELVES in headers["Content-Security-Policy"]:
        headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    for name, words in ALWAYS.items():
        headers.setdefault(name, words)
    if response.status_code == 429:
        headers.setdefault("Retry-After", str(g.get("retry_after", limits.PAUSE)))
    if request.endpoint not in loading.OPEN_TO_SEARCH:
        headers.setdefault("Referrer-Policy", "no-referrer")
        if request.endpoint != "static" or response.status_code >= 400:
            headers.setdefault("X-Robots-Tag", "noindex")
            headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Referrer-Policy", "same-origin")
    if current_app.config["ASANOKAI"].https:
        headers.setdefault("Strict-Transport-Security", A_YEAR)
    return response
