"""An uploaded file as an answer.

Documents only ever come as downloads, and nothing is guessed about what they are: what somebody uploaded never becomes
a page of ours.
"""

from io import BytesIO

from flask import Response, send_file

from asanokai.uploads import Upload
from asanokai.web import loading


def sent(found: Upload) -> Response:
    """A portrait to be looked at, everything else to be kept."""
    response = send_file(
        BytesIO(found.content),
        found.media_type,
        as_attachment=found.kind != "photo",
        download_name=found.name,
        etag=found.sha256,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = loading.SANDBOX
    return response
