import numpy as np
import pytest

from affectloop.events import EXPRESSIONS, FaceFeatures, Reason
from affectloop_face.detected_faces import CROP_SIDE, Unclassified
from affectloop_face.expression import Classify
from affectloop_learning.export.expression.golden import JAVASCRIPT_SAID, pattern
from unit.face.drawn import header


@pytest.fixture(scope="module")
def classify() -> Classify:
    return Classify()


def unclassified(number: int, crop_seed: int) -> Unclassified:
    features = FaceFeatures(header=header(number), quality=1, reason=Reason.GOOD)
    return Unclassified(header=features.header, features=features, crop=pattern(crop_seed))


def test_the_net_says_what_its_own_runtime_says(classify: Classify) -> None:
    ours = classify.probabilities(np.stack([pattern(seed) for seed in JAVASCRIPT_SAID]))
    assert np.abs(ours - np.array(list(JAVASCRIPT_SAID.values()))).max() < 1e-4


def test_only_what_waits_is_classified_and_the_order_stays(classify: Classify) -> None:
    plain = FaceFeatures(header=header(1), quality=0, reason=Reason.NO_FACE)
    first, second, third = classify([unclassified(0, 1), plain, unclassified(2, 6)])
    assert second is plain
    for event, seed in ((first, 1), (third, 6)):
        assert type(event) is FaceFeatures
        assert event.expression is not None
        assert event.expression.tolist() == pytest.approx(JAVASCRIPT_SAID[seed], abs=1e-4)


def test_a_batch_says_what_each_says_alone(classify: Classify) -> None:
    crops = np.random.default_rng(0).integers(0, 255, (5, CROP_SIDE, CROP_SIDE, 3)).astype(np.uint8)
    alone = np.concatenate([classify.probabilities(crop[None]) for crop in crops])
    assert np.abs(classify.probabilities(crops) - alone).max() < 1e-4
    assert alone.shape == (5, len(EXPRESSIONS))
