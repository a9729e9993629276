"""What the API of projects and batches takes and gives."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, SecretStr

from leye_platform.projects.addition_queries import AdditionView
from leye_platform.projects.buckets import BucketGiven
from leye_platform.projects.ingest.proposals import refused_proposals
from leye_platform.projects.item_withdrawal import MOST_NAMES
from leye_platform.projects.models import Project
from leye_platform.projects.queries import BatchProgress
from leye_platform.projects.rules import AdditionState, BatchPurpose, BatchState


class ProjectIn(BaseModel):
    """Prices and pay are exact decimals as text, in the currency unit. `organisation`: the partner's name.

    Prices and pay are the operator's to set: a partner's people leave them out, and may leave out their firm.
    `show_proposals`: whether the first annotator of a task begins from the prediction that came with it. `splitting`:
    `pictures_above` (pixels) with `tile` and `tile_overlap` (pixels of a side), `texts_above` (characters).
    """

    title: str = Field(max_length=200)
    organisation: str = Field(default="", max_length=120)
    label_config: str
    pipeline: dict[str, Any] = Field(default_factory=dict)
    guide: str
    unit_price: str | None = None
    answer_pay: str | None = None
    review_pay: str | None = None
    task_type: str = ""
    show_proposals: bool = False
    splitting: dict[str, Any] = Field(default_factory=dict)


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
    splitting: dict[str, Any]

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
            splitting=project.splitting,
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


class BucketIn(BaseModel):
    """A bucket of one's own, S3 or what speaks it, and the keys that may list and read below `prefix`.

    endpoint: `https://host[:port]`; style: `virtual` where the bucket's name is part of the host (OSS, COS, OBS).
    """

    endpoint: str = Field(max_length=300)
    bucket: str = Field(max_length=63)
    prefix: str = Field(default="", max_length=900)
    region: str = Field(default="us-east-1", max_length=64, pattern=r"^[\w-]+$")
    style: Literal["path", "virtual"] = "path"
    key: SecretStr = Field(min_length=1, max_length=300)
    secret: SecretStr = Field(min_length=1, max_length=300)

    def given(self) -> BucketGiven:
        """With the keys laid open."""
        return BucketGiven(
            endpoint=self.endpoint,
            bucket=self.bucket,
            prefix=self.prefix,
            region=self.region,
            style=self.style,
            key=self.key.get_secret_value(),
            secret=self.secret.get_secret_value(),
        )


class BatchIn(BaseModel):
    """`file_name` tells the format where the content leaves it open. With `s3` nothing is uploaded: the files are read
    where they lie."""

    name: str = Field(max_length=200)
    purpose: BatchPurpose = BatchPurpose.PRODUCTION
    file_name: str = Field(default="upload.jsonl", max_length=200)
    deadline: AwareDatetime | None = None
    s3: BucketIn | None = None


class BatchOut(BaseModel):
    """A batch with its progress. `report`: where the refused rows are, once there are any.

    `rows_in` counts the rows of additions too; `rows_refused` and `report` are about the batch's own file.
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


class OriginalOut(BaseModel):
    """Where a row's original is opened; whoever has the address can, while it lasts."""

    row: int
    external_id: str | None
    url: str


class WithdrawIn(BaseModel):
    """Items by external id, by row of the upload (from 1), or both; at most 10,000 names."""

    external_ids: list[str] = Field(default_factory=list, max_length=MOST_NAMES)
    rows: list[int] = Field(default_factory=list, max_length=MOST_NAMES)


class WithdrawOut(BaseModel):
    """`kept`: they have a result, or were withdrawn before, or are gold items; rows are named like `#12`."""

    withdrawn: int
    kept: list[str]
    unknown: list[str]


class AdditionIn(BaseModel):
    """`file_name` tells the format where the content leaves it open."""

    file_name: str = Field(default="upload.jsonl", max_length=200)


class AdditionOut(BaseModel):
    """A further file of a batch. `rows_known`: rows that the batch had already, with the same content.

    `report`: where its refused rows are, once there are any.
    """

    id: UUID
    batch: UUID
    number: int
    file_name: str
    state: AdditionState
    problem: str | None
    rows_in: int
    rows_refused: int
    rows_known: int
    report: str | None
    read: float | None
    upload_url: str | None = None

    @classmethod
    def of(cls, view: AdditionView, upload_url: str | None = None) -> "AdditionOut":
        addition = view.addition
        report = f"/api/v1/batches/{addition.batch_id}/additions/{addition.id}/report"
        return cls(
            id=addition.id,
            batch=addition.batch_id,
            number=addition.number,
            file_name=addition.source_name,
            state=addition.state,
            problem=addition.problem,
            rows_in=addition.rows_in,
            rows_refused=addition.rows_refused,
            rows_known=addition.rows_known,
            report=report if addition.rows_refused else None,
            read=view.share_read,
            upload_url=upload_url,
        )
