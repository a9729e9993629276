"""`leye demo`: the whole business once, its files, the next run, and what it refuses."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from beancount import loader

from leye_workers.demo.people import annotator_name, crowd
from leye_workers.demo.showcase import trusted
from leye_workers.demo.texts import COARSE, reviews
from leye_workers.supervisor import sole_use
from support.demo import DemoFolder


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> DemoFolder:
    """A small demo that has been run once."""
    folder = DemoFolder(tmp_path_factory.mktemp("demo"))
    folder.work()
    return folder


@pytest.fixture(scope="module")
def second(first: DemoFolder, tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoFolder, DemoFolder]:
    """The same demo run again over the same folders; a copy of what the first run had left, and what is there now."""
    before = DemoFolder(tmp_path_factory.mktemp("before"))
    shutil.copytree(first.out, before.out)
    shutil.copytree(first.data / "log", before.data / "log")
    first.work()
    return before, first


def test_the_files_hold_and_agree_with_each_other(second: tuple[DemoFolder, DemoFolder]) -> None:
    before, now = second
    assert "40 items" in before.check()
    assert "40 items" in now.check()


def test_the_summary_tells_of_every_item_and_answer(second: tuple[DemoFolder, DemoFolder]) -> None:
    summary = second[0].summary
    assert (summary["items"], summary["microtasks"], summary["accepted"]) == (40, 40, 40)
    assert summary["answers_if_fixed_overlap"] == 40 * 4
    assert summary["answers"] == len(second[0].rows("responses.jsonl")) > 2 * 40
    kinds = ("text_classification", "named_entities", "image_boxes")
    texts, sentences, pictures = (summary["by_type"][kind] for kind in kinds)
    assert (texts["items"], sentences["items"], pictures["items"]) == (24, 8, 8)
    assert texts["gold_answers"] > 0
    assert texts["earned_micros"] == 60_000 * texts["answers"] + 120_000 * texts["reviewed"]
    assert sentences["earned_micros"] == 180_000 * sentences["answers"] + 250_000 * sentences["reviewed"]
    assert pictures["earned_micros"] == 350_000 * pictures["answers"] + 400_000 * pictures["reviewed"]
    assert summary["earned_micros"] == sum(kind["earned_micros"] for kind in (texts, sentences, pictures))
    assert [project["unit_price"] for project in summary["projects"].values()] == ["0.3465", "0.8215", "2.1275"]
    assert summary["invoice_total_minor"] == 832 + 657 + 1702  # 24 x 0.3465 yuan is 831.6 fen


def test_spans_are_delivered_with_the_words_that_stand_at_their_places(second: tuple[DemoFolder, DemoFolder]) -> None:
    labels = json.loads((second[0].out / "labels.json").read_text(encoding="utf-8"))
    sentences = [task for task in labels if "text" in task["data"]]
    assert len(sentences) == 8
    for task in sentences:
        for region in task["annotations"][0]["result"]:
            value = region["value"]
            assert (region["from_name"], region["to_name"], region["type"]) == ("label", "text", "labels")
            assert task["data"]["text"][value["start"] : value["end"]] == value["text"] != ""
            assert value["labels"][0] in {"人名", "地名", "单位"}


def test_boxes_are_delivered_in_per_cent_of_their_pictures(second: tuple[DemoFolder, DemoFolder]) -> None:
    labels = json.loads((second[0].out / "labels.json").read_text(encoding="utf-8"))
    pictures = [task for task in labels if "photo" in task["data"]]
    assert len(pictures) == 8
    for task in pictures:
        assert task["data"]["photo"].endswith(".jpg")
        for region in task["annotations"][0]["result"]:
            value = region["value"]
            assert (region["original_width"], region["original_height"], value["rotation"]) == (640, 480, 0)
            assert 0 <= value["x"] < value["x"] + value["width"] <= 100.0001


def test_beancount_accepts_the_books(second: tuple[DemoFolder, DemoFolder]) -> None:
    for folder in second:
        entries, errors, _options = loader.load_file(str(folder.out / "ledger.beancount"))
        assert errors == []
        assert len(entries) > 100


def test_every_answer_of_the_crowd_came_in_by_http(second: tuple[DemoFolder, DemoFolder]) -> None:
    before, _now = second
    posted = {
        line["path"]
        for line in before.access()
        if line["method"] == "POST" and line["status"] in {200, 201} and line["agent"] == "leye-demo-crowd"
    }
    stored = before.rows("responses.jsonl")
    assert len(stored) > 48
    missing = [row for row in stored if f"/api/v1/assignments/{row['assignment_id']}/response" not in posted]
    assert missing == []
    assert {"/api/v1/sessions", "/api/v1/claims", "/api/v1/reviews/next"} <= posted


def test_the_quality_report_tells_nothing_of_people_or_gold(second: tuple[DemoFolder, DemoFolder]) -> None:
    report = (second[0].out / "quality.html").read_text(encoding="utf-8")
    assert "质量报告 L-01" in report
    assert "演示合作企业" in report
    assert not [name for name in map(annotator_name, range(1, 5)) if name in report]
    assert "标准题" not in report


def test_nobody_in_a_crowd_has_the_name_of_another() -> None:
    names = [annotator_name(number) for number in range(1, 400)]
    assert len(set(names)) == len(names)


def test_who_answers_alone_seldom_errs_whatever_the_crowd_is_like() -> None:
    people = crowd("secret", 3, seed=1)  # the third is a spammer
    assert all(person.accuracy >= 0.95 for person in trusted(people))
    assert [person.account for person in trusted(people)] == [person.account for person in people]


def test_no_review_of_a_demo_is_coarse() -> None:
    texts = [review.text for review in reviews(1, 0, 4000)]
    assert not [text for text in texts if any(word in text for word in COARSE)]


def test_a_second_run_does_a_new_batch_with_an_invoice_of_its_own(second: tuple[DemoFolder, DemoFolder]) -> None:
    before, now = (folder.summary for folder in second)
    assert (before["run"], now["run"]) == (1, 2)
    for name in ("batches", "lots", "invoices"):
        assert not set(before[name]) & set(now[name])
    texts = [(folder.out / "labels.csv").read_text(encoding="utf-8-sig") for folder in second]
    seen = [{line.split(",", 2)[2] for line in text.splitlines()[1:]} for text in texts]
    assert not seen[0] & seen[1], "the second batch repeats texts of the first"
    assert before["accounts"] == now["accounts"]


def refused(folder: DemoFolder, *options: str) -> str:
    """What a demo that may not begin says, in one sentence."""
    run = folder.run("demo", "--no-serve", *options)
    assert run.returncode == 1, run.stdout + run.stderr
    assert run.stderr.count("\n") == 1, run.stderr
    assert run.stderr.startswith("leye: ")
    return run.stderr


def test_a_busy_port_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        said = refused(DemoFolder(tmp_path), "--out", str(tmp_path / "out"), "--port", str(port))
    assert f"port {port}" in said


def test_two_demos_do_not_share_a_data_folder(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    with sole_use(folder.data):
        assert "in use" in refused(folder, "--out", str(tmp_path / "out"), "--port", "0")


def test_an_output_folder_that_cannot_be_written_is_refused_before_anything_is_begun(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot write there" in refused(DemoFolder(tmp_path), "--out", str(tmp_path / "file"), "--port", "0")
    assert not (tmp_path / "data").exists()


def test_more_items_than_there_are_texts_are_refused(tmp_path: Path) -> None:
    said = refused(DemoFolder(tmp_path), "--out", str(tmp_path / "out"), "--port", "0", "--items", "100000")
    assert "reviews fit" in said


def test_options_that_make_no_sense_are_wrong_usage(tmp_path: Path) -> None:
    run = DemoFolder(tmp_path).run("demo", "--items", "3", "--annotators", "1")
    assert run.returncode == 2
    assert "--items" in run.stderr
    assert "--annotators" in run.stderr
