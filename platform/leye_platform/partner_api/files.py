"""Files of a multipart import, read by the readers of uploads."""

from collections.abc import Iterator

from leye_platform.errors import N_
from leye_platform.partner_api.bodies import UploadedFile
from leye_platform.partner_api.errors import NothingToImport
from leye_platform.projects.ingest.formats import FileKind, plan_file, read_rows
from leye_platform.projects.ingest.refusals import FileRefused
from leye_platform.projects.ingest.source import Source
from leye_platform.projects.task_type import TaskType

BLOCK = 1 << 16
NO_ARCHIVES = N_("压缩包请作为批次上传（/api/v1/projects/…/batches），那里会逐张检查图片。")


def tasks_in_file(kind: TaskType, file: UploadedFile) -> Iterator[object]:
    """The rows of an uploaded file; one that cannot be read stands as what it is, to be named as refused.

    Raises NothingToImport for a file that is refused whole.
    """

    def blocks() -> Iterator[bytes]:
        file.file.seek(0)
        while block := file.file.read(BLOCK):
            yield block

    source = Source(file.name, file.size, blocks, lambda: file.file)
    picture = next((image.variable for image in kind.config.images), "")
    if picture:
        raise NothingToImport(problem=NO_ARCHIVES)
    try:
        plan = plan_file(source, kind.config.variables)
        if plan.kind is FileKind.ZIP:
            raise NothingToImport(problem=NO_ARCHIVES)
        for row in read_rows(source, plan):
            yield row.content if row.problem is None else Unreadable(row.problem, row.original)
    except FileRefused as refused:
        raise NothingToImport(problem=str(refused)) from None


class Unreadable:
    """A row of a file that is no task, and why."""

    def __init__(self, problem: str, original: str) -> None:
        self.problem, self.original = problem, original
