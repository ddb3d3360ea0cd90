"""What was uploaded, on a meeting's public address: the portraits of its speakers, slides and materials.

The guard has loaded g.meeting for whoever may read it.
"""

from flask import Blueprint, Response, g

from asanokai import materials, uploads
from asanokai.errors import N_, Missing
from asanokai.web import loading
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


@pages.get("/meetings/<path>/files/<int:upload_id>")
def file(path: str, upload_id: int) -> Response:
    """Slides or material, for whom they are meant."""
    found = uploads.by_id(g.meeting, upload_id)
    return sent(materials.for_download(g.meeting, found, member=loading.of_the_circle()))
