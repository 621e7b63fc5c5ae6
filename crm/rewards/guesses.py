"""Find a voucher by a code that somebody typed, and count wrong ones: a service."""

from __future__ import annotations

from crm.accounts import throttle
from crm.kernel.tenancy import current_actor, require_organization
from crm.rewards.models import Voucher
from crm.rewards.queries import voucher_with_code
from crm.rewards.refusals import no_such_code

KIND = "voucher"


def find(typed: str) -> Voucher:
    """Return the voucher with a code; raises CodeError for a wrong one, and ThrottledError after too many of them."""
    found = look(typed)
    if found is None:
        count_wrong()
        raise no_such_code()
    return found


def look(typed: str) -> Voucher | None:
    """Return the voucher with a code, counting nothing; raises ThrottledError after too many wrong ones."""
    throttle.check_codes(_who())
    return voucher_with_code(typed)


def count_wrong() -> None:
    throttle.count_wrong_code(_who())


def _who() -> str:
    return f"{KIND}:{require_organization()}:{current_actor()}"
