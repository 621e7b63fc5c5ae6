"""Logs as lines or JSON, without personal data."""

from __future__ import annotations

import logging
from typing import Any

import sentry_sdk
import structlog
from flask import Flask

from crm.kernel import redaction


def init_app(app: Flask) -> None:
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redaction.without_rows_processor,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    if not any(isinstance(h.formatter, structlog.stdlib.ProcessorFormatter) for h in root.handlers):
        root.addHandler(handler)
    root.setLevel(app.config["LOG_LEVEL"])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if app.config["SENTRY_DSN"]:
        sentry_sdk.init(**sentry_options(app.config["SENTRY_DSN"]))


def sentry_options(dsn: str) -> dict[str, Any]:
    return {
        "dsn": dsn,
        "send_default_pii": False,
        "include_local_variables": False,
        "include_source_context": False,
        "max_request_body_size": "never",
        "max_breadcrumbs": 0,
        "traces_sample_rate": None,
        "before_send": redaction.scrub,
        "before_send_transaction": redaction.scrub,
        "before_breadcrumb": lambda crumb, hint: None,
    }
