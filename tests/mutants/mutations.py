"""mutations - small changes to one C file, made over its syntax tree (libclang), as somebody in a hurry would make them.

A change replaces a span of bytes and keeps all lines where they are. What a macro expands to is left alone: only what
stands in the file itself can be written wrong.
"""
import dataclasses
import os

import clang.cindex
from clang.cindex import CursorKind as Kind
from clang.cindex import TokenKind

OPERATORS = {"<": ("<=",), "<=": ("<",), ">": (">=",), ">=": (">",), "==": ("!=",), "!=": ("==",), "&&": ("||",),
             "||": ("&&",), "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",), "&": ("|",), "|": ("&",),
             "<<": (">>",), ">>": ("<<",), "+=": ("-=",), "-=": ("+=",), "|=": ("&=",), "&=": ("|=",)}
OPERATIONS = (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR)
STATEMENTS = (Kind.CALL_EXPR, Kind.UNARY_OPERATOR, *OPERATIONS, Kind.BREAK_STMT, Kind.CONTINUE_STMT)
# Which of their children are statements: what comes before is a condition, a start, a label.
BLOCKS = {Kind.COMPOUND_STMT: 0, Kind.IF_STMT: 1, Kind.WHILE_STMT: 1, Kind.CASE_STMT: 1, Kind.DEFAULT_STMT: 0}
TRUTHS = {"true": "false", "false": "true"}


@dataclasses.dataclass(frozen=True)
class Mutation:
    path: str
    line: int
    begin: int  # bytes
    end: int
    was: str
    becomes: str
    kind: str

    def name(self):
        return f"{self.path}:{self.line}: {' '.join(self.was.split())[:60]} -> {' '.join(self.becomes.split())[:60] or 'nothing'}"

    def key(self):
        return f"{self.path}|{self.begin}|{self.was}|{self.becomes}"

    def apply(self, text):
        assert text[self.begin:self.end].decode() == self.was
        return text[:self.begin] + self.becomes.encode() + text[self.end:]


class File:
    def __init__(self, root, path, arguments):
        self.path, self.whole = path, os.path.join(root, path)
        with open(self.whole, "rb") as file:
            self.text = file.read()
        self.unit = clang.cindex.Index.create().parse(
            self.whole, args=arguments, options=clang.cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        self.expanded = [extent(cursor) for cursor in self.unit.cursor.get_children()
                         if cursor.kind == Kind.MACRO_INSTANTIATION and self.is_here(cursor)]

    def is_here(self, cursor):
        return bool(cursor.location.file) and cursor.location.file.name == self.whole

    def is_written(self, begin, end):
        """No part of it is an argument or the name of a macro; assert() is not what is to be changed either."""
        return all(end <= first or last <= begin for first, last in self.expanded)

    def change(self, begin, end, becomes, kind):
        was = self.text[begin:end].decode()
        if begin >= end or was == becomes or not self.is_written(begin, end):
            return
        if was.count("\n") != becomes.count("\n"):
            becomes += "\n" * (was.count("\n") - becomes.count("\n"))
        yield Mutation(self.path, self.text.count(b"\n", 0, begin) + 1, begin, end, was, becomes, kind)

    # ---- one cursor ----

    def of_operation(self, cursor):
        children = list(cursor.get_children())
        if len(children) != 2:
            return
        first, last = extent(children[0])[1], extent(children[1])[0]
        between = self.text[first:last].decode(errors="replace")
        operator = between.strip()
        for other in OPERATORS.get(operator, ()):
            at = first + between.index(operator)
            yield from self.change(at, at + len(operator), other, "operator")

    def of_condition(self, cursor):
        begin, end = extent(next(cursor.get_children()))
        text = self.text[begin:end].decode(errors="replace")
        yield from self.change(begin, end, f"!({text})", "condition")
        if cursor.kind == Kind.IF_STMT:
            yield from self.change(begin, end, "0", "condition")

    def of_unary(self, cursor):
        begin, end = extent(cursor)
        text = self.text[begin:end]
        if text.startswith(b"!"):
            yield from self.change(begin, begin + 1, "", "negation")
        for was, becomes in ((b"++", "--"), (b"--", "++")):
            if text.startswith(was):
                yield from self.change(begin, begin + 2, becomes, "operator")
            elif text.endswith(was):
                yield from self.change(end - 2, end, becomes, "operator")

    def of_literal(self, cursor):
        begin, end = extent(cursor)
        text = self.text[begin:end].decode()
        if text.isdigit():
            yield from self.change(begin, end, str(int(text) + 1), "number")
            if int(text) > 0:
                yield from self.change(begin, end, str(int(text) - 1), "number")

    def of_enumerator(self, cursor):
        """Its neighbour in the enumeration: tables are made of such names."""
        found = cursor.referenced
        if not found or found.kind != Kind.ENUM_CONSTANT_DECL:
            return
        names = [child.spelling for child in found.semantic_parent.get_children() if not child.spelling.endswith("_COUNT")]
        begin, end = extent(cursor)
        if len(names) > 1 and found.spelling in names and self.text[begin:end].decode(errors="replace") == found.spelling:
            other = names[(names.index(found.spelling) + 1) % len(names)]
            yield from self.change(begin, end, other, "name")

    def of_branches(self, cursor):
        spans = [extent(child) for child in cursor.get_children()]
        if len(spans) == 3:
            texts = [self.text[begin:end].decode(errors="replace") for begin, end in spans]
            between = self.text[spans[1][1]:spans[2][0]].decode(errors="replace")
            yield from self.change(spans[1][0], spans[2][1], texts[2] + between + texts[1], "branches")

    def of_statement(self, cursor):
        """Left out: a call, an assignment, a way out of a loop."""
        begin, end = extent(cursor)
        if cursor.kind in STATEMENTS or self.text[begin:].startswith(b"(void)"):
            yield from self.change(begin, end, "", "left out")

    def of_tokens(self):
        for token in self.unit.get_tokens(extent=self.unit.cursor.extent):
            if token.spelling in TRUTHS and token.kind != TokenKind.COMMENT:
                begin, end = token.extent.start.offset, token.extent.end.offset
                line = self.text.count(b"\n", 0, begin) + 1
                yield Mutation(self.path, line, begin, end, token.spelling, TRUTHS[token.spelling], "truth")

    def walk(self, cursor):
        if cursor.kind in OPERATIONS:
            yield from self.of_operation(cursor)
        elif cursor.kind in (Kind.IF_STMT, Kind.WHILE_STMT):
            yield from self.of_condition(cursor)
        elif cursor.kind == Kind.UNARY_OPERATOR:
            yield from self.of_unary(cursor)
        elif cursor.kind == Kind.INTEGER_LITERAL:
            yield from self.of_literal(cursor)
        elif cursor.kind == Kind.DECL_REF_EXPR:
            yield from self.of_enumerator(cursor)
        elif cursor.kind == Kind.CONDITIONAL_OPERATOR:
            yield from self.of_branches(cursor)
        statements_from = BLOCKS.get(cursor.kind)
        for number, child in enumerate(cursor.get_children()):
            if statements_from is not None and number >= statements_from:
                yield from self.of_statement(child)
            yield from self.walk(child)

    def mutations(self):
        found = {}
        for cursor in self.unit.cursor.get_children():
            if self.is_here(cursor) and cursor.kind in (Kind.FUNCTION_DECL, Kind.VAR_DECL):
                for mutation in self.walk(cursor):
                    found.setdefault(mutation.key(), mutation)
        for mutation in self.of_tokens():
            found.setdefault(mutation.key(), mutation)
        return sorted(found.values(), key=lambda one: (one.begin, one.end, one.becomes))


def extent(cursor):
    return cursor.extent.start.offset, cursor.extent.end.offset
