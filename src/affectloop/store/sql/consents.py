"""What people agreed to: stored for what the profile allows, under the profile's own text."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select, update

from affectloop.errors import InvalidInput
from affectloop.events import Modality
from affectloop.policy.consent import Consent
from affectloop.policy.profile import Profile, Purpose
from affectloop.store.sql.database import Work
from affectloop.store.sql.tables import ConsentGiven


class NotToBeConsented(InvalidInput):
    """The profile does not allow it, whoever agrees."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{problem}: nobody can agree to it; see /v1/profiles")
        self.field = field


class Consents:
    """The answers of one tenant's people."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def of(self, learner_id: str) -> list[Consent]:
        """Every answer, standing or not."""
        query = select(ConsentGiven).where(ConsentGiven.learner_id == learner_id)
        return [
            _consent(row)
            for row in self._rows.scalars(
                query.order_by(ConsentGiven.modality, ConsentGiven.purpose, ConsentGiven.profile, ConsentGiven.version)
            )
        ]

    def give(
        self,
        learner_id: str,
        under: Profile,
        modality: Modality,
        purpose: Purpose,
        *,
        guardian: bool,
        assent: bool,
        expires_at_us: int | None = None,
    ) -> Consent:
        """Note a yes to the profile's text; ``NotToBeConsented`` where the profile allows no such thing.

        Guardian and learner may answer one after the other; after a withdrawal both must answer again.
        """
        _check(under, modality, purpose)
        now_us, tenant_id, version = self._work.now_us, self._work.tenant_id, under.consent_version
        row = self._rows.get(ConsentGiven, (tenant_id, learner_id, modality.value, purpose.value, under.name, version))
        if row is None:
            key = {
                "tenant_id": tenant_id,
                "learner_id": learner_id,
                "modality": modality.value,
                "purpose": purpose.value,
                "profile": under.name,
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

    def expired_in(self, learner_ids: Collection[str]) -> set[str]:
        """Those of these learners of whom an answer has expired."""
        query = select(ConsentGiven.learner_id).where(ConsentGiven.expires_at_us <= self._work.now_us)
        return set(self._rows.scalars(query.where(ConsentGiven.learner_id.in_(learner_ids)).distinct()))

    def withdraw_all(self) -> None:
        """Note that no answer of this tenant stands any more: what was agreed to is another thing now."""
        standing = update(ConsentGiven).where(ConsentGiven.withdrawn_at_us.is_(None))
        self._rows.execute(standing.values(withdrawn_at_us=self._work.now_us))


def _consent(row: ConsentGiven) -> Consent:
    return Consent(
        modality=Modality(row.modality),
        purpose=Purpose(row.purpose),
        profile=row.profile,
        version=row.version,
        guardian=row.guardian,
        assent=row.assent,
        given_at_us=row.given_at_us,
        withdrawn_at_us=row.withdrawn_at_us,
        expires_at_us=row.expires_at_us,
    )


def _check(under: Profile, modality: Modality, purpose: Purpose) -> None:
    if modality not in under.modalities:
        raise NotToBeConsented("modality", f"the profile {under.name} does not allow {modality}")
    if purpose not in under.purposes:
        raise NotToBeConsented("purpose", f"the profile {under.name} does not allow the purpose {purpose}")
