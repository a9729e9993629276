"""What a command refuses, in a sentence that the operator reads; exit code 1, no traceback."""


class CommandRefused(Exception):
    """The command cannot do what was asked; the text says why and what to do next."""


class AlreadyRunning(CommandRefused):
    """Another `leye serve` or `leye demo` uses the same data folder."""


class PortBusy(CommandRefused):
    """Somebody listens on the wanted port already."""


class StartFailed(CommandRefused):
    """A part of the program dies each time it is started."""


class StorageUnreachable(CommandRefused):
    """The object store does not answer."""


class SchemaUnknown(CommandRefused):
    """The database belongs to a newer version of the program."""
