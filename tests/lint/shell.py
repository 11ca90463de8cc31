"""Shell scripts are free of what shellcheck knows to go wrong."""
import shutil

from lint import Missing

PROVES = "shellcheck finds nothing in any shell script"


def check(tree):
    if not shutil.which("shellcheck"):
        raise Missing("shellcheck; get it with: apt-get install -y shellcheck")
    scripts = tree.to_check(sorted(set(tree.having(".sh") + tree.scripts("bash", "/sh"))))
    if scripts:
        yield from tree.run("shellcheck", "-x", "--format=gcc", *scripts).stdout.splitlines()


BROKEN = {"a.sh": "#!/bin/bash\nrm -rf $1/*\n"}
SOUND = {"a.sh": '#!/bin/bash\necho "$1"\n'}
