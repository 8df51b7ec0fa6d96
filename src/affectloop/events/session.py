"""What happens to a session, and what it learns once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop.events.header import Event
from affectloop.events.vocabulary import Modality, SessionChange
from affectloop.fields import array, number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SessionChanged(Event):
    """A session started, its consents changed, it ended, or a fault stopped it in one service; a fact.

    Stream ``session``; ``fault.<service>`` where a service says that it stopped the session.
    """

    change: SessionChange
    consented: tuple[Modality, ...] = ()  # the modalities allowed from now on
    profile: str = ""
    service: str = ""  # which one a fault stopped it in
    topic: str = ""  # to which that service brings nothing more of the session


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaselineMeasured(Event):
    """What a session learns once and needs to its end: a neutral face, a resting level, an ability.

    It applies from its event time on. The host stores the newest of each name before it acknowledges what it came
    from, and hands it to the processor that starts or takes over the session. Stream ``<service>.baseline.<name>``.
    """

    name: str
    values: NDArray[np.float64] = array("by name", -1e12, 1e12)  # (n,)
    measured_from_us: int | None = number("us since 1970", 1, 1 << 62, optional=True)  # it was measured from then to its event time
