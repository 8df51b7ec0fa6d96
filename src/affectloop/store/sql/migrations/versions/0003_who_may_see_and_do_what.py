"""Whose classes, whom a token is for, under which profile a consent was given, what a trial's request held; the audit log sealed."""

import hmac
import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    _add("trials", "request_digest", "")
    _add("tokens", "holder", "unknown")
    _add("audit", "holder", "")
    _seal_the_audit_logs()
    op.create_table(
        "teachings",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("tenant_id", "class_id", "holder")],
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "class_id", "holder", name="pk_teachings"),
    )
    _keep_tenants_apart("teachings")
    _name_the_profile_of_consents()


def downgrade() -> None:
    """There is no way back: the audit log cannot be chained by a plain hash again without being written anew."""
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _add(table: str, column: str, before: str) -> None:
    """A column of text; rows that were there hold ``before``."""
    op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=before))
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column, server_default=None)


def _seal_the_audit_logs() -> None:
    """What was chained by a plain hash is chained by the installation's key from here on."""
    bind, key = op.get_bind(), context.config.attributes["keys"].audit_key()
    columns = ("tenant_id", "number", "at_us", "actor", "holder", "role", "action", "subject")
    audit = sa.table("audit", *map(sa.column, (*columns, "previous", "digest")))
    newest: dict[str, str] = {}
    for row in bind.execute(sa.select(audit).order_by(audit.c.tenant_id, audit.c.number)).all():
        previous = newest.get(row.tenant_id, "0" * 64)
        content = [*(getattr(row, name) for name in columns), previous]
        newest[row.tenant_id] = digest = hmac.digest(key, json.dumps(content, ensure_ascii=True).encode(), "sha256").hex()
        own = (audit.c.tenant_id == row.tenant_id) & (audit.c.number == row.number)
        bind.execute(sa.update(audit).where(own).values(previous=previous, digest=digest))


def _name_the_profile_of_consents() -> None:
    """Those that were given before count for the profile that their tenant is under now."""
    bind = op.get_bind()
    before = [dict(row) for row in bind.execute(sa.text(
        "SELECT consents.*, tenants.profile FROM consents JOIN tenants ON tenants.tenant_id = consents.tenant_id"
    )).mappings()]  # fmt: skip
    op.drop_table("consents")
    made = op.create_table(
        "consents",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("tenant_id", "learner_id", "modality", "purpose", "profile")],
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("guardian", sa.Boolean(), nullable=False),
        sa.Column("assent", sa.Boolean(), nullable=False),
        sa.Column("given_at_us", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at_us", sa.BigInteger(), nullable=True),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id", "learner_id"], ["learners.tenant_id", "learners.learner_id"], name="fk_consents_learners"),
        sa.PrimaryKeyConstraint("tenant_id", "learner_id", "modality", "purpose", "profile", "version", name="pk_consents"),
    )
    _keep_tenants_apart("consents")
    if before:
        bind.execute(sa.insert(made), [_typed(row) for row in before])


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "guardian": bool(row["guardian"]), "assent": bool(row["assent"])}  # SQLite has no truth values


def _keep_tenants_apart(table: str) -> None:
    """Row-level security, for the owner too, as on every table."""
    if op.get_bind().dialect.name != "postgresql":
        return
    own = "tenant_id = current_setting('affectloop.tenant', true) OR current_setting('affectloop.tenant', true) = '*'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_tenant ON {table} USING ({own}) WITH CHECK ({own})")
