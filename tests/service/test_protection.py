"""Protection: who is not let in is told so, by a status, and learns nothing of models, methods or paths."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from hypothesis import given
from hypothesis import strategies as st

from pathcast.errors import AccessError, InputError, ServiceError
from pathcast.service.client import Client, Credentials, Forecasts, LocalServer
from pathcast.service.client.checkup import examine
from pathcast.service.client.credentials import is_loopback
from pathcast.service.protection.files import Protection
from pathcast.service.protection.tokens import TokenBook, make_token, token_line
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

MODEL = "constant-velocity-2d"
SERVICE = "pathcast.v1.ForecastService"
OPENING = pb.Open(model=MODEL, axes=2)
CALLS = {
    "Forecast": lambda channel: stub(channel).Forecast(pb.ForecastRequest(open=OPENING)),
    "StreamForecasts": lambda channel: list(
        stub(channel).StreamForecasts(iter([pb.StreamForecastsRequest(open=OPENING)]))
    ),
    "ListModels": lambda channel: stub(channel).ListModels(pb.ListModelsRequest()),
    "GetModel": lambda channel: stub(channel).GetModel(pb.GetModelRequest(model=MODEL)),
    "an unknown method": lambda channel: channel.unary_unary("/pathcast.v1.ForecastService/Guess")(b""),
    "an unknown service": lambda channel: channel.unary_unary("/other/Guess")(b""),
    "reflection": lambda channel: list(
        reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        )
    ),
    "Watch": lambda channel: list(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())),
}


def stub(channel: grpc.Channel) -> pb_grpc.ForecastServiceStub:
    return pb_grpc.ForecastServiceStub(channel)


class Tokens:
    """A server's file of tokens, and clients' files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "tokens"
        self.file.write_text("# who may come in\n\n")

    def let_in(self, name: str) -> Path:
        path = self.make(name)
        with self.file.open("a") as file:
            file.write(token_line(name, path.read_text().strip()) + "\n")
        return path

    def make(self, name: str) -> Path:
        path = self.folder / f"{name}.token"
        path.write_text(make_token() + "\n")
        return path


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path)


def walk(client: Client) -> Forecasts:
    with client.stream(MODEL) as stream:
        *_, last = stream.forecasts([(0.1 * n, [1], [[0.1 * n, 0.0]]) for n in range(4)])
    return last


def everything_said(error: grpc.RpcError) -> str:
    """All that a failed call tells: its words, and what came before and after them."""
    metadata = [*(error.initial_metadata() or ()), *(error.trailing_metadata() or ())]
    return " ".join([str(error.code()), error.details() or "", *(f"{key} {value!r}" for key, value in metadata)])


def assert_says_nothing(error: grpc.RpcError, *folders: Path) -> None:
    said = everything_said(error)
    assert "constant" not in said and "velocity" not in said and "bundles" not in said
    assert not [folder for folder in folders if str(folder) in said]


@pytest.fixture
def guarded(tokens: Tokens) -> Iterator[tuple[LocalServer, Tokens]]:
    tokens.let_in("camera")
    with LocalServer([MODEL], arguments=["--tokens", str(tokens.file)]) as server:
        yield server, tokens


def test_only_the_right_token_is_let_in(guarded, tmp_path):
    """Every method, known or not, refuses all others in the same words."""
    server, tokens = guarded
    right, wrong = tmp_path / "camera.token", tokens.make("stranger")
    said = {}
    for name, token_file in {"none": None, "another one": wrong}.items():
        credentials = Credentials(token_file=token_file)
        with credentials.channel(server.address) as channel:
            for call, make in CALLS.items():
                with pytest.raises(grpc.RpcError) as caught:
                    make(channel)
                assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED, call
                assert_says_nothing(caught.value, tmp_path)
                (detail,) = rpc_status.from_call(caught.value).details
                info = error_details_pb2.ErrorInfo()
                assert detail.Unpack(info) and info.reason == "ACCESS" and info.metadata["found"] == name
                said.setdefault(name, set()).add(everything_said(caught.value))
    assert [len(each) for each in said.values()] == [1, 1]
    with Credentials(token_file=right).channel(server.address) as channel:
        assert {model.name for model in stub(channel).ListModels(pb.ListModelsRequest()).models} == {MODEL}
        assert CALLS["reflection"](channel)
    with Client(server.address, credentials=Credentials(token_file=right)) as client:
        assert walk(client).track_ids.tolist() == [1]


def test_what_is_no_bearer_token_is_refused(guarded, tmp_path):
    server, _ = guarded
    token = (tmp_path / "camera.token").read_text().strip()
    with grpc.insecure_channel(server.address) as channel:
        for values in (
            ["Basic " + token],
            [token],
            ["Bearer "],
            ["Bearer " + token, "Bearer " + token],
            ["Bearer x" * 99],
        ):
            with pytest.raises(grpc.RpcError) as caught:
                stub(channel).ListModels(
                    pb.ListModelsRequest(), metadata=[("authorization", value) for value in values]
                )
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        answer = stub(channel).ListModels(pb.ListModelsRequest(), metadata=[("authorization", f"bearer {token}")])
        assert answer.models


def test_probes_need_no_token(guarded):
    server, _ = guarded
    with grpc.insecure_channel(server.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICE):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as caught:
            health.Check(health_pb2.HealthCheckRequest(service=MODEL))
        assert_says_nothing(caught.value)


def test_clients_and_the_doctor_say_what_is_missing(guarded, tmp_path):
    server, tokens = guarded
    with Client(server.address) as client, pytest.raises(AccessError, match=r"expected a bearer token .*, found none"):
        client.models()
    stranger = Credentials(token_file=tokens.make("stranger"))
    with Client(server.address, credentials=stranger) as client, pytest.raises(AccessError, match="found another one"):
        client.stream(MODEL, axes=2)
    found = {each.check: each for each in examine(server.address)}
    assert found["health"].is_ok and not found["models"].is_ok and "--token-file" in found["models"].advice
    camera = Credentials(token_file=tmp_path / "camera.token")
    assert all(each.is_ok for each in examine(server.address, credentials=camera))


def test_tokens_come_and_go_while_the_server_answers(run_server, tokens):
    """A token that is taken back ends its streams; others go on; a file that is broken changes nothing."""
    first = Credentials(token_file=tokens.let_in("first"))
    running = run_server(protection=Protection(tokens=tokens.file))
    second = Credentials(token_file=tokens.make("second"))
    with Client(running.address, credentials=first) as one, Client(running.address, credentials=second) as two:
        stream = one.stream(MODEL)
        with pytest.raises(AccessError):
            two.models()
        with tokens.file.open("a") as file:
            file.write(token_line("second", second.token_file.read_text().strip()) + "\n")
        other = two.stream(MODEL)
        whole = tokens.file.read_text()
        tokens.file.write_text(whole + "half a li")
        running.look()
        assert two.models() and one.models()
        tokens.file.write_text("\n".join(line for line in whole.splitlines() if not line.startswith("first")))
        running.look()
        with pytest.raises(AccessError, match="taken back"):
            list(stream)
        with pytest.raises(AccessError, match="another one"):
            one.models()
        replies = iter(other)
        other.send(0, 0.0, [1], [[0, 0]])
        assert isinstance(next(replies), Forecasts)
        other.close()
        tokens.file.unlink()
        running.look()
        assert two.models()
    assert running.metric("pathcast_calls_failed_total", code="UNAUTHENTICATED") == 3


@pytest.fixture
def secured(authority) -> Iterator[tuple[LocalServer, list[str]]]:
    certificate, key = authority.issue("server")
    arguments = ["--cert", str(certificate), "--key", str(key)]
    with LocalServer([MODEL], arguments=arguments) as server:
        yield server, arguments


def refused(credentials: Credentials, address: str, *folders: Path) -> str:
    """What a connection that does not come about says, which is nothing of the server."""
    with credentials.channel(address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            stub(channel).ListModels(pb.ListModelsRequest(), timeout=20)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert_says_nothing(caught.value, *folders)
        return everything_said(caught.value)


def test_plain_text_to_a_tls_port_is_refused(secured, authority):
    server, _ = secured
    refused(Credentials(), server.address, authority.folder)
    with socket.create_connection(server.address.rsplit(":", 1), timeout=20) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert b"constant" not in plain.recv(4096)
    *_, last = examine(server.address, timeout_s=1.0)
    assert not last.is_ok and "It wants TLS: --ca FILE" in last.advice


def test_a_client_that_knows_the_authority_is_answered(secured, authority):
    server, _ = secured
    credentials = Credentials(ca=authority.file)
    with Client(server.address, credentials=credentials) as client:
        assert walk(client).track_ids.tolist() == [1]
    assert all(each.is_ok for each in examine(server.address, credentials=credentials))


def test_a_server_of_another_authority_is_not_believed(secured, authority):
    server, _ = secured
    other = type(authority)(authority.folder, "other")
    assert "CERTIFICATE_VERIFY_FAILED" in refused(Credentials(ca=other.file), server.address)
    with Client(server.address, credentials=Credentials(ca=other.file)) as client, pytest.raises(ServiceError):
        client.models()
    *_, last = examine(server.address, timeout_s=1.0, credentials=Credentials(ca=other.file))
    assert not last.is_ok and "is not believed" in last.advice


def test_an_expired_certificate_of_a_server_is_refused_by_its_clients(authority):
    certificate, key = authority.issue("old", days=-1)
    with LocalServer([MODEL], arguments=["--cert", str(certificate), "--key", str(key)]) as server:
        assert "expired" in refused(Credentials(ca=authority.file), server.address)
        *_, last = examine(server.address, timeout_s=1.0, credentials=Credentials(ca=authority.file))
        assert "expired" in last.advice


def test_mutual_tls_lets_in_whom_the_authority_knows_and_nobody_else(authority):
    """No certificate, an expired one and one of another authority are refused; all before any word of gRPC."""
    server_files, camera = authority.issue("server"), authority.issue("camera")
    expired = authority.issue("expired", days=-1)
    stranger = type(authority)(authority.folder, "other").issue("stranger")
    arguments = ["--cert", str(server_files[0]), "--key", str(server_files[1]), "--client-ca", str(authority.file)]
    with LocalServer([MODEL], arguments=[*arguments, "--health-port", "0"]) as server:

        def shown(certificate: Path, key: Path) -> Credentials:
            return Credentials(ca=authority.file, certificate=certificate, key=key)

        with Client(server.address, credentials=shown(*camera)) as client:
            assert walk(client).track_ids.tolist() == [1]
        for credentials in (Credentials(ca=authority.file), shown(*expired), shown(*stranger), Credentials()):
            refused(credentials, server.address, authority.folder)
        *_, last = examine(server.address, timeout_s=1.0, credentials=shown(*expired))
        assert not last.is_ok and "hangs up on the certificate" in last.advice
        assert server.process.stdout is not None
        health = server.process.stdout.readline().decode().removeprefix("health on ").strip()
        assert [each.is_ok for each in examine(health, is_quick=True)] == [True] * 3
        with grpc.insecure_channel(health) as channel, pytest.raises(grpc.RpcError) as caught:
            stub(channel).ListModels(pb.ListModelsRequest())
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert_says_nothing(caught.value)


def test_certificate_and_token_can_both_be_asked_for(authority, tokens):
    server_files, camera = authority.issue("server"), authority.issue("camera")
    token = tokens.let_in("camera")
    arguments = ["--cert", str(server_files[0]), "--key", str(server_files[1]), "--client-ca", str(authority.file)]
    with LocalServer([MODEL], arguments=[*arguments, "--tokens", str(tokens.file)]) as server:
        known = {"ca": authority.file, "certificate": camera[0], "key": camera[1]}
        with Client(server.address, credentials=Credentials(**known)) as client, pytest.raises(AccessError):
            client.models()
        with Client(server.address, credentials=Credentials(**known, token_file=token)) as client:
            assert walk(client).track_ids.tolist() == [1]
        refused(Credentials(ca=authority.file, token_file=token), server.address, authority.folder)


def shown_by(address: str) -> str:
    host, _, port = address.rpartition(":")
    return ssl.get_server_certificate((host, int(port)))


def test_certificates_are_exchanged_while_the_server_answers(run_server, authority):
    """New connections see the new one; half of a new pair is not taken."""
    certificate, key = authority.issue("server")
    running = run_server(protection=Protection(certificate=certificate, key=key))
    before = shown_by(running.address)
    assert before.split() == certificate.read_text().split()
    with Client(running.address, credentials=Credentials(ca=authority.file)) as client:
        stream = client.stream(MODEL)
        next_certificate, next_key = authority.issue("next")
        certificate.write_bytes(next_certificate.read_bytes())
        assert shown_by(running.address) == before
        key.write_bytes(next_key.read_bytes())
        assert shown_by(running.address).split() == next_certificate.read_text().split() != before.split()
        key.unlink()
        assert shown_by(running.address).split() == next_certificate.read_text().split()
        stream.send(0, 0.0, [1], [[0, 0]])
        stream.finish()
        assert [type(reply) for reply in stream] == [Forecasts]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda authority, folder: {"certificate": authority.issue("a")[0]}, "one without the other"),
        (lambda authority, folder: {"client_ca": authority.file}, "one without the other"),
        (
            lambda authority, folder: {"certificate": authority.issue("a")[0], "key": authority.issue("b")[1]},
            "key values mismatch",
        ),
        (lambda authority, folder: {"certificate": folder / "none", "key": folder / "none"}, "No such file"),
        (lambda authority, folder: {"tokens": folder / "none"}, "No such file"),
    ],
)
def test_files_that_do_not_go_together_are_told_at_the_start(run_server, authority, tmp_path, make, words):
    with pytest.raises(InputError, match=words):
        protection = Protection(**make(authority, tmp_path))
        protection.gate(lambda code: None)
        protection.credentials()


@given(st.text(min_size=1))
def test_a_line_that_is_none_is_named_by_its_number_and_not_repeated(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    secret = make_token()
    path.write_bytes(f"# first\n{token_line('a', secret)}\ncamera {secret}\n".encode())
    with pytest.raises(InputError) as caught:
        TokenBook.read(path)
    assert caught.value.where == f"{path}:3" and secret not in str(caught.value)
    path.write_bytes(f"{token_line('a', secret)}\n".encode())
    book = TokenBook.read(path)
    assert book.name_of(secret) == "a" and book.name_of(text) is None and book.has_name(text) == (text == "a")


def test_one_name_may_have_two_tokens_so_that_one_follows_the_other(tmp_path):
    old, new = make_token(), make_token()
    (tmp_path / "tokens").write_text(token_line("camera", old) + "\n" + token_line("camera", new) + "\n")
    book = TokenBook.read(tmp_path / "tokens")
    assert book.name_of(old) == book.name_of(new) == "camera" and len({old, new}) == 2 and len(new) == 43


def test_a_token_leaves_the_machine_only_encrypted(tokens):
    credentials = Credentials(token_file=tokens.make("camera"))
    for address in ("forecasts.example:50051", "10.0.0.1:1", "[2001:db8::1]:1"):
        assert not is_loopback(address)
        with pytest.raises(InputError, match="expected TLS"):
            credentials.channel(address)
    assert all(is_loopback(address) for address in ("127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/tmp/socket"))


def test_what_is_no_token_is_not_sent(tmp_path):
    for text in ("", "two words", "ä", "a\nb"):
        (tmp_path / "token").write_text(text)
        with pytest.raises(InputError, match="one token"):
            Credentials(token_file=tmp_path / "token").channel("127.0.0.1:1")
