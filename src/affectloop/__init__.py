"""Affectloop: the library that every service stands on. Imported, never run (``cli`` excepted)."""

import os as _os

__version__ = "0.1.0"

# ONNX Runtime's Linux wheels report home unless told not to before their first import, and nothing here asks a third party.
_os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
