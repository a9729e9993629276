"""The requirements of ACCESSIBILITY.md, section 4, and the tests that hold them: none is without one.

Those about scanning, remapping, picture tools beyond boxes, sound and speech come with their tools.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
EVERY_PAGE = "web/test_every_page.py::test_every_page_is_reached_by_links_and_holds"
WHOLE_MATRIX = "web/test_every_page.py::test_every_page_holds_in_every_size_look_and_language"
COMPONENTS = "web/test_styleguide.py::test_the_components_hold_in_every_look_and_size"
DIALOG = "web/test_styleguide.py::test_a_dialog_asks_first_and_gives_focus_back"
WALK = "web/test_probes.py::test_the_workbench_and_its_parts_are_walked"
PLANTED = "web/test_probes.py::test_a_probe_finds_what_was_planted_for_it"
PLANTED_WALK = "web/test_probes.py::test_the_walk_finds_what_was_planted_for_it"
MODULES = "web/test_javascript.py::test_the_modules_pass_their_own_tests"
REQUIREMENTS: dict[int, tuple[str, ...]] = {
    1: (EVERY_PAGE, WHOLE_MATRIX, COMPONENTS, DIALOG),
    2: (
        WALK,
        PLANTED,
        PLANTED_WALK,
        "assignments/test_work_in_the_browser.py::test_one_choice_is_made_by_keyboard_alone_from_the_home_to_the_end",
    ),
    7: (
        PLANTED,
        "web/test_requirement_probes.py::test_no_module_needs_a_drag",
        "web/test_workbench_page.py::test_a_task_is_answered_by_pointer",
    ),
    11: (
        MODULES,
        "web/test_requirement_probes.py::test_no_key_with_a_modifier_and_no_function_key_is_a_command",
        "web/test_workbench_page.py::test_shortcuts_can_be_turned_off_and_stay_off",
    ),
    12: (WALK, PLANTED_WALK, DIALOG),
    13: (EVERY_PAGE, WHOLE_MATRIX, PLANTED),
    14: (
        "web/test_requirement_probes.py::test_a_press_acts_on_release_and_moving_off_cancels",
        "web/test_workbench_page.py::test_pressing_down_and_moving_off_changes_nothing",
        DIALOG,
    ),
    17: (
        "accounts/test_accounts_in_the_browser.py::test_a_password_is_pasted_shown_and_left_to_a_password_manager",
        "accounts/test_accounts_in_the_browser.py::test_signing_in_and_resetting_work_without_javascript",
    ),
    24: (
        "web/test_requirement_probes.py::test_wider_spacing_and_double_size_clip_nothing",
        WHOLE_MATRIX,
        COMPONENTS,
    ),
    25: ("web/test_styleguide.py::test_the_scanned_item_is_seen_without_colour",),
    26: (
        "web/test_requirement_probes.py::test_nothing_moves_where_less_motion_is_wished",
        "web/test_requirement_probes.py::test_no_style_moves_or_blinks_at_all",
    ),
    27: (
        "web/test_requirement_probes.py::test_what_is_announced_is_short",
        "web/test_page_floor.py::test_focus_goes_to_what_went_wrong",
        "web/test_workbench_page.py::test_a_draft_is_saved_and_the_state_said_once",
    ),
    28: (
        "web/test_page_weights.py::test_every_page_is_light",
        "web/test_page_weights.py::test_the_first_work_page_is_lighter_still",
        "workers/test_bench.py::test_pages_are_measured_on_a_thin_line",
    ),
    29: (
        "assignments/test_work_in_the_browser.py::test_it_all_works_without_javascript",
        "accounts/test_accounts_in_the_browser.py::test_signing_in_and_resetting_work_without_javascript",
        "web/test_workbench_page.py::test_without_javascript_the_form_posts_everything",
    ),
    30: (
        "web/test_javascript.py::test_every_module_parses_as_es2020",
        "web/test_requirement_probes.py::test_pages_work_in_browsers_without_newer_features",
        "web/test_requirement_probes.py::test_no_style_depends_on_a_selector_that_older_browsers_drop",
    ),
    34: (
        "web/test_requirement_probes.py::test_texts_of_twice_the_length_break_no_page",
        "web/test_catalogues.py::test_no_message_is_missing_from_a_catalogue_and_none_is_obsolete",
        "web/test_catalogues.py::test_every_message_has_an_english_translation",
        WHOLE_MATRIX,
    ),
    35: (
        "web/test_requirement_probes.py::test_the_statement_is_linked_from_every_footer",
        "web/test_requirement_probes.py::test_the_statement_is_dated_names_gaps_and_a_way_to_write",
    ),
}
HELD_NOW = {1, 2, 7, *range(11, 15), 17, *range(24, 31), 34, 35}


def test_no_requirement_is_without_a_test() -> None:
    assert set(REQUIREMENTS) >= HELD_NOW
    assert all(REQUIREMENTS.values())


@pytest.mark.parametrize("number", sorted(REQUIREMENTS))
def test_the_tests_of_a_requirement_exist(number: int) -> None:
    for name in REQUIREMENTS[number]:
        path, _, function = name.partition("::")
        module = ast.parse((TESTS / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}, name
