"""Why a voucher or a reward is refused, in words; the reasons are read anew, after another request won."""

from __future__ import annotations

import datetime as dt

from crm.accounts.queries import branch_names, current_organization
from crm.invoices.models import Invoice
from crm.kernel.errors import ConflictError
from crm.rewards.checks import names_of, today_here
from crm.rewards.models import Voucher
from crm.rewards.rules import VoucherState
from crm.values import clock, language, money
from crm.values.language import gettext as _


class RewardError(ConflictError):
    """The reward is not open to the customer."""


class VoucherError(ConflictError):
    pass


class UseError(VoucherError):
    """It was used before: who did it, when and where."""

    def __init__(self, sentence: str, used_at: dt.datetime, used_by: str, branch_id: int | None, branch: str) -> None:
        super().__init__(sentence)
        self.used_at, self.used_by, self.branch_id, self.branch = used_at, used_by, branch_id, branch


class CodeError(VoucherError):
    """No voucher that the user sees has this code."""

    status = 404


def no_such_code() -> CodeError:
    return CodeError(_("No voucher has this code. Check it letter by letter."))


def refused_use(voucher: Voucher) -> VoucherError:
    """Return why a voucher can't be used, or canceled."""
    if voucher.state is VoucherState.USED and voucher.used_at is not None:
        return _used(voucher, voucher.used_at)
    if voucher.state is VoucherState.CANCELED:
        return VoucherError(_("This voucher was canceled %(when)s.", when=_when(voucher.ended_at)))
    date = _day(voucher.expires_on) if voucher.expires_on else ""
    return VoucherError(_("This voucher was good until %(date)s. It has expired.", date=date))


def refused_invoice(voucher: Voucher, invoice: Invoice | None, branch_id: int | None) -> None:
    """Raise VoucherError when the voucher is not good in the branch, or for the purchase."""
    places = voucher.reward.branches
    if places and branch_id is not None and branch_id not in places:
        raise VoucherError(_("This voucher is good at %(branches)s only.", branches=names_of(places)))
    if invoice is None:
        return
    if invoice.customer_id != voucher.customer_id:
        raise VoucherError(_("This invoice is another customer's."))
    if invoice.is_void:
        raise VoucherError(_("This invoice is void."))
    if voucher.minimum_spend and invoice.amount < voucher.minimum_spend:
        raise VoucherError(
            _("This voucher is for a purchase of at least %(amount)s.", amount=_amount(voucher.minimum_spend))
        )


def refused_undo(voucher: Voucher) -> VoucherError:
    if voucher.state is not VoucherState.USED:
        return VoucherError(_("This voucher is not used."))
    return VoucherError(_("Whoever used it can take that back for 15 minutes. Ask a manager to do it now."))


def _used(voucher: Voucher, used_at: dt.datetime) -> UseError:
    name = voucher.used_by.label if voucher.used_by else ""
    branch = dict(branch_names()).get(voucher.branch_id or 0, "")
    told = {"when": _when(used_at), "name": name, "branch": branch}
    if name and branch:
        sentence = _("This voucher was used %(when)s by %(name)s, at %(branch)s.", **told)
    elif name:
        sentence = _("This voucher was used %(when)s by %(name)s.", **told)
    else:
        sentence = _("This voucher was used %(when)s.", **told)
    return UseError(sentence, used_at, name, voucher.branch_id, branch)


def _when(moment: dt.datetime | None) -> str:
    organization = current_organization()
    zone, locale = clock.zone(organization.time_zone), language.date_locale(organization.locale)
    return clock.say_when(moment, clock.utcnow(), zone, locale, inside=True) if moment else ""


def _day(date: dt.date) -> str:
    return clock.say_date(date, today_here(), language.date_locale(current_organization().locale), inside=True)


def _amount(amount: int) -> str:
    organization = current_organization()
    return money.format_amount(amount, organization.currency, organization.locale)
