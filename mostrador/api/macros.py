"""Macros for programs: the replies a team shares."""

from __future__ import annotations

from ninja import Router

from mostrador.api.problems import documented
from mostrador.api.schemas.macros import Macro, Macros
from mostrador.api.tokens import ProgramRequest
from mostrador.models import SavedMacro

router = Router(tags=["Macros"])


@router.get(
    "/macros",
    response=Macros,
    operation_id="list_macros",
    summary="List macros",
    openapi_extra={"responses": documented()},
)
def macros(request: ProgramRequest) -> Macros:
    """Return every macro in the team's order, also those that are switched off."""
    return Macros(items=[Macro.of(macro) for macro in SavedMacro.objects.known()])
