"""The three kinds of question, as a person at a terminal meets them (spec/client.md 6.1)."""

import os
import re
import signal
import subprocess

import pytest

from pty_session import (BACK_TAB, BACKSPACE, CTRL_C, CTRL_D, CTRL_Z, DELETE, DOWN, END, ENTER, HOME,
                         LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, PtySession)

DRIVER = os.environ["PROMPT_DRIVER"]
PLAIN = {"TERM": "xterm", "NO_COLOR": "1"}


def ask(*args, env=PLAIN, **keywords):
    return PtySession([DRIVER, *args], env=env, **keywords)


def answer_of(session):
    assert session.wait_end() == 0, session.out
    return re.fullmatch(r"answer: (.*)\n", session.output()).group(1)


# --- confirm ------------------------------------------------------------------------------------

@pytest.mark.parametrize("keys, answer", [("\r", "no"), ("y\r", "yes"), ("Y\r", "yes"),
                                          ("yn\r", "no"), ("yN\r", "no"), ("x \ty\r", "yes")])
def test_confirm_with_default_no(keys, answer):
    with ask("confirm", "-d", "no") as s:
        s.wait_for(r"^\? Question \(y/n\) › no$")
        s.send(keys)
        assert answer_of(s) == answer
        assert s.screen.text() == f"✔ Question · {answer}"
        assert s.is_restored()


def test_confirm_with_default_yes():
    with ask("confirm", "-d", "yes") as s:
        s.wait_for("› yes$")
        s.send(ENTER)
        assert answer_of(s) == "yes"


def test_confirm_without_default_waits_for_an_answer():
    with ask("confirm") as s:
        s.wait_for(r"\(y/n\) ›$")
        s.send(ENTER + ENTER + "n")
        s.wait_for("› no$")
        s.send("y")
        s.wait_for("› yes$")
        s.send(ENTER)
        assert answer_of(s) == "yes"


def test_confirm_longer_than_the_terminal_leaves_nothing_behind():
    question = "word " * 30 + "end"
    with ask("confirm", "-d", "no", "-q", question, columns=40) as s:
        s.wait_for("› no$")
        s.send("yny")
        s.wait_for("› yes$")
        s.send(ENTER)
        assert answer_of(s) == "yes"
        joined = s.screen.text().replace("\n", "")
        assert re.sub(" +", " ", joined).count("✔") == 1
        assert "?" not in joined and joined.endswith("· yes")


# --- input --------------------------------------------------------------------------------------

def test_input_takes_a_line():
    with ask("input") as s:
        s.wait_for("^. Question ›$")
        s.send("hello" + ENTER)
        assert answer_of(s) == "hello"
        assert s.screen.text() == "✔ Question · hello"
        assert s.is_restored()


def test_input_takes_the_default_on_empty_enter():
    with ask("input", "-d", "51820") as s:
        s.wait_for(r"\? Question \(51820\) ›$")
        s.send(ENTER)
        assert answer_of(s) == "51820"
        assert s.screen.text() == "✔ Question · 51820"


def test_input_prefers_what_was_typed_to_the_default():
    with ask("input", "-d", "51820") as s:
        s.wait_for("›$")
        s.send("7" + ENTER)
        assert answer_of(s) == "7"


def test_input_prefill_is_editable():
    with ask("input", "-p", "10.42.0.0/16") as s:
        s.wait_for("› 10.42.0.0/16$")
        s.send(BACKSPACE + "5" + HOME + DELETE + DELETE + "172" + END + "9" + LEFT + LEFT + "x" +
               RIGHT + "y")
        s.wait_for("› 172.42.0.0/1x5y9$")
        s.send(ENTER)
        assert answer_of(s) == "172.42.0.0/1x5y9"


def test_input_moves_by_words():
    with ask("input") as s:
        s.wait_for("›$")
        s.send("one two three")
        s.send("\033b\033b" + "X" + "\033f" + "Y" + ENTER)
        assert answer_of(s) == "one XtwoY three"


def test_input_is_utf8_in_any_locale():
    with ask("input", env={**PLAIN, "LC_ALL": "C"}) as s:
        s.wait_for("›$")
        s.send("Grün€")
        s.wait_for("› Grün€$")
        s.send(LEFT + BACKSPACE + ENTER)
        assert answer_of(s) == "Grü€"


def test_input_empty_without_default_asks_again():
    with ask("input") as s:
        s.wait_for("›$")
        s.send(ENTER)
        s.wait_for("^✘ .+(\n.+)?\n. Question ›$")
        s.send("x" + ENTER)
        assert answer_of(s) == "x"
        assert s.screen.text() == "✔ Question · x"


def test_input_refused_by_the_check_shows_why_and_asks_again():
    with ask("input", "-c", "hostname") as s:
        s.wait_for("›$")
        s.send("Not A Name" + ENTER)
        s.wait_for("^✘ .+(\n.+)?\n. Question ›$")
        s.send("-" + ENTER)
        s.wait_until(lambda: s.raw.count("✘".encode()) == 2, "a second reason")
        s.wait_for("^✘ .+(\n.+)?\n. Question ›$")
        s.send("name" + ENTER)
        assert answer_of(s) == "name"
        assert s.screen.text() == "✔ Question · name"


def test_input_offers_the_prefill_again():
    with ask("input", "-c", "hostname", "-p", "Bad") as s:
        s.wait_for("› Bad$")
        s.send(ENTER)
        s.wait_for("^✘ .+(\n.+)?\n. Question › Bad$")
        s.send(HOME + DELETE + "b" + ENTER)
        assert answer_of(s) == "bad"


def test_input_prefill_cannot_press_keys():
    with ask("input", "-p", "a\rb\x04\033[Dc") as s:
        s.wait_for(r"› ab\[Dc$")
        s.send(ENTER)
        assert answer_of(s) == "ab[Dc"


def test_input_refuses_control_characters():
    with ask("input") as s:
        s.wait_for("›$")
        s.send("a\x16\x01b" + ENTER)
        s.wait_for("^✘ .+\n. Question ›$")
        s.send("plain" + ENTER)
        assert answer_of(s) == "plain"


def test_input_drops_blanks_around_the_text():
    with ask("input") as s:
        s.wait_for("›$")
        s.send("  a b  " + ENTER)
        assert answer_of(s) == "a b"


@pytest.mark.parametrize("length", [25, 26, 27, 28, 60, 67, 68, 69, 107, 108, 109])
def test_input_wider_than_the_terminal_leaves_nothing_behind(length):
    with ask("input", columns=40) as s:
        s.wait_for("›$")
        text = "0123456789" * 11
        s.send(text[:length])
        s.wait_until(lambda: text[:length] in s.screen.text().replace("\n", ""), "the text")
        s.send(ENTER)
        assert answer_of(s) == text[:length]
        assert s.screen.text().replace("\n", "") == "✔ Question · " + text[:length]


def test_input_ends_with_the_input():
    with ask("input") as s:
        s.wait_for("›$")
        s.send(CTRL_D)
        assert s.wait_end() == 1
        assert s.output().startswith("error: -125 ") and "Question" in s.output()
        assert s.is_restored()


# --- select -------------------------------------------------------------------------------------

ITEMS = ["alpha", "beta", "gamma"]


@pytest.mark.parametrize("keys, index", [
    ([], 0), ([DOWN], 1), ([DOWN, DOWN], 2), ([DOWN, DOWN, DOWN], 0), ([UP], 2), ([UP, UP, UP], 0),
    (["\t"], 1), ([BACK_TAB], 2), (["j", "j", "k"], 1), ([END], 2), ([END, HOME], 0),
    (["\033OB"], 1), (["\033", "q", "x", DOWN], 1)])
def test_select_moves_and_wraps(keys, index):
    with ask("select", *ITEMS) as s:
        s.wait_for(r"^\? Question .*\n❯ alpha\n  beta\n  gamma$")
        for key in keys:
            s.send(key)
        s.wait_for(f"^❯ {ITEMS[index]}$")
        s.send(ENTER)
        assert answer_of(s) == str(index)
        assert s.screen.text() == f"✔ Question · {ITEMS[index]}"
        assert s.is_restored()


def test_select_accepts_by_space():
    with ask("select", *ITEMS) as s:
        s.wait_for("^❯ alpha")
        s.send(DOWN + " ")
        assert answer_of(s) == "1"


def test_select_scrolls_in_a_small_terminal():
    items = [f"item-{i:02}" for i in range(30)]
    with ask("select", *items, rows=8) as s:
        s.wait_for("^❯ item-00(\n  item-0[1-5]){5}$")
        assert "Question" in s.screen.text().split("\n")[0]
        assert len(s.screen.text().split("\n")) == 7
        s.send(DOWN * 10)
        s.wait_for("^❯ item-10$")
        assert "Question" in s.screen.text().split("\n")[0]
        s.send(UP * 11)
        s.wait_for("^❯ item-29$")
        s.send(DOWN)
        s.wait_for("^❯ item-00$")
        s.send(PAGE_DOWN)
        s.wait_for("^❯ item-06$")
        s.send("l")
        s.wait_for("^❯ item-12$")
        s.send(LEFT + PAGE_UP + LEFT)
        s.wait_for("^❯ item-00$")
        s.send(RIGHT + ENTER)
        assert answer_of(s) == "6"
        assert s.screen.text() == "✔ Question · item-06"


def test_select_cuts_items_to_the_terminal():
    with ask("select", "x" * 200, "é" * 200, columns=40) as s:
        s.wait_for("^❯ x+…\n  é+…$")
        s.send(UP + ENTER)
        assert answer_of(s) == "1"


def test_select_follows_the_size_of_the_terminal():
    items = [f"item-{i:02}" for i in range(30)]
    with ask("select", *items, rows=24) as s:
        s.wait_for("^  item-21$")
        s.resize(8, 80)
        s.screen.rows = 24
        s.wait_until(lambda: "item-06" not in s.screen.text(), "a shorter menu")
        s.send(ENTER)
        assert answer_of(s) == "0"


def test_select_without_items():
    with ask("select") as s:
        assert s.wait_end() == 1
        assert s.output().startswith("error: -2 ") and "Question" in s.output()


def test_texts_are_made_safe_for_the_terminal():
    with ask("select", "-q", "evil\033[2Jtitle", "bad\033]0;x\007item", "good") as s:
        s.wait_for("^❯ bad")
        assert b"\033[2J" not in s.raw and b"\033]" not in s.raw and b"\007" not in s.raw
        assert "evil" in s.screen.text() and "title" in s.screen.text()
        s.send(ENTER)
        assert answer_of(s) == "0"
        assert b"\033]" not in s.raw and b"\033[2J" not in s.raw


# --- every kind ---------------------------------------------------------------------------------

KINDS = [("confirm",), ("input",), ("select", "a", "b")]


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_restores_the_terminal_and_dies_by_sigint(kind):
    with ask(*kind) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send(CTRL_C)
        assert s.wait_end() == -signal.SIGINT
        assert s.is_restored()
        assert s.out == b""
        assert s.raw.endswith(b"\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_restore_the_terminal(kind, number):
    with ask(*kind) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.kill(number)
        assert s.wait_end() == -number
        assert s.is_restored()


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_z_does_not_stop_the_question(kind):
    with ask(*kind) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send(CTRL_Z)
        s.send("y" + ENTER)
        assert s.wait_end() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_closed_terminal_ends_the_program(kind):
    with ask(*kind) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.hang_up()
        assert s.wait_end() in (-signal.SIGHUP, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_without_terminal_the_error_names_question_and_option(kind):
    p = subprocess.run([DRIVER, *kind[:1], "-q", "What now", "-o", "--thing", *kind[1:]],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert p.returncode == 1
    assert p.stdout.startswith("error: -25 ")
    assert "What now" in p.stdout and "--thing" in p.stdout and "stderr" in p.stdout
    assert p.stderr == ""


@pytest.mark.parametrize("kind", KINDS)
def test_stdin_must_be_a_terminal(kind):
    with ask(*kind, stdin=subprocess.DEVNULL) as s:
        assert s.wait_end() == 1
        assert s.output().startswith("error: -25 ") and "stdin" in s.output()
        assert s.raw == b""


@pytest.mark.parametrize("kind, answer", [(("confirm",), "yes"), (("input",), "y"),
                                          (("select", "a", "b"), "0")])
def test_stdin_optional_reads_the_terminal_instead(kind, answer):
    with ask(kind[0], "-n", *kind[1:], stdin=subprocess.DEVNULL) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send("y" + ENTER)
        assert answer_of(s) == answer
        assert s.is_restored()


@pytest.mark.parametrize("kind", KINDS)
def test_stdin_optional_without_any_terminal(kind):
    p = subprocess.run([DRIVER, kind[0], "-n", *kind[1:]], start_new_session=True,
                       stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert p.returncode == 1 and p.stdout.startswith("error: -25 ")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("env, colored", [
    ({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": ""}, False),
    ({"TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, True),
    ({"TERM": "xterm", "CLICOLOR_FORCE": "0"}, True), ({"TERM": "xterm", "CLICOLOR": "0"}, False),
    ({"TERM": "dumb"}, False), ({"TERM": None}, False), ({"TERM": "dumb", "CLICOLOR_FORCE": "1"}, True)])
def test_colours_follow_the_environment(kind, env, colored):
    with ask(*kind, env=env) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
        assert bool(re.search(rb"\033\[[0-9;]*m", s.raw)) == colored


@pytest.mark.parametrize("kind", KINDS)
def test_dumb_terminals_get_no_escape_sequences(kind):
    with ask(*kind, env={"TERM": "dumb"}) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
        assert b"\033" not in s.raw
        assert "✔ Question · " in s.screen.text()


@pytest.mark.parametrize("kind, keys, answers", [
    (("input",), "one\rtwo\rthree\r", ["one", "two", "three"]),
    (("confirm",), "y\rn\ryny\r", ["yes", "no", "yes"]),
    (("select", "a", "b", "c"), "\r\033[B\r\033[A\r", ["0", "1", "2"])])
def test_keys_typed_ahead_wait_for_the_next_question(kind, keys, answers):
    with ask(kind[0], "-r", "3", *kind[1:]) as s:
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send(keys)
        assert s.wait_end() == 0
        assert s.output() == "".join(f"answer: {answer}\n" for answer in answers)
        assert len(s.screen.text().splitlines()) == 3
        assert s.is_restored()
