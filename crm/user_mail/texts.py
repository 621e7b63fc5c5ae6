"""What letters to users say; called in the language of the reader."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from flask import current_app

from crm.accounts.browsers import NewBrowser
from crm.user_mail.rules import plain_name
from crm.values.language import gettext as _


class LetterText(NamedTuple):
    subject: str
    body: str


def to_confirm(user: str, token: str) -> LetterText:
    return LetterText(
        _("Confirm your e-mail address"),
        _(
            "This address was entered for the user %(user)s at %(site)s. Open the link within 24 hours, and confirm "
            "it:\n\n%(link)s\n\nIf you know nothing of this, ignore this e-mail: the address is then not used.",
            user=user,
            site=site(),
            link=link(f"/account/email/{token}"),
        ),
    )


def address_changed(user: str) -> LetterText:
    return LetterText(
        _("Your e-mail address was changed"),
        _(
            "The user %(user)s at %(site)s no longer has this e-mail address. It gets no more e-mail from there.\n\n"
            "If this wasn't you, change your password at once, and tell the owner of your organization:\n\n%(link)s",
            user=user,
            site=site(),
            link=link("/account/password"),
        ),
    )


def reset(user: str, token: str) -> LetterText:
    return LetterText(
        _("Choose a new password"),
        _(
            "Somebody asked for a new password for the user %(user)s at %(site)s. Open the link within an hour, and "
            "choose one:\n\n%(link)s\n\nIf it wasn't you, ignore this e-mail: the password stays as it is.",
            user=user,
            site=site(),
            link=link(f"/password/new/{token}"),
        ),
    )


def password_changed(user: str) -> LetterText:
    return LetterText(
        _("Your password was changed"),
        _(
            "The user %(user)s at %(site)s has a new password, and is signed out everywhere.\n\nIf this wasn't you, "
            "choose another one, and tell the owner of your organization:\n\n%(link)s",
            user=user,
            site=site(),
            link=link("/password/forgotten"),
        ),
    )


def new_browser(user: str, browser: NewBrowser, when: str) -> LetterText:
    facts = {"user": user, "site": site(), "when": when, "address": browser.address, "link": link("/account/password")}
    if browser.name and browser.system:
        said = _(
            "The user %(user)s signed in at %(site)s in a browser that we didn't know: %(browser)s on %(system)s, "
            "%(when)s, from the address %(address)s.",
            browser=browser.name,
            system=browser.system,
            **facts,
        )
    else:
        said = _(
            "The user %(user)s signed in at %(site)s in a browser that we didn't know, %(when)s, from the address "
            "%(address)s.",
            **facts,
        )
    advice = _(
        "If it was you, all is well. Otherwise change your password, which ends every sign-in:\n\n%(link)s", **facts
    )
    return LetterText(_("New sign-in"), f"{said}\n\n{advice}")


def invitation(by: str, organization: str, token: str) -> LetterText:
    return LetterText(
        _("Join %(organization)s", organization=plain_name(organization)),
        _(
            "%(by)s invites you to work in %(organization)s.\n\nOpen the link within 7 days. There you choose a user "
            "name and a password, or sign in with those you have:\n\n%(link)s\n\nAnyone who has the link can join, "
            "so pass it on to nobody. If you know nothing of this, ignore this e-mail.",
            by=plain_name(by),
            organization=plain_name(organization),
            link=link(f"/invitations/{token}"),
        ),
    )


def backup_failed(organization: str, reason: str) -> LetterText:
    return LetterText(
        _("The backup of %(organization)s failed", organization=plain_name(organization)),
        _(
            "The daily backup of %(organization)s was not made: %(reason)s\n\nThe next one is tried within hours. The "
            "backups that there are:\n\n%(link)s",
            organization=plain_name(organization),
            reason=reason,
            link=link("/settings/backups"),
        ),
    )


def drill_failed(organization: str, reason: str) -> LetterText:
    return LetterText(
        _("The backup of %(organization)s can't be restored", organization=plain_name(organization)),
        _(
            "Each week the latest backup of %(organization)s is restored for a trial, and this time it could not be: "
            "%(reason)s\n\nMake a new one, and show this to whoever runs the server:\n\n%(link)s",
            organization=plain_name(organization),
            reason=reason,
            link=link("/settings/backups"),
        ),
    )


def link(path: str) -> str:
    """Return the address of a path of ours; never by the Host header, which anybody may send."""
    return f"{current_app.config['PUBLIC_URL']}{path}"


def site() -> str:
    return urlsplit(str(current_app.config["PUBLIC_URL"])).netloc
