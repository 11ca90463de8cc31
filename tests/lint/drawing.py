"""The drawing of the house is what the includes say."""
import html
import re

PROVES = ("docs/house.dot and docs/house.svg show the folders and arrows of this tree: docs/draw_house --svg makes them; "
          "each service's drawing shows the arrows of docs/states.dot: docs/draw_states makes them")

DRAW = "docs/draw_house"
STATES = "docs/states.dot"
AGAIN = f"run {DRAW} --svg"
EDGE_OF_DOT = re.compile(r'^\s*"([^"]+)" -> \{ (.*) \};$', re.M)
GRAPH_OF_DOT = re.compile(r'^digraph "(\w+)" \{\n(.*?)^\}$', re.M | re.S)
ARROW_OF_DOT = re.compile(r'^\s*"([^"]+)" -> "([^"]+)" \[', re.M)
EDGE_OF_SVG = re.compile(r"<title>([^<]+)&#45;&gt;([^<]+)</title>")


def edges_of_dot(text):
    return {(here, there) for here, below in EDGE_OF_DOT.findall(text) for there in re.findall(r'"([^"]+)"', below)}


def edges_of_svg(text):
    return {(html.unescape(here), html.unescape(there)) for here, there in EDGE_OF_SVG.findall(text)}


def states_check(tree):
    for service, body in GRAPH_OF_DOT.findall(tree.text(STATES) if STATES in tree.files else ""):
        name = f"docs/{service}.svg"
        if name not in tree.files or set(ARROW_OF_DOT.findall(body)) != edges_of_svg(tree.text(name)):
            yield f"{name}: shows other arrows than {STATES}; run docs/draw_states"


def check(tree):
    yield from states_check(tree)
    for name in (DRAW, "docs/house.dot", "docs/house.svg"):
        if name not in tree.files:
            yield f"{name}: is missing; {AGAIN}"
            return
    drawn = tree.run(f"./{DRAW}")
    if drawn.returncode != 0:
        yield f"{DRAW}: {drawn.stderr.strip()[-200:]}"
        return
    if drawn.stdout != tree.text("docs/house.dot"):
        yield f"docs/house.dot: is not what the includes say; {AGAIN}"
    if edges_of_dot(drawn.stdout) != edges_of_svg(tree.text("docs/house.svg")):
        yield f"docs/house.svg: shows other arrows than the includes make; {AGAIN}"


PRINT = "#!/bin/sh\nprintf '  \"a\" -> { \"b\" };\\n'\n"
BROKEN = {
    DRAW: PRINT,
    "docs/house.dot": '  "a" -> { "b" };\n',
    "docs/house.svg": "<title>a&#45;&gt;c</title>\n",
}
SOUND = {**BROKEN, "docs/house.svg": "<title>a&#45;&gt;b</title>\n"}
