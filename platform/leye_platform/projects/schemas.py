"""What the API of projects and batches takes and gives."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from leye_platform.projects.ingest.proposals import refused_proposals
from leye_platform.projects.models import Project
from leye_platform.projects.queries import BatchProgress
from leye_platform.projects.rules import BatchPurpose, BatchState


class ProjectIn(BaseModel):
    """Prices and pay are exact decimals as text, in the currency unit. `organisation`: the partner's name.

    `show_proposals`: whether the first annotator of a task begins from the prediction that came with it.
    """

    title: str = Field(max_length=200)
    organisation: str = Field(max_length=120)
    label_config: str
    pipeline: dict[str, Any] = Field(default_factory=dict)
    guide: str
    unit_price: str
    answer_pay: str
    review_pay: str = "0"
    task_type: str = ""
    show_proposals: bool = False


class ProjectOut(BaseModel):
    """`number` is the integer that Label Studio's clients see."""

    id: UUID
    number: int
    title: str
    organisation: str
    task_type: str
    pipeline: dict[str, Any]
    unit: str
    currency: str
    show_proposals: bool

    @classmethod
    def of(cls, project: Project, organisation: str) -> "ProjectOut":
        return cls(
            id=project.id,
            number=project.number,
            title=project.title,
            organisation=organisation,
            task_type=project.task_type,
            pipeline=project.pipeline,
            unit=project.unit,
            currency=project.currency,
            show_proposals=project.show_proposals,
        )


class GuideIn(BaseModel):
    """Markdown; HTML in it is shown as text. `change`: in one line, what is new."""

    body: str = Field(min_length=1, max_length=200_000)
    change: str = Field(default="", max_length=200)


class GuideOut(BaseModel):
    id: UUID
    version: int


class PriceIn(BaseModel):
    """From `valid_from` on; from now where it is not given."""

    unit_price: str
    valid_from: AwareDatetime | None = None


class PayIn(BaseModel):
    answer_pay: str | None = None
    review_pay: str | None = None


class BatchIn(BaseModel):
    """`file_name` tells the format where the content leaves it open."""

    name: str = Field(max_length=200)
    purpose: BatchPurpose = BatchPurpose.PRODUCTION
    file_name: str = Field(default="upload.jsonl", max_length=200)
    deadline: AwareDatetime | None = None


class BatchOut(BaseModel):
    """A batch with its progress. `report`: where the refused rows are, once there are any.

    `proposals_in`: how many items came with a prediction that can be used; `proposals_refused`: with one that cannot.
    """

    id: UUID
    number: int
    project: UUID
    name: str
    purpose: BatchPurpose
    state: BatchState
    problem: str | None
    rows_in: int
    rows_refused: int
    proposals_in: int
    proposals_refused: int
    report: str | None
    read: float | None
    items: dict[str, int]
    answers: int
    upload_url: str | None = None

    @classmethod
    def of(cls, progress: BatchProgress, upload_url: str | None = None) -> "BatchOut":
        batch = progress.batch
        return cls(
            id=batch.id,
            number=batch.number,
            project=batch.project_id,
            name=batch.name,
            purpose=batch.purpose,
            state=batch.state,
            problem=batch.problem,
            rows_in=batch.rows_in,
            rows_refused=batch.rows_refused,
            proposals_in=batch.proposals_in,
            proposals_refused=sum(one.count for one in refused_proposals(batch.proposals_refused)),
            report=f"/api/v1/batches/{batch.id}/report" if batch.rows_refused else None,
            read=progress.share_read,
            items={state.value: count for state, count in progress.by_state.items()},
            answers=progress.answers,
            upload_url=upload_url,
        )
