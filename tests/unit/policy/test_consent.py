"""Who may be measured, under which profile, with whose yes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.events import Modality
from affectloop.policy.consent import Consent, consented, least_age_years, refusal
from affectloop.policy.profile import Purpose, profile, profiles

NOW_US = 1_767_225_600_000_000  # 2026-01-01
YES = Consent(
    modality=Modality.WRISTBAND, purpose=Purpose.TRAINING, profile="research", version=1, guardian=True, assent=True, given_at_us=NOW_US - 1
)
RESEARCH = profile("research")


def test_without_a_consent_nothing_is_allowed() -> None:
    assert consented(RESEARCH, [], age_years=15, now_us=NOW_US) == frozenset()


def test_one_consent_allows_its_own_modality_only() -> None:
    assert consented(RESEARCH, [YES], age_years=15, now_us=NOW_US) == {Modality.WRISTBAND}


@pytest.mark.parametrize(
    "consent",
    [
        replace(YES, withdrawn_at_us=NOW_US - 1),
        replace(YES, expires_at_us=NOW_US),
        replace(YES, given_at_us=NOW_US + 1),
        replace(YES, version=2),
        replace(YES, version=0),
        replace(YES, profile="demo"),
        replace(YES, purpose=Purpose.REPORT),
        replace(YES, guardian=False),
        replace(YES, assent=False),
    ],
    ids=[
        "withdrawn",
        "expired",
        "not yet given",
        "newer text",
        "older text",
        "another profile's text",
        "other purpose",
        "no guardian",
        "no assent",
    ],
)
def test_a_consent_that_does_not_stand_allows_nothing(consent: Consent) -> None:
    assert consented(RESEARCH, [consent], age_years=15, now_us=NOW_US) == frozenset()


def test_an_unknown_age_allows_nothing() -> None:
    assert consented(RESEARCH, [YES], age_years=None, now_us=NOW_US) == frozenset()


def test_a_grown_person_decides_alone() -> None:
    assert consented(RESEARCH, [replace(YES, guardian=False)], age_years=18, now_us=NOW_US) == {Modality.WRISTBAND}


def test_a_guardian_alone_does_not_decide_for_a_grown_person() -> None:
    assert consented(RESEARCH, [replace(YES, assent=False)], age_years=18, now_us=NOW_US) == frozenset()


def test_guardian_and_child_may_answer_one_after_the_other() -> None:
    answers = [replace(YES, assent=False), replace(YES, guardian=False)]
    assert consented(RESEARCH, answers, age_years=12, now_us=NOW_US) == {Modality.WRISTBAND}


def test_a_school_in_the_eu_has_no_modality_even_with_every_consent() -> None:
    answers = [replace(YES, modality=modality, profile="eu-school") for modality in Modality]
    assert consented(profile("eu-school"), answers, age_years=30, now_us=NOW_US) == frozenset()


def test_an_unknown_profile_is_the_strictest_one() -> None:
    assert [profile(name).name for name in (None, "", "atlantis", "../research")] == ["eu-school"] * 4


def test_a_refusal_says_what_is_wrong_and_what_to_do() -> None:
    refused = refusal(RESEARCH, Modality.FACE, [YES], age_years=15, now_us=NOW_US)
    assert refused is not None
    assert ("version 1" in refused.problem, refused.remedy) == (True, "ask for consent, then start anew")


def test_the_age_is_the_least_that_the_year_of_birth_allows() -> None:
    assert (least_age_years(2008, NOW_US), least_age_years(2008, NOW_US - 1), least_age_years(None, NOW_US)) == (17, 16, None)


FLAGS = st.booleans()
CONSENTS = st.lists(
    st.builds(
        Consent,
        modality=st.sampled_from(Modality),
        purpose=st.sampled_from(Purpose),
        profile=st.sampled_from(sorted(profiles())),
        version=st.integers(0, 2),
        guardian=FLAGS,
        assent=FLAGS,
        given_at_us=st.sampled_from([NOW_US - 1, NOW_US + 1]),
        withdrawn_at_us=st.sampled_from([None, NOW_US - 1]),
        expires_at_us=st.sampled_from([None, NOW_US, NOW_US + 1]),
    ),
    max_size=6,
)


@given(CONSENTS, st.sampled_from(sorted(profiles())), st.none() | st.integers(0, 40))
def test_nothing_is_ever_allowed_beyond_the_profile_and_the_answers(answers: list[Consent], name: str, age: int | None) -> None:
    allowed = consented(profile(name), answers, age_years=age, now_us=NOW_US)
    live = {
        answer.modality
        for answer in answers
        if answer.stands(NOW_US) and (answer.profile, answer.version, answer.purpose) == (name, 1, "training")
    }
    assert allowed <= profile(name).modalities & live


@given(CONSENTS, st.none() | st.integers(0, 40))
def test_withdrawing_every_answer_leaves_nothing(answers: list[Consent], age: int | None) -> None:
    withdrawn = [replace(answer, withdrawn_at_us=NOW_US) for answer in answers]
    assert not consented(RESEARCH, withdrawn, age_years=age, now_us=NOW_US)
