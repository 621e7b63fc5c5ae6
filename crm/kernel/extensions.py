from __future__ import annotations

from flask_compress import Compress
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from crm.kernel.columns import Base
from crm.kernel.csrf import Csrf

db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()
csrf = Csrf()
login_manager = LoginManager()
compress = Compress()
