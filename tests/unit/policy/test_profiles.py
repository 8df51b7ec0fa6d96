"""The profiles as data."""

import pytest

from affectloop.policy.profile import Profile, Role, profile, profiles
from affectloop.topics import TOPICS, Privacy, View

EVERY = [pytest.param(known, id=name) for name, known in profiles().items()]


def test_the_profiles_that_the_documents_name_are_there() -> None:
    assert {"eu-school", "uk-school", "us-school", "cn-school", "research", "demo"} == set(profiles())


@pytest.mark.parametrize("known", EVERY)
def test_every_profile_says_what_every_role_sees_and_how_long_all_is_kept(known: Profile) -> None:
    assert (set(known.sees), set(known.retention_s)) == (set(Role), set(Privacy))


@pytest.mark.parametrize("known", EVERY)
def test_no_device_sees_anything(known: Profile) -> None:
    assert known.sees[Role.DEVICE] == frozenset()


@pytest.mark.parametrize("known", EVERY)
def test_a_teacher_never_sees_how_a_pupil_feels(known: Profile) -> None:
    assert not known.sees[Role.TEACHER] & {View.ESTIMATES, View.FEATURES, View.SIGNALS}


@pytest.mark.parametrize("known", EVERY)
def test_estimates_are_shown_only_where_they_are_made(known: Profile) -> None:
    seen = any(known.shows(role, View.ESTIMATES) for role in Role)
    assert known.emotion_inference or not seen


@pytest.mark.parametrize("known", EVERY)
def test_what_a_profile_keeps_outlives_no_topic_by_accident(known: Profile) -> None:
    longest = max(topic.retention_s for topic in TOPICS if topic.privacy is Privacy.DERIVED)
    assert known.retention_s[Privacy.RAW] <= known.retention_s[Privacy.DERIVED] <= longest


def test_the_default_profile_measures_nobody() -> None:
    assert (profile(None).modalities, profile(None).emotion_inference) == (frozenset(), False)
