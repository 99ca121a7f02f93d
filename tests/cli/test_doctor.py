"""The doctor says what works, what does not and what to do, and ends with an exit code that says it too."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from pathcast.errors import InputError
from pathcast.service.client import LocalServer
from pathcast.service.client.checkup import compare_contracts, examine, read_address
from pathcast.v1 import forecast_pb2 as pb

MODELS = ["constant-velocity-2d", "constant-velocity-3d"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with LocalServer(MODELS) as server:
        yield server.address


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def nowhere() -> str:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pathcast", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def test_a_well_server_passes_every_check(address):
    done = run(address, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads(done.stdout)
    assert [each["check"] for each in findings] == [
        "reachable",
        "speaks gRPC",
        "health",
        "contract",
        "models",
        *(f"forecast {name} 1" for name in MODELS),
    ]
    assert all(each["ok"] and not each["advice"] for each in findings)
    measured = [
        each["round_trip_ms"] for each in findings if each["check"] != "speaks gRPC" and each["check"] != "contract"
    ]
    assert all(milliseconds > 0 for milliseconds in measured)


def test_the_table_says_the_same(address):
    done = run(address, "--model", MODELS[0])
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 6
    assert all(" ok " in line for line in lines) and lines[-1].startswith(f"forecast {MODELS[0]} 1")


def test_quick_asks_only_whether_it_is_ready(address):
    assert [each.check for each in examine(address, is_quick=True)] == ["reachable", "speaks gRPC", "health"]


def test_a_port_where_nobody_listens_is_told(nowhere):
    done = run(nowhere)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout.startswith("reachable") and " failed " in done.stdout and "Is the server running" in done.stdout


def test_something_that_is_not_grpc_is_told(silent):
    *_, last = examine(silent, timeout_s=0.5)
    assert (last.check, last.is_ok) == ("speaks gRPC", False) and "TLS" in last.advice


def test_a_model_that_is_not_there_is_told(address):
    *_, last = examine(address, ["nobody"])
    assert last.check == "models" and not last.is_ok and "nobody" in last.detail and MODELS[0] in last.advice


@pytest.mark.parametrize(
    "text", ["localhost", "localhost:", ":50051", "localhost:99999", "localhost:http", "::1:50051"]
)
def test_an_address_of_another_form_is_wrong_use(text):
    with pytest.raises(InputError, match="a host and a port"):
        read_address(text)


def test_an_address_of_another_form_ends_with_2():
    done = run("nowhere")
    assert done.returncode == 2 and "HOST:PORT" in done.stderr and done.stdout == ""


def test_addresses_are_read():
    assert read_address("forecasts.example:443") == ("forecasts.example", 443)
    assert read_address("[::1]:50051") == ("::1", 50051)


def contract() -> FileDescriptorProto:
    return FileDescriptorProto.FromString(pb.DESCRIPTOR.serialized_pb)


def test_a_contract_that_grew_goes_with_an_older_one():
    newer = contract()
    newer.message_type[0].field.add(name="more", number=900, type=1, label=1)
    assert compare_contracts(newer, contract()).is_ok
    found = compare_contracts(contract(), newer)
    assert found.is_ok and "lacks 1 field" in found.detail


def test_a_field_of_another_number_does_not():
    other = contract()
    other.message_type[0].field[0].number = 900
    found = compare_contracts(other, contract())
    assert not found.is_ok and "same version" in found.advice


def test_a_server_that_stops_is_told():
    """Its health says so while open streams have their grace time."""
    from pathcast.service.client import Client

    with LocalServer(MODELS[:1], grace_s=30.0) as server, Client(server.address) as client:
        stream = client.stream(MODELS[0])
        told = threading.Event()
        threading.Thread(target=lambda: (next(iter(stream)), told.set()), daemon=True).start()
        server.process.terminate()
        assert told.wait(30)
        findings = list(examine(server.address, timeout_s=2.0, is_quick=True))
        assert not findings[-1].is_ok
        stream.cancel()
