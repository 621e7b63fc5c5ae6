"""What the columns of wallets hold."""

from __future__ import annotations

from crm.kernel.data import Erasure, Rows

DATA = {
    "wallet_devices": Rows(
        left_out="of phones, whose cards name this installation",
        erasure=Erasure.DELETE,
        plain="serial",
        personal="device push_token",
    ),
    # An erased customer's row stays until Google has been told.
    "wallet_cards": Rows(left_out="of cards at Google that name this installation", plain="serial tier code"),
}
