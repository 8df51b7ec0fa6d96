"""Learners as pseudonyms, their names in the vault, their classes and their consents."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from affectloop.errors import InvalidInput
from affectloop.events import Modality
from affectloop.policy.consent import Consent
from affectloop.policy.profile import Purpose
from affectloop.store.sql.database import EVERY_TENANT, Store, Work
from affectloop.store.sql.keys import DataKey
from affectloop.store.sql.sessions import erase_sessions
from affectloop.store.sql.tables import Baseline, ConsentGiven, Enrolment, Learner, LearnerKey, Tenant, Token, TrainingSession, VaultName


class UnknownLearner(InvalidInput):
    """There is no such learner in this tenant, or they were erased."""

    def __init__(self, learner_id: str) -> None:
        super().__init__(f"no learner {learner_id} in this tenant: create one, or check the pseudonym")


def add_tenant(store: Store, tenant_id: str, *, title: str, profile: str) -> Tenant:
    """A tenant, made unless it is there; its profile is set to ``profile``."""
    with store.work(EVERY_TENANT) as work:
        tenant = work.rows.get(Tenant, tenant_id)
        if tenant is None:
            tenant = Tenant(tenant_id=tenant_id, title=title, profile=profile, created_at_us=work.now_us)
            work.rows.add(tenant)
        tenant.profile = profile
        return tenant


class People:
    """The people of one tenant."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def tenant(self) -> Tenant:
        """The tenant itself."""
        return self._rows.get_one(Tenant, self._work.tenant_id)

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
        found = self._rows.get(Learner, (self._work.tenant_id, learner_id), with_for_update=True if locked else None)
        if found is None or found.erased_at_us is not None:
            raise UnknownLearner(learner_id)
        return found

    def learners(self, class_id: str | None = None) -> Sequence[Learner]:
        """Those of a class, or all; newest first."""
        query = select(Learner).where(Learner.erased_at_us.is_(None)).order_by(Learner.created_at_us.desc(), Learner.learner_id)
        if class_id is not None:
            query = query.where(Learner.learner_id.in_(select(Enrolment.learner_id).where(Enrolment.class_id == class_id)))
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

    def erase(self, learner_id: str) -> list[str]:
        """Delete the learner's key, name, consents, sessions and results; gives the sessions that live state must forget.

        What is left is a pseudonym with the time of its erasure, and the audit entries that name it.
        """
        learner = self.learner(learner_id, locked=True)
        own = select(TrainingSession.session_id).where(TrainingSession.learner_id == learner_id)
        sessions = list(self._rows.scalars(own).all())
        for table in (LearnerKey, VaultName, Enrolment, ConsentGiven, Baseline, Token):
            self._rows.execute(delete(table).where(table.learner_id == learner_id))
        erase_sessions(self._work, sessions)
        learner.birth_year, learner.erased_at_us = None, self._work.now_us
        return sessions

    def _put_name(self, learner_id: str, name: str) -> None:
        sealed = self.key(learner_id).seal(json.dumps({"name": name}).encode(), "name", self._work.tenant_id, learner_id)
        self._rows.merge(VaultName(tenant_id=self._work.tenant_id, learner_id=learner_id, sealed=sealed))


class Consents:
    """The answers of one tenant's people."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def of(self, learner_id: str) -> list[Consent]:
        """Every answer, standing or not."""
        query = select(ConsentGiven).where(ConsentGiven.learner_id == learner_id)
        return [
            _consent(row) for row in self._rows.scalars(query.order_by(ConsentGiven.modality, ConsentGiven.purpose, ConsentGiven.version))
        ]

    def give(
        self,
        learner_id: str,
        modality: Modality,
        purpose: Purpose,
        version: int,
        *,
        guardian: bool,
        assent: bool,
        expires_at_us: int | None = None,
    ) -> Consent:
        """Note a yes. Guardian and learner may answer one after the other; after a withdrawal both must answer again."""
        now_us, tenant_id = self._work.now_us, self._work.tenant_id
        row = self._rows.get(ConsentGiven, (tenant_id, learner_id, modality.value, purpose.value, version))
        if row is None:
            key = {
                "tenant_id": tenant_id,
                "learner_id": learner_id,
                "modality": modality.value,
                "purpose": purpose.value,
                "version": version,
            }
            row = ConsentGiven(**key, guardian=False, assent=False, given_at_us=now_us)
            self._rows.add(row)
        if not _consent(row).stands(now_us):
            row.guardian, row.assent, row.withdrawn_at_us, row.expires_at_us, row.given_at_us = False, False, None, None, now_us
        row.guardian, row.assent = row.guardian or guardian, row.assent or assent
        row.expires_at_us = row.expires_at_us if expires_at_us is None else expires_at_us
        self._rows.flush()
        return _consent(row)

    def withdraw(self, learner_id: str, modalities: Iterable[Modality], purpose: Purpose | None = None) -> None:
        """Note a no: for one purpose, or for every one."""
        names = [modality.value for modality in modalities]
        query = select(ConsentGiven).where(
            ConsentGiven.learner_id == learner_id, ConsentGiven.modality.in_(names), ConsentGiven.withdrawn_at_us.is_(None)
        )
        if purpose is not None:
            query = query.where(ConsentGiven.purpose == purpose.value)
        for row in self._rows.scalars(query):
            row.withdrawn_at_us = self._work.now_us


def _consent(row: ConsentGiven) -> Consent:
    return Consent(
        modality=Modality(row.modality),
        purpose=Purpose(row.purpose),
        version=row.version,
        guardian=row.guardian,
        assent=row.assent,
        given_at_us=row.given_at_us,
        withdrawn_at_us=row.withdrawn_at_us,
        expires_at_us=row.expires_at_us,
    )
