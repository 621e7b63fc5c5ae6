"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import os
import sys

from config import ConfigError
from crm import create_app
from crm.programs import processes

processes.keep_secrets()
os.umask(0o077)  # the database and the files are for nobody else on this machine

try:
    app = create_app()
except ConfigError as error:
    sys.exit(str(error))
