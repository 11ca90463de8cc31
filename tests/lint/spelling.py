"""Words are spelt as in a dictionary."""
import shutil

from lint import Missing

PROVES = "codespell knows no better spelling of any word"

WORDS_OF_OURS = "fo,te,hist,nd,ser,aks,statics,crate,ans,inout,whats,zar,get's,lsit,tarce,inflight"
NOT_OURS = (".sum", ".dat", "LICENSE", ".svg", ".png")


def check(tree):
    if not shutil.which("codespell"):
        raise Missing("codespell; get it with: apt-get install -y codespell")
    names = [name for name in tree.to_check(tree.files) if not name.endswith(NOT_OURS) and "/corpus/" not in name]
    for begin in range(0, len(names), 200):
        yield from tree.run("codespell", f"--ignore-words-list={WORDS_OF_OURS}",
                            *names[begin:begin + 200]).stdout.splitlines()


BROKEN = {"a.md": "It is rec" "ieved.\n"}
SOUND = {"a.md": "It is received.\n"}
