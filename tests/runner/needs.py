"""needs - what suites need beyond packages for building: installed before they begin, or told by name.

Each need is a command that installs what is missing and says so, says nothing where all is there, and ends with 69
where it cannot be had on this machine.
"""
from steps import NOT_AVAILABLE, progress, say

COMMANDS = {
    "mongodb": ["system/servers/install", "--quiet", "mongodb"],
    "jaeger": ["system/servers/install", "--quiet", "jaeger"],
    "containers": ["./setup", "containers"],
}


def provide(suites):
    """{need: the line that says what is missing, and the command that provides it}"""
    missing = {}
    for need in COMMANDS:
        users = [suite.name for suite in suites if need in suite.needs]
        if not users:
            continue
        status, _ = progress(COMMANDS[need])
        if status != 0:
            command = " ".join(word for word in COMMANDS[need] if word != "--quiet")
            what = "cannot be had here" if status == NOT_AVAILABLE else f"could not be installed (status {status})"
            missing[need] = f"{need} {what}, so not all of {', '.join(users)} can run; get it with: {command}"
            say(f"test: {missing[need]}")
    return missing
