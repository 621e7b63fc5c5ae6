"""What users choose for themselves, in every organization."""

from __future__ import annotations

from crm.accounts.models import User
from crm.kernel.db import transaction


def change_preferences(user_id: int, language: str, single_keys: bool) -> None:
    with transaction() as session:
        user = session.get_one(User, user_id)
        user.language, user.single_keys = language, single_keys
