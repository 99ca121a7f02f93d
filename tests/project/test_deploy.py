"""What is in deploy/ says the same as the program: its names, ports, options and metrics exist and agree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from pathcast.cli.doctor import command as doctor
from pathcast.cli.serve import command as serve
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.service.limits import Limits
from pathcast.service.telemetry.metrics import Live, Metrics
from pathcast.service.telemetry.scores import HORIZONS_S, LEVELS, ScoreBook

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCUMENTS = sorted(path for path in DEPLOY.rglob("*") if path.suffix in (".yaml", ".yml"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def expressions() -> list[str]:
    return [rule["expr"] for group in read("alarms.yml")["groups"] for rule in group["rules"]]


def words(text: str) -> list[str]:
    """The last JSON list of a Dockerfile's instruction."""
    return [str(each) for each in json.loads(text[text.index("[") :])]


def instruction(name: str) -> str:
    joined = DOCKERFILE.replace("\\\n", " ")
    return next(line for line in reversed(joined.splitlines()) if line.startswith(name))


def option_names(of: Any) -> set[str]:
    return {name for parameter in of.params for name in parameter.opts if name.startswith("--")}


def pod(name: str = "kubernetes/deployment.yaml") -> Any:
    return read(name)["spec"]["template"]["spec"]


def server_words() -> list[list[str]]:
    return [words(instruction("CMD")), pod()["containers"][0]["args"]]


PROTECTED_POD = "kubernetes/protected/deployment.yaml"


def protected_words() -> list[list[str]]:
    service = read("compose.protected.yaml")["services"]["pathcast"]
    return [service["command"], pod(PROTECTED_POD)["containers"][0]["args"]]


def after(option: str, arguments: list[str]) -> str:
    return dict(pairwise(arguments))[option]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_document_is_yaml(path: Path) -> None:
    assert list(yaml.safe_load_all(path.read_text()))


def test_every_metric_of_the_alarms_is_one_of_the_servers() -> None:
    """With the labels that the expressions choose by."""
    metrics, book = Metrics(), ScoreBook()
    card = ConstantVelocityEngine(2).card
    book.of(card)
    metrics.registry.register(book)
    metrics.announce([card])
    metrics.watch_live(lambda: [Live(card.name, card.version, 0, 0)], lambda: 0.0)
    metrics.count_failed("INTERNAL")
    families = list(metrics.registry.collect())
    known = {sample.name for family in families for sample in family.samples}
    known |= {f"{family.name}_total" for family in families if family.type == "counter"}
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    for expression in expressions():
        named = set(re.findall(r"\bpathcast_\w+", expression))
        assert named <= known, named - known
        chosen = {name for part in re.findall(r"\{([^}]*)\}", expression) for name in re.findall(r"(\w+)[=!]", part)}
        assert chosen <= labels | {"job"}


def test_every_recorded_name_that_is_used_is_recorded() -> None:
    rules = [rule for group in read("alarms.yml")["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    used = {name for expression in expressions() for name in re.findall(r"\bpathcast:[\w:]+", expression)}
    assert used == recorded


def test_every_alarm_says_what_to_do() -> None:
    alarms = [rule for group in read("alarms.yml")["groups"] for rule in group["rules"] if "alert" in rule]
    assert len({alarm["alert"] for alarm in alarms}) == len(alarms) >= 5
    assert all(set(alarm["annotations"]) == {"summary", "action"} for alarm in alarms)
    assert {"PathcastDrift", "PathcastWorseThanConstantVelocity"} <= {alarm["alert"] for alarm in alarms}


def test_levels_of_the_alarms_are_scored() -> None:
    levels = {level for expression in expressions() for level in re.findall(r'level="([\d.]+)"', expression)}
    assert levels <= {f"{level:g}" for level in LEVELS} and HORIZONS_S


def test_the_image_has_no_torch_and_no_root() -> None:
    installed = re.findall(r"pip install .*", DOCKERFILE)
    assert installed and not any("[" in line or "torch" in line for line in installed)
    assert instruction("USER").split()[1].split(":")[0] not in ("root", "0")
    assert not re.search(r"https?://|index-url|find-links|trusted-host", DOCKERFILE)
    assert {line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("FROM")} == {"python:3.11-slim"}


def test_the_images_folders_are_those_of_the_wheel() -> None:
    kept = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert {"pathcast", "simulator", "model", "service", "pyproject.toml"} <= set(kept)
    assert not [name for name in kept if not (ROOT / name).exists()]


def test_the_health_check_is_the_doctors() -> None:
    arguments = words(instruction("HEALTHCHECK"))
    assert arguments[:2] == ["pathcast", "doctor"]
    assert {word for word in arguments if word.startswith("--")} <= option_names(doctor)
    assert arguments[-1] == f"127.0.0.1:{after('--port', words(instruction('CMD')))}"


@pytest.mark.parametrize(
    "arguments", server_words() + protected_words(), ids=["image", "kubernetes", "compose", "kubernetes protected"]
)
def test_the_server_is_started_with_options_that_exist(arguments: list[str]) -> None:
    assert arguments[0] == "serve"
    assert {word for word in arguments if word.startswith("--")} <= option_names(serve)


def test_ports_agree() -> None:
    image, cluster = server_words()
    ports = {after("--port", arguments) for arguments in (image, cluster)}
    pages = {after("--metrics-port", arguments) for arguments in (image, cluster)}
    assert ports == {"50051"} and pages == {"9464"}
    assert instruction("EXPOSE").split()[1:] == ["50051", "9464"]
    assert read("prometheus.yml")["scrape_configs"][0]["static_configs"][0]["targets"] == ["pathcast:9464"]
    service = read("kubernetes/service.yaml")["spec"]
    assert service["clusterIP"] == "None"
    assert [port["port"] for port in service["ports"]] == [50051, 9464]


def test_pods_are_probed_by_grpc_and_end_gracefully() -> None:
    container = pod()["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["grpc"]["port"] == 50051
    assert container["readinessProbe"]["grpc"]["service"] == "pathcast.v1.ForecastService"
    assert float(after("--grace", container["args"])) < pod()["terminationGracePeriodSeconds"]
    assert pod()["securityContext"]["runAsNonRoot"] is True


def test_selectors_find_the_pods() -> None:
    deployment = read("kubernetes/deployment.yaml")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert read("kubernetes/service.yaml")["spec"]["selector"] == labels
    assert read("kubernetes/disruption-budget.yaml")["spec"]["selector"]["matchLabels"] == labels
    resources = read("kubernetes/kustomization.yaml")["resources"]
    assert sorted(resources) == sorted(
        path.name for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.stem != "kustomization"
    )


def test_compose_mounts_files_that_are_there() -> None:
    services = read("compose.yaml")["services"]
    for volume in services["prometheus"]["volumes"]:
        source = volume.split(":")[0]
        assert not source.startswith("./") or (DEPLOY / source).is_file()
    assert (ROOT / services["pathcast"]["build"]["dockerfile"]).is_file()


def test_protected_servers_differ_by_their_protection_alone() -> None:
    """All they are told beside it is what the others are told."""
    more = {"--cert", "--key", "--tokens", "--client-streams", "--models", "--health-host", "--health-port"}
    for plain, protected in zip(server_words(), protected_words(), strict=True):
        told = dict(zip(protected[1::2], protected[2::2], strict=True))
        assert {name: value for name, value in told.items() if name not in more} == dict(
            zip(plain[1::2], plain[2::2], strict=True)
        )


def test_secrets_are_mounted_where_the_server_reads_them_and_whole() -> None:
    compose = read("compose.protected.yaml")["services"]["pathcast"]
    mounts = {volume.split(":")[1] for volume in compose["volumes"]}
    assert all(volume.endswith(":ro") for volume in compose["volumes"])
    in_cluster = pod(PROTECTED_POD)["containers"][0]["volumeMounts"]
    assert not [mount for mount in in_cluster if "subPath" in mount or not mount["readOnly"]]
    volumes = {volume["name"] for volume in pod(PROTECTED_POD)["volumes"]}
    assert {mount["name"] for mount in in_cluster} == volumes
    in_pod = {mount["mountPath"] for mount in in_cluster}
    for arguments, folders in zip(protected_words(), (mounts, in_pod), strict=True):
        assert after("--models", arguments) in folders
        assert {str(Path(after(name, arguments)).parent) for name in ("--cert", "--key", "--tokens")} <= folders


def test_probes_of_protected_servers_ask_the_port_that_lets_them() -> None:
    compose = read("compose.protected.yaml")["services"]["pathcast"]
    assert compose["healthcheck"]["test"][-1] == f"127.0.0.1:{after('--health-port', compose['command'])}"
    container = pod(PROTECTED_POD)["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert str(container[probe]["grpc"]["port"]) == after("--health-port", container["args"])


def test_proxies_outlast_a_silent_stream() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    for name in ("grpc_read_timeout", "grpc_send_timeout", "client_body_timeout"):
        found = re.search(rf"\b{name} (\d+)h;", text)
        assert found is not None and 3600 * int(found[1]) > Limits().idle_stream_s
    assert "client_max_body_size 0;" in text
    connections = read("envoy.yaml")["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0][
        "typed_config"
    ]
    assert float(connections["stream_idle_timeout"].rstrip("s")) > Limits().idle_stream_s


def test_envoys_routes_lead_to_clusters_that_are_there() -> None:
    resources = read("envoy.yaml")["static_resources"]
    clusters = {cluster["name"] for cluster in resources["clusters"]}
    named = re.findall(r"^\s+cluster(?:_name)?: (\w+)$", (DEPLOY / "envoy.yaml").read_text(), re.MULTILINE)
    assert named and set(named) <= clusters


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx is not installed: its configuration is not tried")
    command = [nginx, "-t", "-p", str(tmp_path), "-c", str(DEPLOY / "nginx.conf"), "-e", "stderr"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "syntax is ok" in done.stderr and done.returncode == 0, done.stderr
