"""`asanokai factor`: what an operator does about second factors."""

import click
from flask import current_app

from asanokai import db, factors, members
from asanokai.cli.opening import fail, with_app


@click.group("factor")
def factor_() -> None:
    """Second factors."""


@factor_.command("remove")
@click.argument("email")
@with_app
def remove(email: str) -> None:
    """Remove a member's lost second factor and sign them out everywhere; a letter says so."""
    with db.transaction():
        found = members.by_address(email)
        if found is None:
            fail(f"There is no member with the address {email}.")
        factors.remove(found.id, actor_id=None)
        members.sign_out_everywhere(found)
    click.echo(f"The second factor of {email} is removed, and all devices are signed out.")


@factor_.command("reseal")
@with_app
def reseal() -> None:
    """Encrypt the secrets of the apps with the newest secret key, so that an older one can be given up."""
    with db.transaction():
        done, lost = factors.reseal(current_app.extensions["vault"])
    click.echo(f"Resealed: {done}.")
    if lost:
        fail(f"{lost} cannot be opened: the key they were encrypted with is not in the list.")
