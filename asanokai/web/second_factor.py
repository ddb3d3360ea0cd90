"""The second factor: setting it up, and giving its code when signing in."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.utils import import_string
from werkzeug.wrappers import Response

from asanokai import devices, factors, members, showing
from asanokai.errors import N_, BadInput
from asanokai.web import arriving, limits, loading
from asanokai.web.forms import CodeForm, attempt

pages = Blueprint("second_factor", __name__)


# --- setting it up ----------------------------------------------------------------------------------------------------


@pages.route("/me/second-factor", methods=["GET", "POST"])
def show() -> Response | tuple[str, int]:
    """What is set, or the secret that waits for its first code; that code is sent here."""
    member, form = loading.me(), CodeForm()
    codes: list[str] = []
    if attempt(form, lambda: codes.extend(factors.confirm(member.id, form.code.data or "", loading.vault()))):
        _known_on_this_device_alone()
        return _codes_page(codes)
    secret = factors.waiting_secret(member.id, loading.vault())
    row = factors.of(member.id)
    return render_template(
        "account/second_factor.html",
        form=form,
        row=row,
        left=factors.codes_left(member.id) if row else 0,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)) if secret else "",
        picture=_picture(secret) if secret else "",
        in_words=showing.in_words,
        zone=loading.zone(),
    ), form.status


def _picture(secret: str) -> Markup:
    """Drawn within the page: the secret stands in no other address, and no other image source need be allowed."""
    address = members.main_address(loading.me())
    told = factors.address_of(secret, account=address.text if address else "–", issuer=loading.organisation())
    # Loaded when the first picture is drawn: few pages draw one.
    return Markup(
        import_string("segno").make(told, error="m", micro=False).svg_inline(scale=4, dark="#000", light="#fff")
    )


def _known_on_this_device_alone() -> None:
    """It has just been given here; whoever is signed in elsewhere has not given it."""
    here = loading.device()
    devices.end_all(loading.me().id, but=here.id if here else None)
    if here is not None:
        devices.note_factor(here)


def _codes_page(codes: list[str]) -> tuple[str, int]:
    on = arriving.wanted_page() or url_for("account.settings")
    return render_template("account/recovery_codes.html", codes=codes, on=on), 200


@pages.post("/me/second-factor/begin")
def begin() -> Response:
    """A new secret."""
    factors.begin(loading.me().id, loading.vault())
    return redirect(url_for("second_factor.show"), 303)


@pages.post("/me/second-factor/codes")
def new_codes() -> tuple[str, int]:
    """Ten other recovery codes."""
    return _codes_page(factors.new_codes(loading.me().id))


@pages.post("/me/second-factor/remove")
def remove() -> Response:
    """Do without."""
    factors.remove(loading.me().id, actor_id=loading.me().id)
    devices.forget_factor(loading.me().id)
    flash(gettext("The second factor is removed."))
    return redirect(url_for("second_factor.show"), 303)


# --- giving it --------------------------------------------------------------------------------------------------------


@pages.route("/sign-in/code", methods=["GET", "POST"])
def code() -> Response | tuple[str, int]:
    """The last step of signing in, for who has proved the first factor."""
    form, member = CodeForm(), members.by_id(g.owing.member_id)
    if attempt(form, lambda: _check(form, member.id)):
        return arriving.complete(member, g.owing, both=factors.of(member.id) is not None)
    return render_template("account/code.html", form=form), form.status


def _check(form: CodeForm, member_id: int) -> None:
    row, account = factors.of(member_id), f"member {member_id}"
    limits.hold("code", account=account)
    if row is not None and not factors.takes(row, form.code.data or "", loading.vault()):
        limits.failed("code", account=account)
        loading.outlives(lambda: factors.failed(member_id))
        raise BadInput("code", N_("This code is not right, or was used before."))


@pages.post("/sign-in/code/other")
def give_up() -> Response:
    """Begin to sign in anew."""
    devices.end(g.owing)
    arriving.forget_half()
    return redirect(url_for("signing_in.ask"), 303)
