"""Calls that have a better replacement are not made."""
import re

PROVES = "no call that overflows, loses errors, hides a wait or depends on the machine's luck"

BANNED = {
    "strcpy": "memcpy with a checked length, or snprintf",
    "strcat": "snprintf, or a json_writer",
    "strncpy": "memcpy with a checked length: it does not always end with NUL",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "fgets",
    "atoi": "strtoll with its errors looked at",
    "atol": "strtoll with its errors looked at",
    "atoll": "strtoll with its errors looked at",
    "atof": "strtod with its errors looked at",
    "strtok": "strtok_r, or a loop",
    "sleep": "a wait for the event, bounded: poll, pthread_cond_timedwait",
    "usleep": "a wait for the event, bounded: poll, pthread_cond_timedwait",
    "system": "posix_spawn with an argument list",
    "rand": "getrandom",
    "srand": "getrandom",
    "localtime": "localtime_r",
    "gmtime": "gmtime_r",
    "setjmp": "error values",
    "alloca": "an array of a named bound, or the heap",
}
ALLOCATORS = ("malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup", "asprintf", "vasprintf",
              "aligned_alloc", "posix_memalign")
BANNED.update({name: "common/base/memory.h, where running out ends the process" for name in ALLOCATORS})
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
# Comments and literals, in one alternation so that one inside the other is not taken for a start.
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_of(text):
    """The text with comments and literals blanked, its lines where they were."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def check(tree):
    for name in tree.having(".c", ".h"):
        for number, line in enumerate(code_of(tree.text(name)).splitlines(), 1):
            for found in CALL.finditer(line):
                if found[1] in ALLOCATORS and (name.startswith("tests/") or name == "common/base/memory.c"):
                    continue  # a test that finds none crashes, which is what it should do
                yield f"{name}:{number}: {found[1]}: use {BANNED[found[1]]}"


BROKEN = {"a.c": "void *f(void)\n{\n    return malloc(1);\n}\n"}
SOUND = {"tests/a.c": "void *f(void)\n{\n    return malloc(1);\n}\n",
         "a.c": '/* sleep(1) */\nconst char *f = "system(x)";\nint g = store_system(1) + port->sleep(2);\n'}
