"""Schemas, which are in the buffers' headers as JSON, and NumPy's dtypes."""

from __future__ import annotations

import json
import sys
from typing import Any, Mapping, Optional

import numpy as np

from . import _icc
from ._errors import DtypeError

_DEEPEST = 8


def dtype_of(schema: Any, depth: int = 0) -> np.dtype:
    """The dtype that a schema, as JSON has it, describes."""
    if depth > _DEEPEST:
        raise DtypeError(f"the schema is nested more than {_DEEPEST} deep")
    if isinstance(schema, list):
        # A format and a shape, which NumPy wants as a tuple.
        return np.dtype((dtype_of(schema[0], depth + 1), tuple(schema[1])))
    if isinstance(schema, dict):
        return np.dtype(
            {
                "names": schema["names"],
                "formats": [dtype_of(of, depth + 1) for of in schema["formats"]],
                "offsets": schema["offsets"],
                "itemsize": schema["itemsize"],
            }
        )
    simple: np.dtype = np.dtype(schema)
    return simple


def dtype_of_text(text: str, size: int) -> np.dtype:
    """The dtype that a header's schema describes, which may be anything: it comes from another process."""
    return dtype_of(json.loads(_icc.canonical(text, size)))


def schema_of(dtype: np.dtype, notes: Optional[Mapping[str, Any]] = None) -> str:
    """The canonical text of a dtype's schema; `notes` are enums, scales, units and doc."""

    def described(of: np.dtype) -> Any:
        if of.subdtype is not None:
            base, shape = of.subdtype
            return [described(base), list(shape)]
        if of.names is not None and of.fields is not None:
            fields = [of.fields[name] for name in of.names]
            return {
                "names": list(of.names),
                "formats": [described(field[0]) for field in fields],
                "offsets": [field[1] for field in fields],
                "itemsize": of.itemsize,
            }
        if of.byteorder == ">" or (of.byteorder == "=" and sys.byteorder != "little"):
            raise DtypeError(f"dtype {of} is big-endian, and the memory is not: use {of.newbyteorder('<')}")
        if of.kind == "U":
            raise DtypeError(f"dtype {of} is text of four bytes a character: use 'S{of.itemsize // 4}', which is of one")
        return of.str.replace("|", "").replace("=", "<")

    schema = described(dtype)
    if notes and any(notes.values()):
        if not isinstance(schema, dict):
            raise DtypeError("enums, scales, units and doc are of a dtype with fields")
        schema.update({name: note for name, note in notes.items() if note})
    return _icc.canonical(json.dumps(schema), dtype.itemsize)


def align_of(dtype: np.dtype) -> int:
    """The alignment that the same type has in C and Rust, or 1 if its fields do not lie so."""
    if dtype.subdtype is not None:
        return align_of(dtype.subdtype[0])
    if dtype.names is None or dtype.fields is None:
        return dtype.alignment
    aligns = [(align_of(dtype.fields[name][0]), dtype.fields[name][1]) for name in dtype.names]
    largest = max((align for align, _ in aligns), default=1)
    fits = dtype.itemsize % largest == 0 and all(offset % align == 0 for align, offset in aligns)
    return largest if fits else 1
