"""The application factory."""

from __future__ import annotations

import gc

gc.disable()  # what is imported stays: looking through it again and again takes a third of the start

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from crm.accounts import access, navigation, request_log
from crm.features import FEATURES
from crm.kernel import errors, logs, manifest, storage
from crm.kernel.db import configure_engine
from crm.kernel.extensions import compress, csrf, db, migrate
from crm.kernel.tenancy import init_tenancy, verify_tenancy
from crm.web import environment, filters, memo, rows, security, static, uploads, urls
from crm.web.ids import IdConverter, dom_id

gc.freeze()  # it is never looked through, and processes that are forked share it
gc.enable()


def create_app(environ: Mapping[str, str] | None = None, instance: Path | None = None) -> Flask:
    """Return the application, configured from `environ` (default: the process's).

    `instance` is the folder of the default database, files and keys. Raises config.ConfigError.
    """
    instance = instance or config.ROOT / "instance"
    app = Flask(__name__, instance_path=str(instance))
    app.config.from_mapping(config.load(os.environ if environ is None else environ, instance))
    app.url_map.converters["id"] = IdConverter
    for part in (logs, environment, static):
        part.init_app(app)
    _init_database(app, instance)
    _open_storage(app)
    for part in (request_log, security, access, uploads):
        part.init_app(app)
    csrf.init_app(app)
    compress.init_app(app)
    errors.init_app(app, access.recognize)
    for part in (filters, memo, rows, urls):
        part.init_app(app)
    app.context_processor(navigation.template_globals)
    app.add_template_global(dom_id)
    manifest.init_app(app, FEATURES)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # the way Flask names for it
    return app


def _init_database(app: Flask, instance: Path) -> None:
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The connection that was used last comes first: it has pages in its memory, and plans.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_use_lifo": True, "hide_parameters": not app.debug}
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"))
    with app.app_context():
        configure_engine(db.engine)
        init_tenancy()
        verify_tenancy(db.engine)


def _open_storage(app: Flask) -> None:
    try:
        with app.app_context():
            storage.current()
    except ValueError as error:
        raise config.ConfigError(str(error)) from None
