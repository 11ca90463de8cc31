"""The compose file is one, keeps no secret, and its services come up and go down in order."""
import os
import re
import subprocess

import services
import yaml

from lint import Missing

PROVES = "docker-compose.yml is valid, asks for each secret, and every service has its health check and its end"

SECRETS = ("RABBITMQ_PASSWORD", "ROUNDTRIP_WEBHOOK_SECRET")
SERVERS = ("rabbitmq", "mongodb", "jaeger")
SENTINEL = "a-secret-of-the-lint"


def compose_command():
    for command in (["docker", "compose"], ["docker-compose"]):
        try:
            if subprocess.run(command + ["version"], capture_output=True, check=False).returncode == 0:
                return command
        except FileNotFoundError:
            pass
    raise Missing("docker compose; get it with: apt-get install -y docker-compose")


def config(tree, command, *options, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return tree.run(*command, "-f", "docker-compose.yml", *options, "config", env={**environment, **variables})


def check(tree):
    if not tree.to_check([name for name in tree.files if name.startswith(("compose/", "docker-compose."))]):
        return
    command = compose_command()
    text = tree.text("docker-compose.yml")
    resolved = config(tree, command, **{name: SENTINEL for name in SECRETS})
    if resolved.returncode:
        yield f"docker-compose.yml: {resolved.stderr.strip()}"
        return
    for secret in SECRETS:
        others = {name: SENTINEL for name in SECRETS if name != secret}
        refused = config(tree, command, **others)
        if refused.returncode == 0 or secret not in refused.stderr:
            yield f"docker-compose.yml: comes up without {secret}: write ${{{secret}:?where to set it}}"
    # A secret beside its variable would be one written down: NAME: "value"
    for found in re.finditer(r"^\s*\w*(?:PASS|PASSWORD|SECRET|TOKEN)\w*:\s*(.+)$", text, re.M):
        if "${" not in found[1] and not found[1].startswith("*"):
            yield f"docker-compose.yml: a secret is written down: {found[0].strip()}"
    for name in tree.having(".yml"):
        if name.startswith("compose/"):
            merged = config(tree, command, *("-f", name), **{secret: SENTINEL for secret in SECRETS})
            if merged.returncode:
                yield f"{name}: {merged.stderr.strip()}"
    found = yaml.safe_load(resolved.stdout)["services"]
    for name in (*services.names(), *SERVERS):
        if name not in found:
            yield f"docker-compose.yml: no service {name}"
    for name, service in found.items():
        for key in ("healthcheck", "restart", "stop_grace_period"):
            if key not in service:
                yield f"docker-compose.yml: {name} has no {key}"


BROKEN = {"docker-compose.yml": "services:\n  booking:\n    image: x\n    environment:\n      A_SECRET: hunter2\n"}
