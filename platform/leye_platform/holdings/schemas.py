"""What the API takes and gives of storage."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class StorageOut(BaseModel):
    """Bytes that a firm uses and may use. own_limit: whether an administrator has set it."""

    organisation_id: UUID
    organisation: str
    used: int
    limit: int
    free: int
    own_limit: bool


class StorageLimitIn(BaseModel):
    """bytes: null: what the setting says."""

    model_config = ConfigDict(extra="forbid")

    bytes: int | None = Field(ge=0, le=2**60)
