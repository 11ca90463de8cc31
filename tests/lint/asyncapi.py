"""What programs are told of the events: valid YAML, whole in itself, with examples that keep to their schemas."""
import jsonschema
import yaml

PROVES = "docs/asyncapi.yaml can be read, refers only to what it has, and each example body is as its schema says"

DOCUMENT = "docs/asyncapi.yaml"
SCHEMAS = "#/components/schemas/"


def references(node):
    """Every $ref below the node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def found(document, reference):
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def check(tree):
    if DOCUMENT not in tree.files:
        return
    try:
        document = yaml.safe_load(tree.text(DOCUMENT))
    except yaml.YAMLError as problem:
        yield f"{DOCUMENT}: {' '.join(str(problem).split())}"
        return
    for reference in sorted(set(references(document))):
        if found(document, reference) is None:
            yield f"{DOCUMENT}: {reference} is not there"
    resolver = jsonschema.RefResolver("", document)
    for name, message in document["components"]["messages"].items():
        schema = found(document, message["payload"]["$ref"])
        if not message["examples"]:
            yield f"{DOCUMENT}: {name} has no example"
        for example in message["examples"] if schema else ():
            validator = jsonschema.Draft7Validator(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())
            for error in validator.iter_errors(example["payload"]):
                yield f"{DOCUMENT}: the example of {name}: {'/'.join(map(str, error.path))}: {error.message}"


def document_of(amount):
    return f"""
channels:
  paid:
    subscribe: {{ message: {{ $ref: '#/components/messages/paid' }} }}
components:
  messages:
    paid:
      payload: {{ $ref: '{SCHEMAS}paid' }}
      examples:
        - payload: {{"amount":{amount}}}
  schemas:
    paid: {{ type: object, required: [amount], properties: {{ amount: {{ type: integer, minimum: 1 }} }} }}
"""


BROKEN = {DOCUMENT: document_of(0)}
SOUND = {DOCUMENT: document_of(1)}
