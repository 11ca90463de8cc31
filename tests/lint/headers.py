"""A header is a contract, so it says of what."""
PROVES = "each header begins with its name and its purpose, and is included once"


def check(tree):
    for name in tree.having(".h"):
        text = tree.text(name)
        base = name.rsplit("/", 1)[-1]
        if not text.startswith(f"/* {base} - "):
            yield f"{name}:1: begin with /* {base} - its purpose, ownership, threads, errors"
        if "\n#pragma once\n" not in text:
            yield f"{name}: #pragma once is missing"


BROKEN = {"a.h": "#pragma once\nint f(void);\n"}
SOUND = {"a.h": "/* a.h - f, which answers 0. */\n#pragma once\nint f(void);\n"}
