"""podman - containers for tests, also on a machine without systemd and without a container engine of its own.

Containers are gone at the end of a test; images stay, for the next one: localhost/roundtrip-*, about 2 GB, which
`podman rmi --force $(podman images -q 'localhost/roundtrip-*')` deletes. Other containers are not touched. Needs root, and
the packages of `./setup containers`.
"""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "containers"
NOT_AVAILABLE = 69
BASE = "localhost/roundtrip-bare-debian:12"
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
# runc and cgroupfs: the defaults want systemd. The limits: podman's own are higher than such a machine may give.
SETTINGS = """[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
"""
# What tells tools where packages come from, and whom to trust on the way there.
REGISTRY_VARIABLES = re.compile(
    r"(?i)^(PIP_(?!FIND_LINKS)\w+|GO(PROXY|SUMDB|NOSUMDB|NOSUMCHECK|PRIVATE|NOPROXY|INSECURE|AUTH)|npm_config_\w+"
    r"|https?_proxy|no_proxy|all_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS"
    r"|GIT_SSL_CAINFO)$")
REGISTRY_FILES = ("etc/apt/sources.list", "etc/apt/sources.list.d/debian.sources", "etc/pip.conf", "etc/npmrc",
                  "root/.config/pip/pip.conf", "root/.pip/pip.conf", "root/.config/go/env", "root/.npmrc",
                  "etc/ssl/certs/ca-certificates.crt")
AUTHORITIES = "usr/local/share/ca-certificates"


def unavailable(what, command):
    print(f"{pathlib.Path(sys.argv[0]).name}: {what}; get it with: {command}")
    sys.exit(NOT_AVAILABLE)


def require():
    if os.geteuid() != 0:
        unavailable("containers are made as root, and this is not", f"sudo ./test {pathlib.Path(sys.argv[0]).name}")
    for program, package in (("podman", "podman"), ("runc", "runc"), ("debootstrap", "debootstrap"),
                             ("docker-compose", "docker-compose")):
        if not shutil.which(program, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"):
            unavailable(f"{package} is not installed", "./setup containers")


def registry_variables():
    return {name: value for name, value in os.environ.items() if REGISTRY_VARIABLES.match(name)}


def registry_files():
    """{path in a container: the host's file}"""
    files = {name: pathlib.Path("/", name) for name in REGISTRY_FILES}
    for path in pathlib.Path("/etc/apt/apt.conf.d").glob("*"):
        if re.search(r"(?im)^\s*Acquire\b.*\b(Proxy|Verify-Peer|CaInfo)|Acquire::https?::", path.read_text(errors="replace")):
            files[str(path.relative_to("/"))] = path
    for path in pathlib.Path("/", AUTHORITIES).glob("*.crt"):
        files[f"{AUTHORITIES}/{path.name}"] = path
    return {name: path for name, path in files.items() if path.is_file()}


def mirror():
    """Where this machine's own Debian packages come from."""
    for name in ("etc/apt/sources.list", "etc/apt/sources.list.d/debian.sources"):
        path = pathlib.Path("/", name)
        found = re.search(r"^(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(\S+/debian/?)(?=\s|$)",
                          path.read_text(errors="replace") if path.is_file() else "", re.M)
        if found:
            return found[1]
    return MIRROR


class Podman:
    def __init__(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.settings = FOLDER / "containers.conf"
        self.settings.write_text(SETTINGS, encoding="utf-8")
        self.env = {**os.environ, "CONTAINERS_CONF": str(self.settings)}
        self.own = []  # containers

    def __call__(self, *words, check=True, show=False, seconds_max=1800, **options):
        done = subprocess.run(["podman", *map(str, words)], env=self.env, text=True, check=False, timeout=seconds_max,
                              stdout=None if show else subprocess.PIPE, stderr=None if show else subprocess.STDOUT,
                              **options)
        if check and done.returncode:
            raise RuntimeError(f"podman {' '.join(map(str, words))}: status {done.returncode}\n{done.stdout or ''}")
        return done

    def has_image(self, name):
        return self("image", "exists", name, check=False).returncode == 0

    def base_image(self):
        """Debian 12 with git, its certificates and this machine's registries, and nothing else; made once."""
        if not self.has_image(BASE):
            self.make_base_image()
        done = self("run", "--rm", BASE, "true", check=False)
        if done.returncode:
            last = (done.stdout.splitlines() or ["nothing said"])[-1]
            unavailable(f"podman cannot run a container here ({last})", "a machine on which root may make namespaces")
        return BASE

    def make_base_image(self):
        print(f"making a bare Debian 12 with debootstrap, from {mirror()}", flush=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            tree = pathlib.Path(folder) / "debian"
            subprocess.run(["debootstrap", "--variant=minbase", "--include=git,ca-certificates", SUITE, tree, mirror()],
                           check=True, stdout=subprocess.DEVNULL)
            shutil.rmtree(tree / "var/cache/apt/archives")
            for name, path in registry_files().items():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, tree / name)
            if (tree / "etc/apt/sources.list.d/debian.sources").exists():
                (tree / "etc/apt/sources.list").write_text("")
            with subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE) as archive:
                self("import", "--change", "CMD=[\"bash\"]", "-", BASE, stdin=archive.stdout)

    @contextlib.contextmanager
    def container(self, image, **variables):
        """Stands still until it is told something; gone at the end, with all that it was told."""
        words = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        name = self("run", "--detach", "--init", *words, image, "sleep", "infinity").stdout.splitlines()[-1]
        try:
            yield name
        finally:
            self("rm", "--force", "--volumes", "--time", "1", name)


class Service:
    """`podman system service`, which docker-compose takes for Docker; and health checks, for which podman wants systemd."""

    def __init__(self, podman):
        self.podman = podman
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roundtrip-podman-"))  # a socket's path must be short
        self.socket = self.folder / "socket"
        self.process, self.is_over = None, threading.Event()
        self.checker = threading.Thread(target=self.check_health, daemon=True)

    def __enter__(self):
        with open(FOLDER / "service.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{self.socket}"],
                                            env=self.podman.env, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"podman system service does not start: see {FOLDER}/service.log")
            time.sleep(0.1)
        self.checker.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.checker.join(60)
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder)

    def check_health(self):
        while not self.is_over.wait(1):
            listed = self.podman("ps", "--filter", "label=com.docker.compose.project", "--format", "{{.ID}}", check=False)
            for name in listed.stdout.split():
                if not self.is_over.is_set():
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self.podman("healthcheck", "run", name, check=False, seconds_max=30)
