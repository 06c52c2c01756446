"""Recoding, derived items, the design, groups and breakdowns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import survey_files as files
from acsi_model import acsi_model
from survey_cases import price_model, study

from acsi_sem.spec.model import Model, Text
from acsi_sem.spec.study import Codebook, DesignColumns, OutOfRangeRule
from acsi_sem.survey.read import survey_from_frame
from acsi_sem.survey.survey import Factor, Survey


def read(table: files.Table, model: Model | None = None, **options: Any) -> Survey:
    """Read a table by way of a frame."""
    return survey_from_frame(pd.DataFrame(table), model or acsi_model(), **options)


def item(survey: Survey, name: str) -> np.ndarray:
    """Return one item's answers."""
    return survey.values[:, survey.items.index(name)]


def book(column: str, *codes: tuple[str, str], **rest: Any) -> Codebook:
    """Return a codebook in English."""
    labels = tuple((code, Text.of(label, "")) for code, label in codes)
    return Codebook(column, Text.of(column.title(), ""), labels, **rest)


def factor(table: files.Table, codebook: Codebook, **options: Any) -> Factor:
    """Read one breakdown variable."""
    return read(table, breakdowns=(codebook,), **options).factors[0]


def groups(survey: Survey) -> Factor:
    """Return the groups of a grouped survey."""
    assert survey.groups is not None
    return survey.groups


def test_a_rule_makes_a_value_missing_and_counts_it() -> None:
    rules = (OutOfRangeRule("SATIS", 11.0, "missing", "typing error"),)
    survey = read(files.with_cells("SATIS", {0: 11, 5: 11}), study=study(out_of_range=rules))
    assert np.isnan(item(survey, "SATIS")[[0, 5]]).all()
    assert [(m.code, m.label, m.count) for m in survey.missing] == [("11", "typing error", 2)]


@pytest.mark.parametrize(("treat", "end"), [("low", 1), ("high", 10)])
def test_a_rule_moves_a_value_to_an_end_and_tells_it(treat: Any, end: int) -> None:
    rules = (OutOfRangeRule("SATIS", None, treat, ""),)
    survey = read(files.with_cells("SATIS", {0: 12}), study=study(out_of_range=rules))
    assert item(survey, "SATIS")[0] == end
    (notice,) = survey.notices
    assert notice.kind == "recoded"
    assert notice.message == (
        f"12 lies outside the scale and was taken as {end}: 1 position (position 0)."
    )


def test_the_rule_for_one_value_goes_before_the_rule_for_any() -> None:
    rules = (
        OutOfRangeRule("SATIS", None, "high", ""),
        OutOfRangeRule("SATIS", 0.0, "low", ""),
    )
    survey = read(files.with_cells("SATIS", {0: 0, 1: 11}), study=study(out_of_range=rules))
    np.testing.assert_array_equal(item(survey, "SATIS")[:2], [1, 10])


def test_answers_between_whole_numbers_are_kept_and_told() -> None:
    survey = read(files.with_cells("SATIS", {0: 7.5}))
    assert item(survey, "SATIS")[0] == 7.5
    assert [notice.kind for notice in survey.notices] == ["non_integer"]


def test_not_available_of_r_counts_as_missing() -> None:
    survey = read(files.with_cells("SATIS", {0: "NA", 1: "NaN"}))
    assert [(m.code, m.label) for m in survey.missing] == [
        ("NA", "not available"),
        ("NaN", "not available"),
    ]


def test_a_reversed_item_is_turned() -> None:
    model = acsi_model()
    quality = model.construct("perceived_quality")
    turned = tuple(replace(i, reverse=i.name == "WRONGQ") for i in quality.indicators)
    constructs = (model.constructs[0], replace(quality, indicators=turned), *model.constructs[2:])
    table = files.with_cells("WRONGQ", {3: 98})
    plain, reverse = read(table), read(table, replace(model, constructs=constructs))
    np.testing.assert_array_equal(item(reverse, "WRONGQ"), 11 - item(plain, "WRONGQ"))
    assert reverse.missing == plain.missing


def price_table(high: list[Any], low: list[Any]) -> files.Table:
    """Return the sound table whose first rows answer the price questions as given."""
    table = files.sound_table()
    filler = [i % 25 for i in range(60 - len(high))]
    table["HIGHPTOL"] = high + filler
    table["LOWPTOL"] = low + [None] * len(filler)
    return table


def test_price_tolerance_by_hand() -> None:
    table = price_table([25, 26, 0, None, None, None], [None, None, None, 25, 10, 26])
    values = item(read(table, price_model()), "PT")[:6]
    # 1 + 9 (t + 25) / 50 for t = 25, 25, 0, -25, -10, -25
    np.testing.assert_allclose(values, [10, 10, 5.5, 1, 3.7, 1], rtol=1e-15)


def test_price_tolerance_counts_each_missing_row_once() -> None:
    table = price_table([98, 101, None, None, 98], [None, None, 99, None, 99])
    survey = read(table, price_model())
    counts = [(m.column, m.code, m.count) for m in survey.missing if m.indicator == "PT"]
    assert counts == [
        ("PT", "", 1),
        ("HIGHPTOL", "98", 2),
        ("HIGHPTOL", "101", 1),
        ("LOWPTOL", "99", 1),
    ]


def test_the_study_decides_on_26_before_the_recipe() -> None:
    rules = (OutOfRangeRule("HIGHPTOL", 26.0, "missing", "over 25 %"),)
    survey = read(price_table([26], [None]), price_model(), study=study(out_of_range=rules))
    assert np.isnan(item(survey, "PT")[0])


def test_without_weights_every_row_counts_one() -> None:
    design = read(files.sound_table()).design
    assert not design.weighted
    np.testing.assert_array_equal(design.weights, np.ones(60))
    assert design.strata is None
    assert design.psu is None


def test_design_columns_become_weights_and_consecutive_codes() -> None:
    table = files.sound_table()
    table["STRATUM"] = [("west", "east")[i % 2] for i in range(60)]
    table["PSU"] = [i // 2 % 3 for i in range(60)]
    columns = DesignColumns("WEIGHT", "sampling", "STRATUM", "PSU")
    survey = read(table, design=columns)
    np.testing.assert_array_equal(survey.design.weights, table["WEIGHT"])
    assert survey.design.strata is not None
    assert survey.design.psu is not None
    np.testing.assert_array_equal(survey.design.strata, 1 - np.arange(60) % 2)
    # Three labels in each of two strata are six units, each in one stratum only.
    assert set(survey.design.psu.tolist()) == set(range(6))
    pairs = set(zip(survey.design.strata.tolist(), survey.design.psu.tolist(), strict=True))
    assert len(pairs) == 6
    assert [notice.kind for notice in survey.notices] == ["psu_nested"]


def test_whole_frequency_weights_are_kept() -> None:
    table = files.sound_table() | {"WEIGHT": [1, 2, 3] * 20}
    design = read(table, design=DesignColumns("WEIGHT", "frequency")).design
    assert design.weight_kind == "frequency"
    assert design.weights.sum() == 120


def test_a_stratum_of_one_row_is_told() -> None:
    table = files.with_cells("STRATUM", {0: 9})
    (notice,) = read(table, design=DesignColumns(stratum="STRATUM")).notices
    assert notice.kind == "single_unit_stratum"
    assert notice.message == "1 stratum has a single row (9)."


def test_groups_are_ordered_by_number_and_labelled() -> None:
    table = files.sound_table()
    table["COMPANY"] = [("10", "9", "100")[i % 3] for i in range(60)]
    columns = (book("COMPANY", ("9.0", "Nine"), ("10", "Ten")),)
    survey = read(table, study=study(columns=columns), group="COMPANY", minimum_rows=15)
    assert groups(survey).keys == ("9", "10", "100")
    assert groups(survey).categories == ("Nine", "Ten", "100")
    assert groups(survey).label == "Company"
    assert survey.labels == {"9": "Nine", "10": "Ten", "100": "100"}


def test_a_level_of_the_study_names_its_column() -> None:
    levels = (("company", "COMPANY"),)
    survey = read(files.sound_table(), study=study(levels=levels), group="company", minimum_rows=20)
    assert groups(survey).column == "COMPANY"


def test_groups_are_stripped_and_composed() -> None:
    table = files.sound_table()
    table["COMPANY"] = [("Müller", "  Mu\u0308ller\u00a0")[i % 2] for i in range(60)]
    assert groups(read(table, group="COMPANY")).keys == ("Müller",)


def test_groups_that_differ_in_capitals_are_told() -> None:
    table = files.sound_table()
    table["COMPANY"] = [("North", "NORTH")[i % 2] for i in range(60)]
    (notice,) = read(table, group="COMPANY", minimum_rows=20).notices
    assert notice.kind == "similar_groups"


def test_leading_zeros_make_another_group() -> None:
    table = files.sound_table()
    table["COMPANY"] = [("007", "7")[i % 2] for i in range(60)]
    assert set(groups(read(table, group="COMPANY", minimum_rows=20)).keys) == {"007", "7"}


def test_bins_are_named_and_cut_at_their_lower_limits() -> None:
    table = files.with_cells("AGE", {0: 17, 1: 18, 2: 24, 3: 25, 4: 64, 5: 65, 6: 99, 7: None})
    found = factor(table, book("AGE", bins=(18, 25, 65), missing=(("99", "refused"),)))
    assert found.categories == ("under 18", "18–24", "25–64", "65 and over")
    np.testing.assert_array_equal(found.codes[:8], [0, 1, 1, 2, 2, 3, -1, -1])
    assert found.keys == ()


def test_no_bin_below_the_first_limit_where_nobody_is() -> None:
    found = factor(files.sound_table(), book("AGE", bins=(18, 35)))
    assert found.categories == ("18–34", "35 and over")
    np.testing.assert_array_equal(found.codes, np.arange(60) >= 17)


def test_a_codebook_gives_order_and_empty_categories() -> None:
    codes = (("2", "Female"), ("1", "Male"), ("3", "Other"))
    found = factor(files.sound_table(), book("GENDER", *codes))
    assert found.categories == ("Female", "Male", "Other")
    assert found.keys == ("2", "1", "3")
    np.testing.assert_array_equal(found.codes, 1 - np.arange(60) % 2)


def test_codes_of_one_label_are_put_together() -> None:
    table = files.sound_table() | {"GENDER": [1 + i % 3 for i in range(60)]}
    found = factor(table, book("GENDER", ("1", "A"), ("2", "B"), ("3", "A")))
    assert found.categories == ("A", "B")
    assert found.keys == ("1, 3", "2")
    np.testing.assert_array_equal(found.codes, np.tile([0, 1, 0], 20))


def test_without_codes_the_values_that_occur_are_the_categories() -> None:
    table = files.sound_table() | {"GENDER": [("f", "m", None)[i % 3] for i in range(60)]}
    found = factor(table, book("GENDER"))
    assert found.categories == ("f", "m")
    np.testing.assert_array_equal(found.codes, np.tile([0, 1, -1], 20))


def test_a_breakdown_borrows_the_labels_of_the_columns() -> None:
    columns = (book("GENDER", ("1", "Male"), ("2", "Female")),)
    found = factor(files.sound_table(), book("GENDER"), study=study(columns=columns))
    assert found.categories == ("Male", "Female")


def test_explicit_arguments_go_before_the_study() -> None:
    of_study = study(design=DesignColumns("WEIGHT"), breakdowns=(book("AGE", bins=(18,)),))
    own: dict[str, Any] = {"design": DesignColumns(), "breakdowns": (book("GENDER"),)}
    survey = read(files.sound_table(), study=of_study, **own)
    assert not survey.design.weighted
    assert [found.column for found in survey.factors] == ["GENDER"]
    assert read(files.sound_table(), study=of_study).design.weighted
