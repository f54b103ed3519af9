"""Reading logs while they are written, rotated, cut off."""

import asyncio
import json

from dataplane.live.logs import Reader, logs
from dataplane.proc.log import Log


def written(path, *times):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        for time in times:
            file.write(json.dumps({"time": time, "stream": "stdout", "text": f"{path.parent.name} {time}"}) + "\n")


async def collect(iterator):
    return [row["text"] async for row in iterator]


def test_lines_of_several_come_in_the_order_they_were_written(tmp_path):
    written(tmp_path / "instances/a/log.jsonl", 1, 4, 5)
    written(tmp_path / "instances/b/log.jsonl", 2, 3, 6)
    assert asyncio.run(collect(logs(tmp_path, lambda: ["a", "b", "none"]))) == ["a 1", "b 2", "b 3", "a 4", "a 5", "b 6"]
    assert asyncio.run(collect(logs(tmp_path, lambda: ["a", "b"], tail=1))) == ["a 5", "b 6"]
    assert asyncio.run(collect(logs(tmp_path, lambda: ["a", "b"], ["b"], since=2))) == ["b 3", "b 6"]


def test_a_reader_goes_on_over_rotations_without_a_gap(tmp_path):
    path = tmp_path / "instances/a/log.jsonl"
    path.parent.mkdir(parents=True)
    log = Log(str(path), limit=2000)
    reader = Reader(tmp_path, "a")
    seen = []
    for number in range(200):
        log.write("stdout", f"{number}\n".encode())
        seen += [row["text"] for row in reader.take()]
    assert path.with_name("log.jsonl.1").exists()
    while more := [row["text"] for row in reader.take()]:
        seen += more
    assert seen == [str(number) for number in range(200)]
    reader.close()


def test_half_a_line_waits_for_its_end_and_nonsense_is_passed_over(tmp_path):
    path = tmp_path / "instances/a/log.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"time": 1, "stream": "stdout", "text": "who')
    reader = Reader(tmp_path, "a")
    assert list(reader.take()) == []
    with path.open("a") as file:
        file.write('le"}\nno json\n{"time": 2}\n{"time": 3, "stream": "stderr", "text": "end", "partial": true}\n')
    rows = []
    for _ in range(3):
        rows += reader.take()
    assert [(row["text"], row.get("partial")) for row in rows] == [("whole", None), ("end", True)]
    reader.close()


def test_following_sees_services_that_come_later_and_ends_when_told(tmp_path):
    present, done = ["a"], []

    async def follow():
        seen = []
        async for row in logs(tmp_path, lambda: present, follow=True, ended=lambda: bool(done)):
            seen.append(row["text"])
            if row["text"] == "a 1":
                present.append("b")
                written(tmp_path / "instances/b/log.jsonl", 2)
            else:
                written(tmp_path / "instances/a/log.jsonl", 3) if not done else None
                done.append(True)
        return seen

    written(tmp_path / "instances/a/log.jsonl", 1)
    assert asyncio.run(follow()) == ["a 1", "b 2", "a 3"]
