"""Make the tables, and keep tenants apart in PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "tenants", "learners", "learner_keys", "vault_names", "enrolments", "consents", "baselines", "tokens", "audit",
    "sessions", "session_changes", "trials", "directives", "results", "outbox",
)  # fmt: skip


def upgrade() -> None:
    """Bring the tables to this version."""
    _people()
    _staff()
    _sessions()
    _outbox()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            _keep_tenants_apart(table)


def downgrade() -> None:
    """Go back to nothing."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _people() -> None:
    _table("tenants", ["tenant_id"], text("title"), text("profile"), whole("created_at_us"))
    _table("learners", ["tenant_id", "learner_id"], may(whole("birth_year")), whole("created_at_us"), may(whole("erased_at_us")))
    _table("learner_keys", ["tenant_id", "learner_id"], blob("wrapped"), of_learner("learner_keys"))
    _table("vault_names", ["tenant_id", "learner_id"], blob("sealed"), of_learner("vault_names"))
    _table("enrolments", ["tenant_id", "class_id", "learner_id"], whole("enrolled_at_us"), of_learner("enrolments"))
    times = (whole("given_at_us"), may(whole("withdrawn_at_us")), may(whole("expires_at_us")))
    _table(
        "consents",
        ["tenant_id", "learner_id", "modality", "purpose", "version"],
        whole("version"),
        flag("guardian"),
        flag("assent"),
        *times,
        of_learner("consents"),
    )
    _table(
        "baselines",
        ["tenant_id", "learner_id", "name"],
        text("session_id"),
        whole("sequence"),
        whole("event_time_us"),
        blob("sealed"),
        of_learner("baselines"),
    )


def _staff() -> None:
    times = (whole("created_at_us"), may(whole("expires_at_us")), may(whole("revoked_at_us")))
    unique = sa.UniqueConstraint("tenant_id", "secret_hash", name="uq_tokens_tenant_id_secret_hash")
    _table("tokens", ["tenant_id", "token_id"], text("secret_hash"), text("role"), may(text("learner_id")), *times, unique)
    words = [text(name) for name in ("actor", "role", "action", "subject", "previous", "digest")]
    _table("audit", ["tenant_id", "number"], whole("number"), whole("at_us"), *words)


def _sessions() -> None:
    words = [text(name) for name in ("learner_id", "profile", "mode")]
    times = (whole("started_at_us"), whole("created_at_us"), may(whole("ended_at_us")), may(whole("closed_at_us")))
    lists = (flag("emotion_inference"), json("consented"), json("streams"))
    keys = (whole("changes"), whole("trials"), text("key_id"), may(blob("wrapped_key")), blob("grant"))
    _table("sessions", ["tenant_id", "session_id"], *words, *lists, *times, *keys, of_learner("sessions"))
    op.create_index("ix_sessions_learner", "sessions", ["tenant_id", "learner_id"])
    op.create_index("ix_sessions_closed", "sessions", ["profile", "closed_at_us"])
    _table(
        "session_changes",
        ["tenant_id", "session_id", "number"],
        whole("number"),
        whole("at_us"),
        text("change"),
        json("consented"),
        of_session("session_changes"),
    )
    unique = sa.UniqueConstraint("tenant_id", "session_id", "number", name="uq_trials_tenant_id_session_id_number")
    measured = (
        may(real("reaction_time_ms")),
        may(real("shown_ms")),
        may(whole("shown_frames")),
        may(real("refresh_hz")),
        may(whole("wished_levels")),
    )
    answer = (whole("number"), whole("event_time_us"), json("item"), text("answer"), flag("correct"), flag("valid"))
    _table("trials", ["tenant_id", "session_id", "trial_id"], *answer, *measured, of_session("trials"), unique)
    _table(
        "directives",
        ["tenant_id", "session_id", "number"],
        whole("number"),
        whole("event_time_us"),
        json("directive"),
        of_session("directives"),
    )
    _table("results", ["tenant_id", "session_id", "kind"], text("learner_id"), whole("at_us"), json("figures"), of_session("results"))
    op.create_index("ix_results_learner", "results", ["tenant_id", "learner_id"])


def _outbox() -> None:
    number = sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)
    columns = (text("tenant_id"), text("session_id"), text("topic"), json("headers"), blob("payload"))
    _table("outbox", ["number"], number, *columns, whole("stored_at_us"), may(whole("published_at_us")), of_session("outbox"))
    op.create_index("ix_outbox_waiting", "outbox", ["published_at_us", "number"])


def _keep_tenants_apart(table: str) -> None:
    """Row-level security, for the owner too; the setting is made anew in each transaction, and without it no row is there."""
    own = "tenant_id = current_setting('affectloop.tenant', true) OR current_setting('affectloop.tenant', true) = '*'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_tenant ON {table} USING ({own}) WITH CHECK ({own})")


def _table(name: str, key: list[str], *parts: Any) -> None:
    named = {part.name for part in parts if isinstance(part, sa.Column)}
    op.create_table(
        name, *[text(column) for column in key if column not in named], *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")
    )


def text(name: str) -> "sa.Column[Any]":
    """A column of text."""
    return sa.Column(name, sa.String(), nullable=False)


def whole(name: str) -> "sa.Column[Any]":
    """A column of whole numbers."""
    return sa.Column(name, sa.BigInteger(), nullable=False)


def real(name: str) -> "sa.Column[Any]":
    """A column of numbers."""
    return sa.Column(name, sa.Double(), nullable=False)


def flag(name: str) -> "sa.Column[Any]":
    """A column of yes and no."""
    return sa.Column(name, sa.Boolean(), nullable=False)


def blob(name: str) -> "sa.Column[Any]":
    """A column of bytes."""
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def json(name: str) -> "sa.Column[Any]":
    """A column of JSON."""
    return sa.Column(name, sa.JSON(), nullable=False)


def may(column: "sa.Column[Any]") -> "sa.Column[Any]":
    """The same column, which may be empty."""
    column.nullable = True
    return column


def of_learner(table: str) -> sa.ForeignKeyConstraint:
    """The row belongs to a learner of the same tenant."""
    there = ["learners.tenant_id", "learners.learner_id"]
    return sa.ForeignKeyConstraint(["tenant_id", "learner_id"], there, name=f"fk_{table}_learners")


def of_session(table: str) -> sa.ForeignKeyConstraint:
    """The row belongs to a session of the same tenant, and goes with it."""
    there = ["sessions.tenant_id", "sessions.session_id"]
    return sa.ForeignKeyConstraint(["tenant_id", "session_id"], there, name=f"fk_{table}_sessions", ondelete="CASCADE")
