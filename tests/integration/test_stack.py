"""What system/stack makes of its options, and what it keeps to itself."""
import contextlib
import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_S = 120


def stack(*words):
    return subprocess.run([ROOT / "system/stack", *words], check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=PATIENCE_S)


def executed(command, variables):
    """The words of each program that the file runs, the service's own included; that one only prints its settings."""
    traced = subprocess.run(["bash", "-x", command, *variables], check=False, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE_S)
    lines = [line.lstrip("+ ") for line in traced.stderr.splitlines() if line.startswith("+")]
    builtins = re.compile(r"mapfile|compgen|for |unset|export|true|\w+=")
    return [line for line in lines if not builtins.match(line)]


def test_a_service_may_have_a_store_of_its_own_and_no_secret_is_among_arguments(tmp_path, broker):
    folder, own = tmp_path / "system", f"sqlite:{tmp_path}/elsewhere.db"
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(stack, "stop", folder)
        started = stack("start", folder, "--ports", "auto", "--amqp", broker.new_host(), "--store", f"booking={own}")
        assert started.returncode == 0, started.stdout
        env = dict(word.split("=", 1) for word in shlex.split((folder / "run/env").read_text(encoding="utf-8")))
        assert env["ROUNDTRIP_STORE_BOOKING"] == own and (tmp_path / "elsewhere.db").exists()
        assert env["ROUNDTRIP_STORE_GATEWAY"] == f"sqlite:{folder}/store/gateway.db"
        commands = executed(folder / "run/payment.cmd", ["ROUNDTRIP_HTTP_PORT=0", "ROUNDTRIP_OPS_PORT=0", "LOG_LEVEL=loud"])
        assert commands and commands[-1].startswith("exec ") and "roundtrip-payment" in commands[-1], commands
        assert env["ROUNDTRIP_WEBHOOK_SECRET"] not in "".join(commands)
        assert (folder / "run/payment.env").stat().st_mode & 0o077 == 0


def test_an_option_that_is_none_is_told_with_the_forms_that_are(tmp_path):
    refused = stack("start", tmp_path / "system", "--store", "redis://x")
    assert refused.returncode == 64 and "SERVICE=URL" in refused.stdout, refused.stdout


def run(folder, *words):
    return subprocess.run([ROOT / "run", *words], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "ROUNDTRIP_VAR": str(folder)}, timeout=PATIENCE_S)


def test_a_detached_system_is_not_replaced(tmp_path, broker):
    folder, options = tmp_path / "system", ["--ports", "auto", "--amqp", broker.new_host()]
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(run, folder, "--stop")
        started = run(folder, "--detach", *options)
        assert started.returncode == 0, started.stdout
        pids = {file.name: file.read_text(encoding="utf-8") for file in (folder / "run").glob("*.pid")}
        assert len(pids) == 4
        for again in (["--detach"], ["--once"]):
            refused = run(folder, *again, *options)
            assert refused.returncode == 1 and "end it with ./run --stop" in refused.stdout, refused.stdout
        assert pids == {file.name: file.read_text(encoding="utf-8") for file in (folder / "run").glob("*.pid")}
        assert run(folder, "--stop").returncode == 0
        assert run(folder, "--detach", *options).returncode == 0
