"""Pages of links for staff, and the customer's own."""

from crm.customer_page.routes import card, own, page, push
from crm.customer_page.routes.staff import bp as staff

__all__ = ["card", "own", "page", "push", "staff"]
