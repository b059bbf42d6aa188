"""The public wire only grows: whatever a released client may send or read keeps its number, type and meaning.

`interaction_v1.json` holds every field and enum value that has been promised. After an addition, write it anew with
`python tests/contracts/test_protos_compatible.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

from google.protobuf.descriptor import Descriptor

from counterpoint.v1 import interaction_pb2

FROZEN = Path(__file__).with_name("interaction_v1.json")


def promised() -> dict[str, str]:
    """Every field as "number type", every enum value as its number, by full name."""
    found: dict[str, str] = {}
    for message in interaction_pb2.DESCRIPTOR.message_types_by_name.values():
        found |= fields(message)
    for enum in interaction_pb2.DESCRIPTOR.enum_types_by_name.values():
        found |= {f"{enum.full_name}.{value.name}": str(value.number) for value in enum.values}
    for service in interaction_pb2.DESCRIPTOR.services_by_name.values():
        found |= {
            method.full_name: f"{method.input_type.full_name} {method.output_type.full_name} "
            f"{method.client_streaming} {method.server_streaming}"
            for method in service.methods
        }
    return found


def fields(message: Descriptor) -> dict[str, str]:
    found = {}
    for field in message.fields:
        kind = field.message_type or field.enum_type
        name = kind.full_name if kind else str(field.type)
        group = f" of {field.containing_oneof.name}" if field.containing_oneof else ""
        found[field.full_name] = f"{field.number} {name}{' repeated' if field.is_repeated else ''}{group}"
    for nested in message.nested_types:
        found |= fields(nested)
    return found


def test_everything_once_promised_is_still_there_and_unchanged() -> None:
    now = promised()
    frozen: dict[str, str] = json.loads(FROZEN.read_text())
    assert {name: now.get(name) for name in frozen} == frozen


def test_every_field_is_promised_as_soon_as_it_exists() -> None:
    assert promised().keys() == json.loads(FROZEN.read_text()).keys()


def test_a_message_with_fields_of_a_younger_version_is_read_without_them() -> None:
    younger = interaction_pb2.InteractRequest(seq=7).SerializeToString() + b"\xfa\x3f\x03new"
    assert interaction_pb2.InteractRequest.FromString(younger).seq == 7


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(promised(), indent=1) + "\n")
