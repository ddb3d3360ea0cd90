"""What a WSGI server imports: `wsgi:app`."""

from asanokai.app import create_app
from config import Config

app = create_app(Config.from_env())
