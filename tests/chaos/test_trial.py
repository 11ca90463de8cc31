"""The judgement on one fault can fail: a trial of a world whose /readyz says what the test wants."""
import itertools
import types

import pytest
import trial

ALL_WELL = (200, {"checks": {"store": {"status": "pass"}, "log": {"status": "pass"}}})
AWAY = (503, {"checks": {"store": {"status": "fail"}, "log": {"status": "pass"}}})
UNREAD = (200, {"checks": {"store": {"status": "pass"}, "log": {"status": "warn"}}})
SILENT = TimeoutError("timed out")
SEEN_S_MAX = 0.5


class World:
    """Each process answers what is next in its list, the last one for ever."""
    patience = 0.01
    processes = {"gateway": None, "booking": None}

    def __init__(self, **answers):
        self.answers = {name: itertools.chain(said, itertools.repeat(said[-1])) for name, said in answers.items()}

    def ask_ops(self, name, _, timeout_s):
        assert timeout_s > 0
        answer = next(self.answers[name])
        if isinstance(answer, Exception):
            raise answer
        return answer


def fault(check="store", status="fail", concerns=(("gateway",),), touches=("store of gateway",), found_s_max=0,
          is_quiet=False):
    return types.SimpleNamespace(kind="it", touches=frozenset(touches), check=check, status=status, concerns=concerns,
                                 seen_s_max=SEEN_S_MAX, found_s_max=found_s_max, is_quiet=is_quiet)


def problems(world, one, others=()):
    judged = trial.Trial(world, one, others)
    judged.begins()
    judged.lasts()
    judged.ends()
    return judged.problems


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(trial, "AGAIN_S_MAX", 0.2)


def test_what_is_shown_and_goes_is_right():
    assert not problems(World(gateway=[ALL_WELL, AWAY, AWAY, AWAY, ALL_WELL]), fault())
    assert not problems(World(gateway=[UNREAD, UNREAD, UNREAD, ALL_WELL]), fault("log", "warn"))


@pytest.mark.parametrize("said", [[ALL_WELL], [UNREAD], [SILENT], [ALL_WELL] * 9 + [AWAY]],
                         ids=["nothing", "another name", "no answer", "late"])
def test_what_is_not_shown_in_time_is_found(said):
    assert "does not show store fail within" in problems(World(gateway=said), fault())[0]


def test_a_failure_is_no_warning_and_a_warning_no_failure():
    assert problems(World(gateway=[AWAY]), fault(status="warn"))
    assert problems(World(gateway=[(503, UNREAD[1])]), fault("log", "warn"))
    assert problems(World(gateway=[(200, AWAY[1])]), fault())


def test_what_one_process_shows_does_not_speak_for_another():
    world = {"gateway": [AWAY], "booking": [ALL_WELL]}
    assert problems(World(**world), fault(concerns=(("gateway",), ("booking",))))
    assert "does not show" not in problems(World(**world), fault(concerns=(("gateway", "booking"),)))[0]


def test_what_is_shown_for_a_moment_is_found():
    assert "it lasts, and" in problems(World(gateway=[AWAY, ALL_WELL]), fault())[0]


def test_what_never_is_well_again_is_found():
    assert "healed, and after" in problems(World(gateway=[AWAY]), fault())[0]


def test_who_does_not_answer_meanwhile_is_found():
    judged = trial.Trial(World(gateway=[UNREAD, SILENT]), fault("log", "warn"))
    judged.is_answering("gateway")
    assert not judged.problems
    judged.is_answering("gateway")
    assert "timed out" in judged.problems[0]


def test_what_is_settled_late_is_found():
    judged = trial.Trial(World(gateway=[ALL_WELL]), fault(check="", found_s_max=60))
    judged.is_settled(60 * World.patience)
    assert not judged.problems
    judged.is_settled(61 * World.patience)
    assert "everything is found only after" in judged.problems[0]


def test_beside_a_server_that_is_away_any_trouble_is_told_enough_but_some_has_to_be():
    others = [fault(touches=("broker",))]
    other_trouble = (503, UNREAD[1])
    assert not problems(World(gateway=[*[other_trouble] * 3, ALL_WELL]), fault(), others)
    assert problems(World(gateway=[ALL_WELL]), fault(), others)
    assert not problems(World(gateway=[*[other_trouble] * 3, ALL_WELL]), fault("log", "warn"), others)
    assert problems(World(gateway=[AWAY]), fault("log", "warn"), others)
    assert problems(World(gateway=[other_trouble]), fault(), [fault(touches=("broker",), is_quiet=True)])


def test_who_is_killed_meanwhile_is_asked_nothing():
    assert not problems(World(gateway=[SILENT]), fault(), [fault(touches=("gateway",))])
