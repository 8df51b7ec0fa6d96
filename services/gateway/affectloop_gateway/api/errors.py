"""What a caller is told when something is wrong: the field, the problem, the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from affectloop.errors import InvalidInput, InvalidMessage, NotAllowed, Unavailable
from affectloop.store.sql.consents import NotToBeConsented
from affectloop.store.sql.people import UnknownLearner
from affectloop.store.sql.sessions import UnknownSession
from affectloop.store.sql.training import OtherTrial


class ProblemBody(BaseModel):
    """The body of every answer that is not a success."""

    field: str = Field(description="What is wrong, as the contract spells it.")
    problem: str = Field(description="What is wrong with it.")
    remedy: str = Field(description="What the caller can do.")


class Problem(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, field: str, problem: str, remedy: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.status = status
        self.body = {"field": field, "problem": problem, "remedy": remedy}
        self.headers = headers


def answer(problem: Problem) -> JSONResponse:
    """The problem as a response."""
    return JSONResponse(problem.body, problem.status, headers=problem.headers)


def install(app: FastAPI) -> None:
    """Answer the errors that the project raises on purpose."""

    async def problem(_request: Request, error: Any) -> JSONResponse:
        return answer(error if isinstance(error, Problem) else problem_of(error))

    for kind in (Problem, RequestValidationError, HTTPException, InvalidInput, InvalidMessage, NotAllowed, Unavailable):
        app.add_exception_handler(kind, problem)


def problem_of(error: Exception) -> Problem:
    """What the caller is told of an error."""
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return Problem(error.status_code, "request", str(error.detail), "see /v1/openapi.json", error.headers)
    if isinstance(error, InvalidMessage):
        return Problem(422, error.field, error.problem, error.remedy)
    problem, _, remedy = str(error).partition(": ")
    if isinstance(error, UnknownLearner):
        return Problem(404, "learner_id", problem, remedy)
    if isinstance(error, UnknownSession):
        return Problem(404, "session_id", problem, remedy)
    if isinstance(error, NotToBeConsented):
        return Problem(403, error.field, problem, remedy)
    if isinstance(error, OtherTrial):
        return Problem(409, "trial_id", problem, remedy)
    if isinstance(error, NotAllowed):
        return Problem(403, "token", problem, remedy)
    if isinstance(error, Unavailable):
        return Problem(503, "service", "something that this needs is not there now", "try again in a few seconds", {"Retry-After": "2"})
    return Problem(422, "request", problem, remedy)


def _of_validation(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    return Problem(422, where, str(first["msg"]), "see /v1/openapi.json")  # never what was sent: it may be a name


RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": ProblemBody, "description": "The request is no HTTP, or its body no JSON."},
    401: {"model": ProblemBody, "description": "There is no token, or it opens nothing."},
    403: {"model": ProblemBody, "description": "The token's role, the profile or a missing consent forbids it."},
    404: {"model": ProblemBody, "description": "There is no such thing in the token's tenant."},
    408: {"model": ProblemBody, "description": "The body did not come in time."},
    413: {"model": ProblemBody, "description": "The body is too large."},
    422: {"model": ProblemBody, "description": "The request breaks the contract."},
    429: {"model": ProblemBody, "description": "Too many requests; Retry-After says when to come again."},
    503: {"model": ProblemBody, "description": "The database or live state does not answer."},
}
