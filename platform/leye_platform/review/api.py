"""Review for scripts."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.pictures_api import picture_links
from leye_platform.review import service
from leye_platform.review.queries import view_review
from leye_platform.review.schemas import ReviewOut, SettleIn

router = APIRouter(prefix="/api/v1/reviews", tags=["review"])


@router.post("/next", response_model=ReviewOut, responses={204: {"description": "Nothing waits"}})
@endpoint(Permission.REVIEW)
def take_next(work: Work) -> ReviewOut | Response:
    """Take the oldest micro-task that waits for review; the held one is given again."""
    review = service.take_next(work.session, work.actor, work.now)
    if review is None:
        return Response(status_code=204, headers={"Retry-After": "60"})
    return ReviewOut.of(view_review(work.session, review, picture_links(work)))


@router.get("/{review_id}", response_model=ReviewOut)
@endpoint(Permission.REVIEW)
def show(work: Work, review_id: UUID) -> ReviewOut:
    """A review that is held, or was settled, by the caller."""
    review = service.own_review(work.session, work.actor, review_id)
    return ReviewOut.of(view_review(work.session, review, picture_links(work)))


@router.post("/{review_id}/settle", response_model=ReviewOut)
@endpoint(Permission.REVIEW)
def settle(work: Work, review_id: UUID, body: SettleIn) -> ReviewOut:
    """Give a verdict with its reason."""
    given = service.Settlement(
        verdict=body.verdict,
        reason=body.reason,
        comment=body.comment,
        chosen=body.chosen,
        result=None if body.result is None else [dict(region) for region in body.result],
    )
    review = service.settle(work.session, work.actor, review_id, given, work.now)
    return ReviewOut.of(view_review(work.session, review, picture_links(work)))


@router.post("/{review_id}/put-back", status_code=204)
@endpoint(Permission.REVIEW)
def put_back(work: Work, review_id: UUID) -> Response:
    """Give the review back to the queue."""
    service.put_back(work.session, work.actor, review_id)
    return Response(status_code=204)
