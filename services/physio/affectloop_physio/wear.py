"""Whether the band is on a wrist: one decision a second, before anything of it is told or learnt.

Skin temperature and its course, conductance and acceleration decide; a sensor that is not there says nothing, the others decide without
it. The pulse comes last: what beats with the movement alone is no heart, however regular. Every decision is a function of the last
two minutes of evidence (``DECISION_US``, and ``SETTLING_US`` for what it says of settling).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop.events import Reason
from affectloop_physio.sample_buffer import forget_hops
from affectloop_physio.settings import PhysioSettings

FloatArray = NDArray[np.float64]

SECOND_US = 1_000_000
DECISION_US = 60 * SECOND_US  # temperatures and postures that a decision looks at
SETTLING_US = 60 * SECOND_US  # after putting on no level is one of rest; laboratories wait for 5 to 15 minutes
OWN_US = 60 * SECOND_US  # for which a pulse that movement did not explain vouches for one that it could explain

# Limits chosen on sessions S01 to S10 of Stress-Predict; what they cost and save on the other ten: docs/results/physio.md.
AIR_MICROSIEMENS = 0.03  # an E4 without skin says 0 to 0.028; on skin none of these said as little
FALLEN_CELSIUS = 2.5  # below the warmest of the minute, and not rising: taken off (falls by 4 to 8 within 20 s; worn by 1.3 at most)
RISING_US, RISING_CELSIUS = 10 * SECOND_US, 0.2  # by more within it: put on again
WARMING_CELSIUS = 1.0  # above the coldest of the minute: skin under a band that was just put on (worn: below 0.8)
RESTLESS_G = 0.0015  # the posture's deviation within the minute: a wrist at a desk is this still 0.1 % of the time, a table always
LEAST_STILL = 30  # seconds of stillness before it says that this is no wrist
LEAST_OWN = 3  # hops of that minute


@dataclass(frozen=True, slots=True)
class Contact:
    """What a band's sensors say in one second; ``None`` where there is no such sensor, or no samples of it now.

    ``celsius``: mean temperature. ``microsiemens``: median conductance of the last 3 s. ``posture_g``: mean of each axis, (axes,).
    ``pulse``: whether there are samples of a PPG.
    """

    celsius: float | None = None
    microsiemens: float | None = None
    posture_g: FloatArray | None = None
    pulse: bool = False


@dataclass(frozen=True, slots=True)
class Wear:
    """Whether the band is worn: how sure (0 to 1) and why, or why not."""

    quality: float
    reason: Reason
    off_us: int | None = None  # the last hop that was off the body, if within the time of settling
    settled: bool = False  # on for a minute, and as warm as it gets: fit for a resting level

    @property
    def on(self) -> bool:
        """Worn, as far as the sensors know; ``UNSURE`` where none of them can know."""
        return self.reason in (Reason.GOOD, Reason.UNSURE)

    def on_for(self, closing_us: int, length_us: int) -> bool:
        """On, and throughout the time before."""
        return self.on and (self.off_us is None or self.off_us <= closing_us - length_us)


class WearTracker:
    """The decision, second by second."""

    def __init__(self, settings: PhysioSettings) -> None:
        self._settings = settings
        self._celsius: dict[int, float] = {}
        self._postures: dict[int, FloatArray] = {}
        self._off_us: int | None = None

    def decided(self, closing_us: int, contact: Contact) -> Wear:
        """Take a second's evidence."""
        self._take(closing_us, contact)
        quality, reason = self._judged(closing_us, contact)
        if reason is Reason.OFF_BODY:
            self._off_us = closing_us
        off_us = self._off_us if self._off_us is not None and self._off_us > closing_us - SETTLING_US else None
        settled = reason is Reason.GOOD and off_us is None and not self._warming(contact)
        return Wear(quality, reason, off_us, settled)

    def _take(self, closing_us: int, contact: Contact) -> None:
        if contact.celsius is not None:
            self._celsius[closing_us] = contact.celsius
        if contact.posture_g is not None:
            if self._postures and len(next(reversed(self._postures.values()))) != len(contact.posture_g):
                self._postures.clear()  # another sensor
            self._postures[closing_us] = contact.posture_g
        forget_hops(self._celsius, closing_us - DECISION_US)
        forget_hops(self._postures, closing_us - DECISION_US)

    def _judged(self, closing_us: int, contact: Contact) -> tuple[float, Reason]:
        """How sure it is that the band is worn, and the reason."""
        if contact.celsius is None and contact.microsiemens is None and contact.posture_g is None:
            return 0.0, Reason.UNSURE if contact.pulse else Reason.NO_SIGNAL
        bare = contact.microsiemens is not None and contact.microsiemens < AIR_MICROSIEMENS
        if bare or not self._warm(contact) or self._taken_off(closing_us, contact):
            return 0.0, Reason.OFF_BODY
        skin = contact.microsiemens is not None and contact.microsiemens >= self._settings.least_conductance_microsiemens
        restless = contact.posture_g is not None and self._unrest_g() > RESTLESS_G
        if not skin and not restless and contact.posture_g is not None:
            return 0.0, Reason.OFF_BODY if len(self._postures) >= LEAST_STILL else Reason.WARMING_UP
        return (skin + (contact.celsius is not None) + restless) / 3, Reason.GOOD

    def _warm(self, contact: Contact) -> bool:
        """Neither as cold as a room nor hotter than skin."""
        least, most = self._settings.least_skin_temperature_celsius, self._settings.highest_skin_temperature_celsius
        return contact.celsius is None or least <= contact.celsius <= most

    def _taken_off(self, closing_us: int, contact: Contact) -> bool:
        """The temperature fell as it does in air, and does not rise again."""
        if contact.celsius is None or max(self._celsius.values()) - contact.celsius < FALLEN_CELSIUS:
            return False
        lately = [celsius for at_us, celsius in self._celsius.items() if at_us > closing_us - RISING_US]
        return contact.celsius - min(lately) <= RISING_CELSIUS

    def _warming(self, contact: Contact) -> bool:
        return contact.celsius is not None and contact.celsius - min(self._celsius.values()) > WARMING_CELSIUS

    def _unrest_g(self) -> float:
        """How far the posture deviated, on the axis that moved most."""
        return float(np.array(list(self._postures.values())).std(axis=0).max())


class PulseOrigin:
    """Whose beat it is: a heart's, or the steps' that the acceleration shows too."""

    def __init__(self) -> None:
        self._own: dict[int, bool] = {}

    def take(self, closing_us: int, *, explained: bool) -> None:
        """A rate was found in this hop; whether movement explains it."""
        self._own[closing_us] = not explained

    def is_heart(self, closing_us: int) -> bool:
        """Whether what beats here, or beat a moment ago, was more than the movement."""
        forget_hops(self._own, closing_us - OWN_US)
        return self._own.get(closing_us, True) or sum(self._own.values()) >= LEAST_OWN

    def forget(self) -> None:
        """The band was off: what beat before vouches for nothing."""
        self._own.clear()
