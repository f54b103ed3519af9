"""Did you mean: among few words and among thousands, of which few are compared."""

import random

import pytest

from dataplane import similar as module
from dataplane.similar import FEW, similar

MANY = [f"container-{number:04}" for number in range(2000)]


@pytest.mark.parametrize(
    "text", ["contaner-0500", "container-05000", "ontainer-0500", "contianer-0500", "Container-0500", "container_0500"]
)
def test_one_slip_among_many(text):
    assert similar(text, MANY) == ["container-0500"]


def test_a_part_of_a_name_among_many():
    assert similar("webserver", [*MANY, "my-webserver-1"]) == ["my-webserver-1"]
    assert similar("my-webserver-1", [*MANY, "webserver"]) == ["webserver"]


def test_any_wrong_letter_of_any_word_is_found():
    choose = random.Random(1)
    words = sorted({"".join(choose.choices("abcdefgh", k=8)) for _ in range(1000)})
    for _ in range(300):
        word, place = choose.choice(words), choose.randrange(8)
        assert similar(f"{word[:place]}x{word[place + 1 :]}", words, 3).count(word) == 1


def test_nothing_is_like_it():
    assert similar("zzz", MANY) == []
    assert similar("", ["web"]) == []
    assert similar("web", []) == []


def test_among_few_all_are_compared_and_the_best_come_first():
    assert similar("wbe", ["db", "web", "cache"]) == ["web"]
    assert similar("lgos", ["logs", "ls", "top", "lgo"], 3) == ["lgo", "logs", "ls"]


def test_of_many_few_are_compared(monkeypatch):
    seen = []
    monkeypatch.setattr(module, "get_close_matches", lambda _text, words, _most: seen.append(len(words)) or [])
    similar("container-500", MANY)
    similar("c" * 10_000, MANY)
    assert max(seen) <= 5 * FEW
