"""Activity texts for cards in wallets."""

from __future__ import annotations

from crm.values.language import N_

ACTIVITY = {
    "wallet.added": N_("Card added to Apple Wallet"),
    "wallet.removed": N_("Card removed from Apple Wallet"),
    "wallet.saved": N_("Card taken to Google Wallet"),
}
