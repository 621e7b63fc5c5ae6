"""What pages are made with: htmx, forms, filters, security."""
