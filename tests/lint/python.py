"""Python scripts compile, and import nothing that they do not use."""
import ast

PROVES = "every Python file parses, and its imports are used"


def unused_imports(module):
    imported = {}
    for node in ast.walk(module):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                imported[(alias.asname or alias.name).split(".")[0]] = node.lineno
    used = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    return sorted((line, name) for name, line in imported.items() if name not in used)


def check(tree):
    for name in sorted(set(tree.having(".py") + tree.scripts("python3"))):
        try:
            module = ast.parse(tree.text(name))
        except SyntaxError as error:
            yield f"{name}:{error.lineno}: {error.msg}"
            continue
        exported = tree.text(name)
        for line, imported in unused_imports(module):
            if "noqa" not in exported.splitlines()[line - 1]:
                yield f"{name}:{line}: {imported} is imported and not used"


BROKEN = {"a.py": "import os\n"}
SOUND = {"a.py": "import os\nprint(os.sep)\n"}
