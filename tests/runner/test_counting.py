"""What went wrong without a test saying so must not be counted as nothing."""
import json

import counting
from counting import Count


def record(result, stdout=""):
    return {"name": "x", "result": result, "stdout": stdout}


def test_each_line_of_tap_is_one_test():
    assert counting.tap("1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no server\n", False) == Count(1, 1, 1)


def test_a_program_that_ends_before_its_plan_has_failed_the_rest():
    assert counting.tap("1..3\nok 1 - a\n", False) == Count(1, 2, 0)


def test_a_program_whose_tests_pass_and_that_fails_itself_has_failed():
    assert counting.tap("1..1\nok 1 - a\n", False) == Count(1, 1, 0)


def test_a_crash_before_any_output_is_a_failure():
    assert counting.meson_test(record("ERROR")) == Count(0, 1, 0)
    assert counting.meson_test(record("TIMEOUT")) == Count(0, 1, 0)


def test_a_script_that_skips_is_one_skip():
    assert counting.meson_test(record("SKIP", "mongod is not installed")) == Count(0, 0, 1)


def test_a_script_that_says_nothing_is_one_test():
    assert counting.meson_test(record("OK")) == Count(1, 0, 0)


def test_a_missing_log_is_a_failure(tmp_path):
    assert counting.meson_log(tmp_path / "none.json", True) == Count(0, 1, 0)


def test_a_log_is_the_sum_of_its_lines(tmp_path):
    log = tmp_path / "log.json"
    log.write_text("\n".join(json.dumps(r) for r in (record("OK", "1..2\nok 1 a\nok 2 b\n"), record("FAIL"))))
    assert counting.meson_log(log, False) == Count(2, 1, 0)


def test_a_failed_run_without_a_failed_test_is_a_failure(tmp_path):
    log = tmp_path / "log.json"
    log.write_text(json.dumps(record("OK")))
    assert counting.meson_log(log, False) == Count(1, 1, 0)


def test_junit_counts_errors_as_failures(tmp_path):
    results = tmp_path / "results.xml"
    results.write_text("<testsuites><testsuite><testcase name='a'/><testcase name='b'><error/></testcase>"
                       "<testcase name='c'><skipped/></testcase></testsuite></testsuites>")
    assert counting.junit(results, False) == Count(1, 1, 1)


def test_no_or_broken_or_empty_junit_is_a_failure(tmp_path):
    results = tmp_path / "results.xml"
    assert counting.junit(results, True) == Count(0, 1, 0)
    results.write_text("<testsuites><testsuite>")
    assert counting.junit(results, True) == Count(0, 1, 0)
    results.write_text("<testsuites/>")
    assert counting.junit(results, True) == Count(0, 1, 0)
