"""`sheaf repl` at a terminal, driven by pexpect: what keys do and what is shown."""

import os
import re

import pexpect
import pytest
from conftest import SECONDS, SHEAF

PROMPT = "sheaf> "
LEFT, HOME, UP, TAB, RUBOUT = "\x1b[D", "\x01", "\x1b[A", "\t", "\x7f"
PROGRAM = """\
input depends(package: String, target: String) from csv("depends.csv");

/// All that a package pulls in.
view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if needs(p, q), depends(q, t);
"""


class Terminal:
    """A session in a folder with a program and its data; the history is that folder's own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "needs.sheaf").write_text(PROGRAM)
        (folder / "depends.csv").write_text("package,target\napp,lib\nlib,core\n")
        self.start()

    def start(self):
        environment = dict(os.environ, XDG_STATE_HOME=str(self.folder / "state"), TERM="xterm", NO_COLOR="1")
        self.child = pexpect.spawn(
            SHEAF,
            ["repl"],
            cwd=self.folder,
            env=environment,
            encoding="utf-8",
            dimensions=(40, 100),
            timeout=SECONDS,
        )
        self.child.expect_exact(PROMPT)

    def type(self, keys):
        self.child.send(keys)

    def enter(self, keys=""):
        """What is shown after a line up to the next prompt, without what is echoed of it."""
        return self.end_line(keys + "\r")

    def end_line(self, keys):
        # While a line is edited it is drawn again and again, prompt included; these switch pasting by
        # bracket off and on round an answer.
        self.child.send(keys)
        self.child.expect_exact("\x1b[?2004l")
        self.child.expect_exact("\x1b[?2004h")
        shown = plain(self.child.before)
        self.child.expect_exact(PROMPT)
        return shown

    def see(self, text):
        self.child.expect_exact(text)

    def leave(self):
        self.child.send("\x04")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


def plain(shown):
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    return shown.replace("\r\n", "\n").strip()


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.child.close(force=True)


@pytest.fixture
def loaded(terminal):
    assert terminal.enter(":load needs.sheaf") == "needs.sheaf: 2 relations, 0 tests"
    return terminal


def test_a_question_is_answered_with_a_table(loaded):
    assert loaded.enter('needs("app", x)') == (
        "┌──────┐\n│ x    │\n╞══════╡\n│ core │\n│ lib  │\n└──────┘\n2 rows"
    )
    assert loaded.enter('needs("app", "core")') == "yes"
    assert loaded.enter('needs("core", _)') == "no"


def test_a_line_can_be_edited(loaded):
    loaded.type('eds("app", "coor")')
    loaded.type(HOME + "ne")
    loaded.type("\x05" + LEFT * 3 + RUBOUT + "\x05" + LEFT * 2 + "e")
    assert loaded.enter() == "yes"


def test_statements_become_part_of_the_program(loaded):
    assert loaded.enter("view big(x: String);") == ""
    assert loaded.enter("big(x) if needs(x, y), y.len() > 3;") == ""
    assert "│ app │\n│ lib │" in loaded.enter("big(x)")
    assert loaded.enter(":list") == "view big(x: String);\nbig(x) if needs(x, y), y.len() > 3;"


def test_what_is_not_complete_goes_on_in_the_next_line(loaded):
    loaded.type("view big(\r")
    loaded.see("an empty line ends anything")
    loaded.type("x: String\r")
    assert loaded.enter(");") == ""
    assert loaded.enter('big("a");') == ""
    assert loaded.enter('big("a")') == "yes"


def test_an_empty_line_ends_what_was_begun(loaded):
    loaded.type("view big(x: String)\r")
    loaded.see("`;` ends a statement")
    assert "the statement was not taken" in loaded.enter()
    assert loaded.enter('needs("app", "lib")') == "yes"


def test_history_of_this_session_and_the_last(loaded):
    assert loaded.enter('needs("app", "lib")') == "yes"
    assert loaded.enter('needs("core", _)') == "no"
    assert loaded.enter(UP * 2) == "yes"
    assert loaded.leave() == 0
    loaded.start()
    assert loaded.enter(UP * 4) == "needs.sheaf: 2 relations, 0 tests"
    assert loaded.enter(UP * 2) == "yes"


def test_history_is_kept_when_the_terminal_goes_away(loaded):
    assert loaded.enter('needs("core", _)') == "no"
    loaded.child.close(force=True)
    loaded.start()
    assert loaded.enter(UP * 2) == "needs.sheaf: 2 relations, 0 tests"


def test_completion_of_names_commands_and_files(loaded):
    assert loaded.enter("nee" + TAB + '"app", "lib")') == "yes"
    assert loaded.enter(":why nee" + TAB + '"app", "lib")').startswith('needs("app", "lib")')
    assert loaded.enter(":lo" + TAB + " nee" + TAB) == "needs.sheaf: 2 relations, 0 tests"
    assert loaded.enter("view big(x: Str" + TAB + ");") == ""


def test_completion_lists_what_is_possible(loaded):
    loaded.type(":l" + TAB + TAB)
    loaded.see("list")
    loaded.see("load")


def test_an_error_shows_what_was_typed_with_a_marker_below(loaded):
    shown = loaded.enter('needs("app", x), y > 1')
    assert "answer" not in shown
    assert (
        "no condition binds the variable `y`\n"
        " --> question:1:18\n"
        "  |\n"
        '1 | needs("app", x), y > 1\n'
        "  |                  ^ not bound"
    ) in shown


def test_the_marker_is_below_wide_characters_too(loaded):
    shown = loaded.enter('needs("日本語", x), y > 1')
    assert '1 | needs("日本語", x), y > 1\n  |                     ^ not bound' in shown


def test_so_do_errors_of_rows_and_of_statements(loaded):
    shown = loaded.enter('needs("app", x), let n = 1 / (x.len() - 3), n > 0')
    assert "divides by zero\n --> question:1:26\n" in shown
    assert loaded.enter("view big(x: String);") == ""
    shown = loaded.enter("big(x) if neds(x, _);")
    assert " --> typed:2:11\n" in shown
    assert "2 | big(x) if neds(x, _);\n  |           ^^^^ not declared" in shown
    assert shown.endswith("the statement was not taken")


def test_why_and_plan(loaded):
    shown = loaded.enter(':why needs("app", "core")')
    assert "by needs.sheaf:6: needs(p, t) if needs(p, q), depends(q, t);" in shown
    assert "depends.csv:3" in shown
    assert "there is no row" in loaded.enter(':why needs("core", _)')
    assert "`:why` needs a row" in loaded.enter(":why")
    loaded.enter("output needs to csv(\"needs.csv\");")
    assert "fixpoint" in loaded.enter(":plan")
    assert not (loaded.folder / "needs.csv").exists()


def test_what_cannot_be_loaded_changes_nothing(loaded):
    assert "No such file" in loaded.enter(":load nothing.sheaf")
    assert loaded.enter('needs("app", "lib")') == "yes"


def test_control_c_drops_a_line_and_control_d_leaves(loaded):
    loaded.type("needs(\r(((")
    assert loaded.end_line("\x03") == ""
    assert loaded.enter('needs("app", "lib")') == "yes"
    assert loaded.leave() == 0


@pytest.mark.parametrize("word", [":quit", "exit", "quit"])
def test_words_that_leave(terminal, word):
    terminal.type(word + "\r")
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert terminal.child.exitstatus == 0
