"""The errors that Affectloop raises on purpose: each names what is wrong and what to do about it."""


class AffectloopError(Exception):
    """Any error that the project raises on purpose."""


class InvalidMessage(AffectloopError):
    """A message that breaks the contract.

    It goes to the dead-letter topic with its cause; nothing else is disturbed.

    Parameters
    ----------
    field
        The field that is wrong, as it is spelt in the contract (``SignalChunk.samples``).
    problem
        What is wrong with it.
    remedy
        What the sender can do.
    """

    def __init__(self, field: str, problem: str, remedy: str = "") -> None:
        self.field = field
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{field}: {problem}" + (f"; {remedy}" if remedy else ""))


class InvalidInput(AffectloopError):
    """A file, device or argument that cannot be used; the message names it and the remedy."""


class NotAllowed(AffectloopError):
    """Policy or a missing consent forbids it; unknown means no."""


class CannotOpen(AffectloopError):
    """A sealed payload whose key is unknown, or which was changed on the way."""


class Unavailable(AffectloopError):
    """Something that this needs is not there (a broker, a model, an extra); the message says how to get it."""
