"""Packing: the contract's messages with their packed floating-point fields taken as bytes, for writing arrays fast.

A packed `repeated float` and a `bytes` field of the same number have the same form on the wire: a length and that
many bytes, little-endian (Protocol Buffers encoding, "Packed repeated fields"). So the server fills a twin of the
contract, derived here from the contract itself, with `array.tobytes()` instead of copying number by number. Only
writing goes this way: a reader must also take unpacked and split fields, which the contract's own classes do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from numpy.typing import NDArray

from pathcast.v1 import forecast_pb2 as pb

_PACKAGE = "pathcast.packing.v1"
_FLOATING = (descriptor_pb2.FieldDescriptorProto.TYPE_FLOAT, descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE)


def _twin_file() -> descriptor_pb2.FileDescriptorProto:
    """The contract's file under another package, packed floats and doubles turned into bytes."""
    file = descriptor_pb2.FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(file)
    old = f".{file.package}."
    file.name, file.package = "pathcast/packing/v1/forecast.proto", _PACKAGE
    del file.service[:]
    nested = [inner for message in file.message_type for inner in message.nested_type]
    for message in (*file.message_type, *nested):
        for field in message.field:
            if field.type_name.startswith(old):
                field.type_name = f".{_PACKAGE}.{field.type_name.removeprefix(old)}"
            if field.label == field.LABEL_REPEATED and field.type in _FLOATING:
                field.label, field.type = field.LABEL_OPTIONAL, field.TYPE_BYTES
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_twin_file())
PackedResponse: Any = message_factory.GetMessageClass(
    _pool.FindMessageTypeByName(f"{_PACKAGE}.StreamForecastsResponse")
)
"""`pathcast.v1.StreamForecastsResponse` whose packed floats are bytes."""
PackedUnaryResponse: Any = message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.ForecastResponse"))
"""`pathcast.v1.ForecastResponse` of the same form."""


def pack(values: NDArray[np.floating[Any]]) -> bytes:
    """The bytes of a packed `repeated float`."""
    return np.ascontiguousarray(values, "<f4").tobytes()
