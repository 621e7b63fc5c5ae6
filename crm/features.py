"""What the application is made of: the pages and the commands of every feature."""

from __future__ import annotations

import click
from flask import Blueprint

from crm.accounts import cli as accounts_cli
from crm.accounts import routes as accounts
from crm.api import routes as api
from crm.area_customers import routes as area_customers
from crm.bookings import routes as bookings
from crm.compose import routes as compose
from crm.compose import series_routes
from crm.customers import routes as customers
from crm.demo import cli as demo_cli
from crm.duplicates import routes as duplicates
from crm.home import routes as home
from crm.inbox import routes as inbox
from crm.intake import cli as collection_cli
from crm.intake import routes as collection
from crm.invoices import cli as invoices_cli
from crm.invoices import routes as invoices
from crm.kernel import health
from crm.leads import routes as leads
from crm.loyalty import cli as loyalty_cli
from crm.loyalty import routes as loyalty
from crm.message_templates import routes as message_templates
from crm.messages import blueprint
from crm.messages import cli as messages_cli
from crm.opt_outs import routes as opt_outs
from crm.programs.doctor import doctor
from crm.programs.worker import worker
from crm.senders import routes as senders
from crm.stats import cli as stats_cli
from crm.stats import routes as stats
from crm.webhooks import routes as webhooks

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.bp,
    accounts.bp,
    customers.bp,
    duplicates.bp,
    blueprint.bp,
    inbox.bp,
    loyalty.bp,
    invoices.bp,
    bookings.bp,
    area_customers.bp,
    leads.bp,
    stats.bp,
    collection.bp,
    home.bp,
    *api.BLUEPRINTS,
)

COMMANDS: tuple[click.Command, ...] = (
    *accounts_cli.GROUPS,
    *messages_cli.GROUPS,
    *loyalty_cli.GROUPS,
    *invoices_cli.GROUPS,
    *stats_cli.GROUPS,
    *collection_cli.GROUPS,
    demo_cli.demo,
    doctor,
    worker,
)

PAGES_OF_MESSAGES = (compose, message_templates, opt_outs, senders, series_routes, webhooks)
"""Modules that add their pages to one blueprint."""
