"""The figures of models/fusion-v1 on synthetic learners it never saw, beside simple baselines; runs the served graph, needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop import models
from affectloop.events import EXPRESSIONS
from affectloop_fusion.estimates import Answers, Gate
from affectloop_fusion.service import INPUTS, Net
from affectloop_fusion.settings import FusionSettings
from affectloop_fusion.tokens import FACE, VOICE, WRISTBAND, Array, Kind
from affectloop_learning.markdown import table
from affectloop_learning.progress import told
from affectloop_learning.synthetic.windows import TEST, Windows, trained_learners, windows

VALUES = ("valence", "arousal", "engagement", "strain")
BAND = 1.2816  # standard errors either side of a Gaussian's middle 80 %
RESAMPLES = 200  # of whole learners: windows of one learner are no independent witnesses
PATTERNS: dict[str, tuple[Kind, ...]] = {
    "all three": (),
    "face, wristband": (VOICE,),
    "face, voice": (WRISTBAND,),
    "wristband, voice": (FACE,),
    "face only": (WRISTBAND, VOICE),
    "wristband only": (FACE, VOICE),
    "voice only": (FACE, WRISTBAND),
}
Predict = Callable[[Windows], Array]


@dataclass(frozen=True, slots=True)
class Served:
    """The net as the service runs it."""

    net: Net
    gate: Gate

    def answers(self, data: Windows) -> Answers:
        """What it says of windows that came without a session."""
        return self.net.answers_to(dict(zip(INPUTS, data.ordered(), strict=True)))


def served(settings: FusionSettings) -> Served:
    """Load the model."""
    spread = np.array(models.config(settings.model)["spread"])
    return Served(Net(settings), Gate(settings.model, spread, settings.lowest_confidence))


def window_means(data: Windows) -> Array:
    """What the linear baseline sees: the mean of each feature over the window, whether it was measured, and 1."""
    columns = [np.ones((len(data), 1))]
    for values, mask in data.inputs.values():
        seen = mask.sum(axis=1)
        columns += [(values * mask).sum(axis=1) / np.maximum(seen, 1), seen > 0]
    return np.concatenate(columns, axis=1)


def linear(data: Windows) -> Predict:
    """Ridge regression on window means, its weight chosen small since there are far more windows than columns."""
    columns = window_means(data)
    weights = np.linalg.solve(columns.T @ columns + 100 * np.eye(columns.shape[1]), columns.T @ data.truth)
    return lambda asked: np.asarray(window_means(asked) @ weights)


def rmse(off: Array) -> Array:
    """Root mean square by value, (4,)."""
    return np.asarray(np.sqrt((off**2).mean(axis=0)))


def spread_over_learners(off: Array, learner: NDArray[np.int64]) -> Array:
    """Standard error of the root mean square by value, from resampling whole learners; (4,)."""
    _, place = np.unique(learner, return_inverse=True)
    count = np.bincount(place).astype(float)
    squares = np.stack([np.bincount(place, each) for each in (off**2).T], axis=1)
    draw = np.random.default_rng(0)
    chosen = draw.integers(len(count), size=(RESAMPLES, len(count)))
    return np.asarray(np.sqrt(squares[chosen].sum(axis=1) / count[chosen].sum(axis=1)[:, None]).std(axis=0))


def error_row(name: str, off: Array, learner: NDArray[np.int64]) -> list[str]:
    """A row of errors with their standard error."""
    return [name, *(f"{value:.3f} ± {error:.3f}" for value, error in zip(rmse(off), spread_over_learners(off, learner), strict=True))]


def errors_by_modality(net: Served, data: Windows, predict: dict[str, Predict], middle: Array) -> str:
    """The ablation: each subset of the modalities, by the net and by linear regression of its own, on the same windows."""
    rows = [error_row("says the mean", data.truth - middle, data.learner)]
    for name, absent in PATTERNS.items():
        asked = data.without(*absent)
        rows.append(error_row(f"linear: {name}", asked.truth - predict[name](asked), data.learner))
        rows.append(error_row(f"**net: {name}**", asked.truth - net.answers(asked).values, data.learner))
    return table(("root mean square error", *VALUES), rows)


def calibration(net: Served, data: Windows) -> str:
    """How often the truth lies in the 80 % band, how wide it is, what is abstained from, what the net rests on."""
    rows = []
    for name, absent in PATTERNS.items():
        asked = data.without(*absent)
        said = net.answers(asked)
        inside = np.abs(asked.truth - said.values) <= BAND * said.errors
        sure = net.gate.confidence(said.errors, said.shares, asked.trust)
        shares = " / ".join(f"{share:.2f}" for share in said.shares.mean(axis=0))
        cover = [f"{100 * part:.0f} %" for part in inside.mean(axis=0)]
        rows.append([name, *cover, f"{sure.mean():.2f}", f"{100 * (sure < net.gate.lowest_confidence).mean():.0f} %", shares])
    return table(("80 % bands hold", *VALUES, "mean confidence", "abstains", "share of face / wristband / voice"), rows)


def confidence_means_something(net: Served, data: Windows) -> str:
    """Errors of all test windows, with whatever was missing in them, by confidence."""
    said = net.answers(data)
    sure = net.gate.confidence(said.errors, said.shares, data.trust)
    rows = []
    for low, high in ((0.0, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 1.01)):
        which = (sure >= low) & (sure < high)
        rows.append(
            [
                f"{low:.1f} to {min(high, 1):.1f}",
                f"{100 * which.mean():.0f} %",
                *(f"{value:.3f}" for value in rmse((data.truth - said.values)[which])),
            ]
        )
    return table(("confidence", "of the windows", *(f"error of {value}" for value in VALUES)), rows)


def expressions(net: Served, data: Windows) -> str:
    """The expression over two seconds: the net, the mean of what the face service said, and always neutral."""
    seen = data.chosen(data.present()[:, 0])
    values, mask = seen.inputs[FACE]
    first = FACE.names.index(EXPRESSIONS[0])
    classes = slice(first, first + len(EXPRESSIONS))
    recent = (values * mask)[:, -8:, classes].sum(axis=1)
    guesses = {
        "net": net.answers(seen).expression.argmax(axis=1),
        "mean of the face service's": recent.argmax(axis=1),
        "always neutral": 0 * seen.labels,
    }
    rows = []
    for name, guess in guesses.items():
        recalls = [(guess[seen.labels == label] == label).mean() for label in range(len(EXPRESSIONS))]
        rows.append([name, f"{(guess == seen.labels).mean():.3f}", f"{np.mean(recalls):.3f}"])
    return table(("expression", "accuracy", "mean recall over the seven"), rows)


def seeds() -> str:
    """What ``affectloop train fusion`` noted of each seed: other weights, other learners, the same test."""
    runs = models.config("fusion-v1")["runs"]
    rows = []
    for guided in (True, False):
        errors = np.array([[run["rmse"][value] for value in VALUES] for run in runs if run["guided"] is guided])
        if not len(errors):
            continue
        name = "body guides the face" if guided else "without the guide"
        rows.append(
            [
                f"{name} ({len(errors)} seeds)",
                *(f"{mean:.4f} ± {spread:.4f}" for mean, spread in zip(errors.mean(axis=0), errors.std(axis=0), strict=True)),
            ]
        )
    return table(("root mean square error, all test windows", *VALUES), rows)


def worth_of_the_guide() -> str:
    """In words: whether the guide makes a difference beyond the spread over seeds."""
    runs = models.config("fusion-v1")["runs"]
    guided, alone = (
        np.array([[run["rmse"][value] for value in VALUES] for run in runs if run["guided"] is each]) for each in (True, False)
    )
    if len(guided) < 2 or len(alone) < 2:
        return "Too few seeds to say what the guide is worth."
    gain, spread = alone.mean(axis=0) - guided.mean(axis=0), np.maximum(guided.std(axis=0), alone.std(axis=0))
    better = [value for value, each, noise in zip(VALUES, gain, spread, strict=True) if each > 2 * noise]
    worth = f"lowers the error of {', '.join(better)}" if better else "makes no measurable difference to any value"
    return f"**On these synthetic sessions the guide {worth}** (a difference counts beyond twice the spread over seeds)."


def sections() -> Iterator[str]:
    """Every table, with what it says; headings are of the second level."""
    net, test = served(FusionSettings()), windows(TEST)
    whole = test.chosen(test.present().min(axis=1))
    told(f"  {len(test)} windows of {len(TEST)} learners, {len(whole)} with all three modalities", final=True)
    fitted = windows(trained_learners(0, 0, 700))
    predict = {name: linear(fitted.without(*absent)) for name, absent in PATTERNS.items()}
    told("  linear baselines fitted", final=True)
    config = models.config("fusion-v1")
    yield (
        f"`affectloop evaluate fusion` printed this: {len(test):,} windows of {len(TEST)} synthetic learners, none of whom"
        f" the net was trained or calibrated on. The net has {config['parameters']:,} parameters. **The truth is synthetic throughout.**\n"
    )
    yield (
        f"## Errors by modality\n\nOn the {len(whole):,} windows that hold something of all three modalities; ± is one standard error"
        " over learners. The linear regressions see the means of the same tokens and are fitted for their subset; the net is one and"
        " the same, with the others masked.\n\n" + errors_by_modality(net, whole, predict, fitted.truth.mean(axis=0)) + "\n"
    )
    yield "## Calibration, confidence, shares\n\nThe same windows.\n\n" + calibration(net, whole) + "\n"
    yield (
        "## Does confidence mean something\n\nAll test windows, with whatever was missing in them.\n\n"
        + confidence_means_something(net, test)
        + "\n"
    )
    yield "## Expression\n\n" + expressions(net, test) + "\n"
    yield "## Seeds, and what the guide is worth\n\n± is the spread over seeds.\n\n" + seeds() + "\n\n" + worth_of_the_guide() + "\n"
