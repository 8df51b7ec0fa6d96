"""Who teaches which class: what a teacher sees of learners follows from here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from affectloop.policy.access import Action
from affectloop.store.sql.people import People
from affectloop_gateway.api.admin import models
from affectloop_gateway.api.bodies import NAME
from affectloop_gateway.api.dependencies import AnyCaller, Deps
from affectloop_gateway.api.errors import RESPONSES, Problem
from affectloop_gateway.api.permissions import permitted

router = APIRouter(prefix="/v1/classes", tags=["admin"], responses=RESPONSES)

ClassId = Annotated[str, Path(pattern=NAME, description="The class, as learners were put into it.")]
Holder = Annotated[str, Path(pattern=NAME, description="The teacher, as their tokens name them.")]


@router.get("", summary="Who teaches which class")
def classes(deps: Deps, asking: AnyCaller) -> list[models.TeacherOfClass]:
    """Every class that somebody teaches."""
    with permitted(deps, asking, Action.CLASSES_VIEW) as work:
        return [models.TeacherOfClass(class_id=row.class_id, holder=row.holder) for row in People(work).teachers()]


@router.put("/{class_id}/teachers/{holder}", summary="Give a class to a teacher")
def give(deps: Deps, asking: AnyCaller, class_id: ClassId, holder: Holder) -> models.TeacherOfClass:
    """Let a teacher see the learners of a class, as far as the profile shows them; doing it again changes nothing."""
    with permitted(deps, asking, Action.CLASS_GIVE, detail=f".{class_id}.{holder}") as work:
        People(work).give_class(class_id, holder)
    return models.TeacherOfClass(class_id=class_id, holder=holder)


@router.delete("/{class_id}/teachers/{holder}", status_code=204, summary="Take a class from a teacher")
def take(deps: Deps, asking: AnyCaller, class_id: ClassId, holder: Holder) -> Response:
    """Let a teacher see the learners of a class no more; open live views close within a second."""
    with permitted(deps, asking, Action.CLASS_TAKE, detail=f".{class_id}.{holder}") as work:
        if not People(work).take_class(class_id, holder):
            raise Problem(404, "class_id", "the class is not this teacher's", "take both from the list of classes")
    return Response(status_code=204)
