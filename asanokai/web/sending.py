"""An uploaded file as an answer.

Documents only ever come as downloads, and nothing is guessed about what they are: what somebody uploaded never becomes
a page of ours.
"""

from io import BytesIO
from urllib.parse import quote

from flask import Response, send_file

from asanokai.uploads import Upload, plain_name
from asanokai.web import loading


def sent(found: Upload) -> Response:
    """A portrait to be looked at, everything else to be kept."""
    response = send_file(
        BytesIO(found.content),
        found.media_type,
        as_attachment=found.kind != "photo",
        download_name=plain_name(found.name),
        etag=found.sha256,
    )
    if not found.name.isascii():
        whole = quote(found.name, safe="")  # RFC 8187
        response.headers["Content-Disposition"] += f"; filename*=UTF-8''{whole}"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = loading.SANDBOX
    return response
