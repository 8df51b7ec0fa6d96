"""What all bodies and parameters of requests have in common: names, times, texts, and that nothing unknown is taken."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
EARLIEST_US, LATEST_US = 1, 1 << 62
LARGEST = (1 << 63) - 1  # that SQL holds as an integer
NUL = "\0"  # no database holds it in a text


def _without_nul(text: str) -> str:
    if NUL in text:
        raise ValueError("it holds the character NUL")
    return text


Name = Annotated[str, StringConstraints(max_length=256), AfterValidator(_without_nul)]  # of what there may be or not


class Body(BaseModel):
    """Nothing unknown is taken, and no text that a database does not hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=256)

    @model_validator(mode="before")
    @classmethod
    def _texts_without_nul(cls, content: Any) -> Any:
        texts = content.values() if isinstance(content, dict) else ()
        if any(NUL in text for text in texts if isinstance(text, str)):
            raise ValueError("a text holds the character NUL")
        return content
