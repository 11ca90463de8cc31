"""A checkout may lie anywhere, and may be moved: also to where the path has blanks."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def stack(*words):
    return subprocess.run([ROOT / "system/stack", *words], check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def plays_three_bookings(folder):
    started = stack("start", folder, "--ports", "auto")
    try:
        assert started.returncode == 0, started.stdout
        played = subprocess.run([ROOT / "system/stories", folder / "run/env"], check=False, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert played.returncode == 0, played.stdout
    finally:
        stack("stop", folder)


def test_a_folder_may_have_blanks_and_be_moved_with_its_broker(tmp_path):
    folder = tmp_path / "one & the same" / "Rundreise für zwei"
    folder.mkdir(parents=True)
    plays_three_bookings(folder)
    moved = tmp_path / "another place" / "Rundreise für zwei"
    folder.parent.rename(moved.parent)
    plays_three_bookings(moved)


def test_a_folder_in_which_the_broker_cannot_work_is_told_in_one_line(tmp_path):
    folder = tmp_path / "it's here"
    started = stack("start", folder, "--ports", "auto")
    assert started.returncode == 1
    assert started.stdout.splitlines()[0].endswith(f"with a quote or a backslash in its path: {folder}/rabbitmq")
