"""Why a backup is not made or not restored."""

from leye_workers.refusals import CommandRefused


class BackupExists(CommandRefused):
    """A file of that name is there already."""


class NotABackup(CommandRefused):
    """The file is no backup, or only a part of one, or was changed."""


class NotEmpty(CommandRefused):
    """A restore goes into an empty installation only."""


class RestoreDiffers(CommandRefused):
    """What was restored is not what was saved; everything was taken back."""
