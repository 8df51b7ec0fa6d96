"""Durable facts: SQLAlchemy tables, migrations and repositories."""
