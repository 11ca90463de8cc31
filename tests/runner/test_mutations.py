"""Random mutants change what a person may write wrong, one place at a time, and nothing that a macro makes."""
import pathlib
import sys

import pytest

pytest.importorskip("clang.cindex")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mutants"))
import mutations  # noqa: E402  pylint: disable=wrong-import-position

TEXT = """enum colour { RED, GREEN, COLOUR_COUNT };
#define TWICE(x) ((x) + (x))
static const enum colour table[] = { RED };
int f(int a, int b)
{
    int sum = 0;
    for (int i = 0; i < a; i++) {
        if (a == b && !b)
            continue;
        sum += TWICE(b);
        f(a,
          b);
    }
    return a > 1 ? sum : table[0];
}
"""


@pytest.fixture(name="changes")
def changes_fixture(tmp_path):
    (tmp_path / "a.c").write_text(TEXT, encoding="utf-8")
    return mutations.File(str(tmp_path), "a.c", ["-std=gnu17"]).mutations()


def test_operators_conditions_numbers_names_branches_and_statements_are_changed(changes):
    made = {(one.line, one.was.split("\n")[0], one.becomes.split("\n")[0]) for one in changes}
    assert {(7, "<", "<="), (8, "==", "!="), (8, "&&", "||"), (8, "!", ""), (8, "a == b && !b", "0"), (9, "continue", ""),
            (10, "+=", "-="), (11, "f(a,", ""), (3, "RED", "GREEN"), (14, "1", "2"), (14, "sum : table[0]", "table[0] : sum"),
            (7, "++", "--")} <= made


def test_what_a_macro_makes_is_left_alone(changes):
    assert not [one for one in changes if one.line in (1, 2)]
    assert not [one for one in changes if "TWICE" in one.was]


def test_a_change_keeps_every_line_where_it_is_and_changes_one_place(changes):
    for one in changes:
        text = one.apply(TEXT.encode())
        assert text.count(b"\n") == TEXT.count("\n") and text != TEXT.encode()
        assert text[:one.begin] == TEXT.encode()[:one.begin] and text.endswith(TEXT.encode()[one.end:])


def test_no_change_is_made_twice(changes):
    assert len({one.key() for one in changes}) == len(changes)
