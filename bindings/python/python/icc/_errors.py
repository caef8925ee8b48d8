"""What goes wrong, as exceptions. Their texts are the library's: what was found, what was expected, what to do."""


class Error(Exception):
    """Any of the below."""


class NotFoundError(Error, FileNotFoundError):
    """There is no buffer of this name."""


class ExistsError(Error, FileExistsError):
    """There is one of this name already."""


class OtherError(Error, ValueError):
    """What is there is another thing than asked for: no buffer, another kind or mode, another layout."""


class DtypeError(Error, TypeError):
    """A dtype or schema is not the buffer's."""


class TakenError(Error):
    """Others have all the places: the one producer lives, or a slot has a writer."""


class BusyError(Error):
    """Another producer or writer is just there, or died in the middle of a write."""


class ForkedError(Error, RuntimeError):
    """A handle is used in a child process made by fork. It is the parent's: open another one."""


class ClosedError(Error, ValueError):
    """A handle was closed, perhaps by another thread."""


class PositionError(Error, ValueError):
    """A position is one of another queue, or its message is not kept any more or not there yet."""


class SlotError(Error, IndexError, KeyError):
    """There is no such slot, or it is not this writer's."""

    __str__ = Exception.__str__


class ArgumentError(Error, ValueError):
    """An argument cannot be: a capacity that is no power of two, an array that is not C-contiguous."""


class SystemRefusedError(Error, OSError):
    """The system refuses: permissions, memory, space."""
