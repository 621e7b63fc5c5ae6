"""Pages of leads, their follow-ups and loan commitments."""

from crm.leads.routes import commitments, follow_ups, leads
from crm.leads.routes.blueprint import bp

__all__ = ["bp", "commitments", "follow_ups", "leads"]
