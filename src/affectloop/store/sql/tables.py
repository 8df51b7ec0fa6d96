"""The tables of durable facts. Every row belongs to one tenant, and the database keeps tenants apart.

Times are microseconds since 1970 (``_us``), as everywhere. A change here needs a migration; a test compares both.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKeyConstraint, Index, Integer, LargeBinary, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Names of constraints, so that migrations can speak of them.
NAMES = {"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "fk": "fk_%(table_name)s_%(referred_table_name)s"}
Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what it calls INTEGER


class Table(DeclarativeBase):
    """What all tables have in common."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {int: BigInteger(), str: String(), bytes: LargeBinary(), dict[str, Any]: JSON()}  # noqa: RUF012


class Owned(Table):
    """A row that belongs to a tenant."""

    __abstract__ = True
    tenant_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)


def of_learner() -> ForeignKeyConstraint:
    """The row belongs to a learner of the same tenant."""
    return ForeignKeyConstraint(["tenant_id", "learner_id"], ["learners.tenant_id", "learners.learner_id"])


def of_session() -> ForeignKeyConstraint:
    """The row belongs to a session of the same tenant, and goes with it."""
    return ForeignKeyConstraint(["tenant_id", "session_id"], ["sessions.tenant_id", "sessions.session_id"], ondelete="CASCADE")


class Tenant(Owned):
    """A school, or whoever runs the training for its learners."""

    __tablename__ = "tenants"
    title: Mapped[str]
    profile: Mapped[str]  # jurisdiction profile
    created_at_us: Mapped[int]


class Learner(Owned):
    """A person, as a pseudonym."""

    __tablename__ = "learners"
    learner_id: Mapped[str] = mapped_column(primary_key=True)
    birth_year: Mapped[int | None]  # the year alone, for the age that consent depends on
    created_at_us: Mapped[int]
    erased_at_us: Mapped[int | None]


class LearnerKey(Owned):
    """The key of a learner's data, wrapped by the installation's; deleting the row erases what it sealed."""

    __tablename__ = "learner_keys"
    __table_args__ = (of_learner(),)
    learner_id: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]


class VaultName(Owned):
    """Who a pseudonym is, sealed with the learner's key; apart from everything else."""

    __tablename__ = "vault_names"
    __table_args__ = (of_learner(),)
    learner_id: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class Enrolment(Owned):
    """A learner in a class."""

    __tablename__ = "enrolments"
    __table_args__ = (of_learner(),)
    class_id: Mapped[str] = mapped_column(primary_key=True)
    learner_id: Mapped[str] = mapped_column(primary_key=True)
    enrolled_at_us: Mapped[int]


class Teaching(Owned):
    """Whose class it is: what a teacher sees of learners follows from here."""

    __tablename__ = "teachings"
    class_id: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(primary_key=True)  # of the teacher's tokens
    since_us: Mapped[int]


class ConsentGiven(Owned):
    """An answer: person x modality x purpose x version of the profile's text."""

    __tablename__ = "consents"
    __table_args__ = (of_learner(),)
    learner_id: Mapped[str] = mapped_column(primary_key=True)
    modality: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(primary_key=True)  # whose text was read
    version: Mapped[int] = mapped_column(primary_key=True)
    guardian: Mapped[bool]
    assent: Mapped[bool]
    given_at_us: Mapped[int]
    withdrawn_at_us: Mapped[int | None]
    expires_at_us: Mapped[int | None]


class TrainingSession(Owned):
    """A session; with the wrapped key it can be put into live state again, without it nobody can read its records."""

    __tablename__ = "sessions"
    __table_args__ = (
        of_learner(),
        Index("ix_sessions_learner", "tenant_id", "learner_id"),
        Index("ix_sessions_closed", "profile", "closed_at_us"),
    )
    session_id: Mapped[str] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    profile: Mapped[str]
    mode: Mapped[str]
    emotion_inference: Mapped[bool]
    consented: Mapped[list[str]] = mapped_column(JSON())
    streams: Mapped[list[list[str]]] = mapped_column(JSON())
    started_at_us: Mapped[int]  # on the session's own clock; a replay's lies in the past
    created_at_us: Mapped[int]
    ended_at_us: Mapped[int | None]  # on the session's own clock
    closed_at_us: Mapped[int | None]  # on this machine's: retention counts from here
    faults: Mapped[list[list[str]]] = mapped_column(JSON())  # service and topic: where a fault stopped it
    changes: Mapped[int]  # how many SessionChanged events there were: the next one's sequence
    trials: Mapped[int]  # the number of the last trial
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes | None]  # None once the retention of what it seals has ended
    grant: Mapped[bytes]  # digest of the token that devices stream with


class SessionChangeNoted(Owned):
    """What happened to a session."""

    __tablename__ = "session_changes"
    __table_args__ = (of_session(),)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at_us: Mapped[int]
    change: Mapped[str]
    consented: Mapped[list[str]] = mapped_column(JSON())


class Trial(Owned):
    """An answered item."""

    __tablename__ = "trials"
    __table_args__ = (of_session(), UniqueConstraint("tenant_id", "session_id", "number"))
    session_id: Mapped[str] = mapped_column(primary_key=True)
    trial_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    event_time_us: Mapped[int]
    item: Mapped[dict[str, Any]]
    answer: Mapped[str]
    correct: Mapped[bool]
    valid: Mapped[bool]
    reaction_time_ms: Mapped[float | None]
    shown_ms: Mapped[float | None]
    shown_frames: Mapped[int | None]
    refresh_hz: Mapped[float | None]
    wished_levels: Mapped[int | None]
    request_digest: Mapped[str]  # of all that was sent, so that the same name with other content shows


class DirectiveGiven(Owned):
    """What the recommender said after a trial."""

    __tablename__ = "directives"
    __table_args__ = (of_session(),)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    event_time_us: Mapped[int]
    directive: Mapped[dict[str, Any]]


class Baseline(Owned):
    """What was learnt of a learner and serves later sessions (a neutral face, a resting level, an ability), sealed."""

    __tablename__ = "baselines"
    __table_args__ = (of_learner(),)
    learner_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str]
    sequence: Mapped[int]
    event_time_us: Mapped[int]
    sealed: Mapped[bytes]


class Result(Owned):
    """What a session came to, or a test."""

    __tablename__ = "results"
    __table_args__ = (of_session(), Index("ix_results_learner", "tenant_id", "learner_id"))
    session_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    at_us: Mapped[int]
    figures: Mapped[dict[str, Any]]


class AuditEntry(Owned):
    """Who did or saw what; each entry carries the digest of the one before."""

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(primary_key=True)
    at_us: Mapped[int]
    actor: Mapped[str]  # a token's identifier, never a name
    holder: Mapped[str]  # whom that token was made for
    role: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    previous: Mapped[str]
    digest: Mapped[str]


class Token(Owned):
    """A bearer token, of which only the hash is kept."""

    __tablename__ = "tokens"
    __table_args__ = (UniqueConstraint("tenant_id", "secret_hash"),)
    token_id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str]
    role: Mapped[str]
    holder: Mapped[str]  # the person or system that it was made for, as the school's directory calls them; not their name
    learner_id: Mapped[str | None]  # whose token it is, for learners
    created_at_us: Mapped[int]
    expires_at_us: Mapped[int | None]
    revoked_at_us: Mapped[int | None]


class OutboxRow(Owned):
    """A fact on its way to the bus: stored with what it tells, published afterwards, in this order."""

    __tablename__ = "outbox"
    __table_args__ = (of_session(), Index("ix_outbox_waiting", "published_at_us", "number"))
    tenant_id: Mapped[str] = mapped_column(primary_key=False, sort_order=-1)
    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    session_id: Mapped[str]
    topic: Mapped[str]
    headers: Mapped[dict[str, Any]]
    payload: Mapped[bytes]
    stored_at_us: Mapped[int]
    published_at_us: Mapped[int | None]
