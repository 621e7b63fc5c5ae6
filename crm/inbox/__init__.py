"""The inbox: texts from customers and from strangers, each read by somebody."""

__all__ = ["api", "inbound", "queries"]
