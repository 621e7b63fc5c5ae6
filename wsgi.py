"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import sys

from config import ConfigError
from crm import create_app, processes

processes.keep_secrets()
try:
    app = create_app()
except ConfigError as error:
    sys.exit(str(error))
