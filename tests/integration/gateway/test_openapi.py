"""The interface is what its description says: whatever is sent, the answer is one that is declared, and never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.parameters import ParameterLocation

from school import School, school, template

EXAMPLES = 8  # an operation and kind of data: what is sent is the same in every run
# Rules between fields, which a schema of fields does not say: that a learner is named one way, that a token names its holder, ...
RULED = {"POST /v1/sessions", "PUT /v1/tenant/profile", "POST /v1/tokens", "POST /v1/sessions/{session_id}/trials"}
RULED |= {"POST /v1/sessions/{session_id}/end", "PUT /v1/learners/{learner_id}/consents/{modality}"}


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """One school for all requests; on its clock no minute ends, so its limits are far away."""
    limits = {"requests_per_10_s": 10**9, "refusals_per_min": 10**9, "longest_poll_s": 0.01}
    with school(template(tmp_path_factory.mktemp("database")), tmp_path_factory.mktemp("school"), **limits) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(at: School) -> Any:
    """The description, as the gateway gives it."""
    return schemathesis.openapi.from_asgi("/v1/openapi.json", at.client.app)


def sent(case: Any, known: dict[str, str], is_known: bool) -> None:
    """Send a request, of something that is there or of whatever was made up, and hold the answer against every check."""
    if is_known:
        case.path_parameters = {name: known.get(name, value) for name, value in (case.path_parameters or {}).items()}
    excluded = [CHECKS.get_one("positive_data_acceptance")] if case.operation.label in RULED else []
    if not is_wrong(case, ParameterLocation.BODY):  # a token is sent all the same, and a parameter that nobody knows is passed over
        excluded.append(CHECKS.get_one("negative_data_rejection"))
    case.call_and_validate(headers={"Authorization": f"Bearer {known['token']}"}, excluded_checks=excluded)


def is_wrong(case: Any, part: ParameterLocation) -> bool:
    """Whether this part of the request breaks the description on purpose."""
    found = case.meta.components.get(part)
    return found is not None and found.mode is GenerationMode.NEGATIVE


def asked(operation: Any, mode: GenerationMode, known: dict[str, str], at: School) -> None:
    """Ask one operation with what its description allows, or forbids."""

    @seed(7)
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any, is_known: bool) -> None:
        at.tokens.clear()  # a token may have signed itself out
        sent(case, {**known, "token": at.token()}, is_known)

    ask()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_declared(mode: GenerationMode, api: Any, at: School) -> None:
    problems = []
    for found in api.get_all_operations():
        at.tokens.clear()
        operation, learner_id = found.ok(), at.learner()
        known = {"learner_id": learner_id, "session_id": at.start(learner_id)["session_id"]}
        try:
            asked(operation, mode, known, at)
        except BaseExceptionGroup as failed:
            problems += [f"{operation.label}: {failed}"]
    assert not problems, "\n\n".join(problems)
