"""What was uploaded, on a meeting's public address: the portraits of its speakers.

The guard has loaded g.meeting for whoever may read it.
"""

from flask import Blueprint, Response, g

from asanokai import uploads
from asanokai.errors import N_, Missing
from asanokai.web.sending import sent

pages = Blueprint("handouts", __name__)

A_YEAR = 365 * 24 * 3600


@pages.get("/meetings/<path>/photos/<int:upload_id>-<digest>")
def photo(path: str, upload_id: int, digest: str) -> Response:
    """Somebody's portrait. Another one has another address, so that this one may be kept."""
    found = uploads.by_id(g.meeting, upload_id)
    if found.kind != "photo" or found.digest != digest:
        raise Missing(N_("There is no such file."))
    response = sent(found)
    response.headers["Cache-Control"] = f"private, max-age={A_YEAR}, immutable"
    return response
