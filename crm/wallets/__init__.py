"""Cards of customers in Apple Wallet and Google Wallet, where the owner has certificates for them."""

__all__ = ["queries", "services"]
