"""A library's header is included only in the few files that wrap it."""
import fnmatch
import re

PROVES = "a third-party library can be replaced by changing the files that wrap it"

BSON = ["common/mongodb/*", "replay/replay*_codec.c"]

# header: the files that may include it. Tests may include anything.
WRAPPED = {
    "rabbitmq-c/*": ["common/rabbitmq/*"],
    "amqp*.h": ["common/rabbitmq/*", "cli/sources/amqp_*"],
    "mongoc/*": ["common/mongodb/*"],
    "mongoc.h": ["common/mongodb/*"],
    "bson/*": BSON,
    "bson.h": BSON,
    "sqlite3.h": ["common/sqlite/sqlite*", "provider/journal*", "provider/sql*"],
    "civetweb.h": ["common/http/*"],
    "curl/*": ["common/http/*", "tracing/export/*", "cli/*"],
    "openssl/*": ["common/base/hash.c", "common/jwt/jwk_key.c", "common/jwt/jwt_sign.c"],
    "cjson/*": ["cli/*", "audit/audit_body.c"],
    "cJSON.h": ["cli/*", "audit/audit_body.c"],
    "cmocka.h": [],
}
FREE = ("tests/", "bench/", "sim/")
INCLUDE = re.compile(r"^\s*#\s*include\s+[<\"]([^>\"]+)[>\"]")


def check(tree):
    for name in tree.having(".c", ".h"):
        if name.startswith(FREE):
            continue
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            found = INCLUDE.match(line)
            for header, wrappers in WRAPPED.items():
                if found and fnmatch.fnmatch(found[1], header) and \
                        not any(fnmatch.fnmatch(name, wrapper) for wrapper in wrappers):
                    yield f"{name}:{number}: <{found[1]}> belongs in {' '.join(wrappers) or 'tests'} only"


BROKEN = {"booking/decide.c": "#include <amqp.h>\n"}
SOUND = {"common/rabbitmq/amqp_link.c": "#include <amqp.h>\n#include <stdio.h>\n"}
