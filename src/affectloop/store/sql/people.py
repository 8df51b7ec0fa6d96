"""Learners as pseudonyms, their names in the vault, and their classes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

from sqlalchemy import delete, select

from affectloop.errors import InvalidInput
from affectloop.policy.profile import Profile, profile
from affectloop.store.sql.database import EVERY_TENANT, Store, Work
from affectloop.store.sql.keys import DataKey
from affectloop.store.sql.sessions import erase_sessions, taught
from affectloop.store.sql.tables import (
    Baseline,
    ConsentGiven,
    Enrolment,
    Learner,
    LearnerKey,
    Teaching,
    Tenant,
    Token,
    TrainingSession,
    VaultName,
)


class UnknownLearner(InvalidInput):
    """There is no such learner in this tenant, or they were erased."""

    def __init__(self, learner_id: str) -> None:
        super().__init__(f"no learner {learner_id} in this tenant: create one, or check the pseudonym")


def add_tenant(store: Store, tenant_id: str, *, title: str, profile: str) -> Tenant:
    """A tenant, made unless it is there: one that is there stays as it is, its profile too."""
    with store.work(EVERY_TENANT) as work:
        tenant = work.rows.get(Tenant, tenant_id)
        if tenant is None:
            tenant = Tenant(tenant_id=tenant_id, title=title, profile=profile, created_at_us=work.now_us)
            work.rows.add(tenant)
        return tenant


def tenants(store: Store) -> list[Tenant]:
    """Every tenant."""
    with store.reading(EVERY_TENANT) as work:
        return list(work.rows.scalars(select(Tenant).order_by(Tenant.tenant_id)))


class People:
    """The people of one tenant."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def tenant(self, *, anew: bool = False) -> Tenant:
        """The tenant itself; ``anew`` asks again, after waiting for a lock."""
        return self._rows.get_one(Tenant, self._work.tenant_id, populate_existing=anew)

    def own_profile(self) -> Profile:
        """The profile that the tenant is under."""
        return profile(self.tenant().profile)

    def add(self, *, known_elsewhere_as: str | None = None, birth_year: int | None = None, name: str | None = None) -> Learner:
        """A learner, with a key of their own.

        One whom another system names ``known_elsewhere_as`` keeps their pseudonym, so that adding them again is
        finding them; what is given anew replaces what was known.
        """
        tenant_id = self._work.tenant_id
        learner_id = self._work.keys.pseudonym(tenant_id, known_elsewhere_as) if known_elsewhere_as else secrets.token_hex(12)
        learner = self._rows.get(Learner, (tenant_id, learner_id))
        if learner is None or learner.erased_at_us is not None:
            learner = learner or Learner(tenant_id=tenant_id, learner_id=learner_id, created_at_us=self._work.now_us)
            learner.birth_year, learner.erased_at_us = None, None
            wrapped = self._work.keys.seal(DataKey.fresh().secret, "learner-key", tenant_id, learner_id)
            self._rows.add_all([learner, LearnerKey(tenant_id=tenant_id, learner_id=learner_id, wrapped=wrapped)])
            self._rows.flush()
        learner.birth_year = learner.birth_year if birth_year is None else birth_year
        if name:
            self._put_name(learner_id, name)
        return learner

    def learner(self, learner_id: str, *, locked: bool = False) -> Learner:
        """A learner; ``locked`` lets nobody else change their consents or sessions until the transaction ends."""
        found = self._find(learner_id, locked=locked)
        if found is None:
            raise UnknownLearner(learner_id)
        return found

    def is_known(self, learner_id: str) -> bool:
        """Whether there is such a learner."""
        return self._find(learner_id) is not None

    def lock_all(self) -> None:
        """Let no session start and no consent change until the transaction ends."""
        self._rows.scalars(select(Learner.learner_id).order_by(Learner.learner_id).with_for_update()).all()

    def learners(self, class_id: str | None = None, taught_by: str | None = None) -> Sequence[Learner]:
        """Those of a class, or all; newest first; ``taught_by`` leaves only those in classes of that teacher."""
        query = select(Learner).where(Learner.erased_at_us.is_(None)).order_by(Learner.created_at_us.desc(), Learner.learner_id)
        if class_id is not None:
            query = query.where(Learner.learner_id.in_(select(Enrolment.learner_id).where(Enrolment.class_id == class_id)))
        if taught_by is not None:
            query = query.where(Learner.learner_id.in_(taught(taught_by)))
        return self._rows.scalars(query).all()

    def key(self, learner_id: str) -> DataKey:
        """The learner's key."""
        row = self._rows.get(LearnerKey, (self._work.tenant_id, learner_id))
        if row is None:
            raise UnknownLearner(learner_id)
        return DataKey(self._work.keys.unseal(row.wrapped, "learner-key", self._work.tenant_id, learner_id))

    def name(self, learner_id: str) -> str | None:
        """Who it is, from the vault; audit who asks."""
        row = self._rows.get(VaultName, (self._work.tenant_id, learner_id))
        if row is None:
            return None
        content = json.loads(self.key(learner_id).unseal(row.sealed, "name", self._work.tenant_id, learner_id))
        return str(content["name"])

    def enrol(self, learner_id: str, class_id: str) -> None:
        """Put a learner into a class, once."""
        key = (self._work.tenant_id, class_id, learner_id)
        if self._rows.get(Enrolment, key) is None:
            tenant_id = self._work.tenant_id
            self._rows.add(Enrolment(tenant_id=tenant_id, class_id=class_id, learner_id=learner_id, enrolled_at_us=self._work.now_us))

    def classes(self, learner_id: str) -> Sequence[str]:
        """The classes that a learner is in."""
        return self._rows.scalars(select(Enrolment.class_id).where(Enrolment.learner_id == learner_id).order_by(Enrolment.class_id)).all()

    def give_class(self, class_id: str, holder: str) -> None:
        """Let a teacher have a class, once."""
        key = (self._work.tenant_id, class_id, holder)
        if self._rows.get(Teaching, key) is None:
            self._rows.add(Teaching(tenant_id=key[0], class_id=class_id, holder=holder, since_us=self._work.now_us))

    def take_class(self, class_id: str, holder: str) -> bool:
        """Take a class from a teacher; ``False`` where it was not theirs."""
        row = self._rows.get(Teaching, (self._work.tenant_id, class_id, holder))
        if row is None:
            return False
        self._rows.delete(row)
        self._rows.flush()
        return True

    def teachers(self) -> Sequence[Teaching]:
        """Who teaches which class."""
        return self._rows.scalars(select(Teaching).order_by(Teaching.class_id, Teaching.holder)).all()

    def is_taught_by(self, learner_id: str, holder: str) -> bool:
        """Whether a learner is in a class of that teacher."""
        return self._rows.scalars(taught(holder).where(Enrolment.learner_id == learner_id).limit(1)).first() is not None

    def erase(self, learner_id: str) -> dict[str, str]:
        """Delete the learner's key, name, consents, sessions and results; gives the sessions to be forgotten, with their keys' names.

        What is left is a pseudonym with the time of its erasure, and the audit entries that name it.
        """
        learner = self.learner(learner_id, locked=True)
        own = self._rows.scalars(select(TrainingSession).where(TrainingSession.learner_id == learner_id)).all()
        sessions = {row.session_id: row.key_id for row in own}
        for table in (LearnerKey, VaultName, Enrolment, ConsentGiven, Baseline, Token):
            self._rows.execute(delete(table).where(table.learner_id == learner_id))
        erase_sessions(self._work, sessions)
        learner.birth_year, learner.erased_at_us = None, self._work.now_us
        return sessions

    def _find(self, learner_id: str, *, locked: bool = False) -> Learner | None:
        key = (self._work.tenant_id, learner_id)
        found = self._rows.get(Learner, key, with_for_update=True if locked else None, populate_existing=locked)
        return None if found is None or found.erased_at_us is not None else found

    def _put_name(self, learner_id: str, name: str) -> None:
        sealed = self.key(learner_id).seal(json.dumps({"name": name}).encode(), "name", self._work.tenant_id, learner_id)
        self._rows.merge(VaultName(tenant_id=self._work.tenant_id, learner_id=learner_id, sealed=sealed))
