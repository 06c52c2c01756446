"""Systems side by side: numbers by hand, differences of replicates, what is said of gaps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from compare_cases import KCSI, MODELS, compare, frame, row, write_study

from acsi_sem.analysis.pipeline import estimate_scored
from acsi_sem.analysis.systems import ANOTHER, NOT_DRAWN, UNPAIRED
from acsi_sem.analysis.values import Request
from acsi_sem.inference.sample import row_ranks
from acsi_sem.runs.compare import Outcome
from acsi_sem.spec.load import load_model
from acsi_sem.spec.study import DesignColumns
from acsi_sem.survey.read import survey_from_frame

SYSTEMS = f"""\
base: acsi
systems:
  acsi: {{engine: pls}}
  again: {{engine: pls}}
  plain: {{engine: pls, weights: none}}
  means: {{engine: ols}}
  kcsi: {{model: {MODELS}/kcsi.yaml, {KCSI}}}
  uk: {{model: {MODELS}/ukcsi.yaml, questions: {{Q}}, scale: [1, 10]}}
  rate: {{method: rate}}
"""


def ukcsi_question() -> str:
    """Map any one question of the UKCSI's index to SATIS."""
    model = load_model(MODELS / "ukcsi.yaml")
    return f"{{{model.construct(model.index).indicators[0].name}: SATIS}}"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Seven systems on six companies."""
    text = SYSTEMS.replace("{Q}", ukcsi_question())
    return compare(write_study(tmp_path_factory.mktemp("study"), text))


def top(column: str, weighted: bool = True) -> float:
    """Share of 9 and 10 among the answers from 1 to 10, in per cent."""
    own = frame()[frame()[column].between(1, 10)]
    weights = own["WEIGHT"] if weighted else np.ones(len(own))
    return 100 * float(np.average(own[column] >= 9, weights=weights))


def test_kcsi_by_hand_with_the_share_of_the_questions_not_asked(outcome: Outcome) -> None:
    """One of three elements was asked: it stands for all, and the shares stay 30, 50, 20."""
    by_hand = 0.3 * top("SATIS") + 0.5 * top("OVERALLQ") + 0.2 * top("REPUR")
    assert row(outcome, "kcsi")["index"] == pytest.approx(by_hand, abs=1e-9)
    (measured,) = (m for m in outcome.compared.measurements if m.system.name == "kcsi")
    assert measured.left_out == ("SERVSAT", "IMAGESAT")
    assert measured.dropped == ()
    told = [n.message for n in outcome.compared.notices if n.kind == "questions_left_out"]
    assert "2 questions of the system were not asked: SERVSAT, IMAGESAT." in told


def test_equal_weights_by_hand(outcome: Outcome) -> None:
    """A mean of three scores from 0 to 100, each over who answered it, but as PLS has them."""
    index = row(outcome, "means")["index"]
    scores = []
    for name in ("SATIS", "CONFIRM", "IDEAL"):
        own = frame()[frame()[name].between(1, 10)]
        scores.append(100 * (np.average(own[name], weights=own["WEIGHT"]) - 1) / 9)
    # Equal weights of standardised answers are nearly equal weights of answers on one scale.
    assert index == pytest.approx(float(np.mean(scores)), abs=0.3)


def test_the_difference_of_a_system_from_itself_is_exactly_nothing(outcome: Outcome) -> None:
    for group in outcome.compared.groups:
        found = row(outcome, "again", group)
        assert [found[f"difference{end}"] for end in ("", "_low", "_high")] == [0, 0, 0]
    table = outcome.compared.agreement
    own = table[(table["system"] == "acsi") & (table["other"] == "again")].set_index("measure")
    assert own["value"].to_dict() == {"spearman": 1, "kendall": 1, "reversed_pairs": 0}
    assert own["conf_low"].to_dict() == pytest.approx(own["value"].to_dict())


def test_differences_are_those_of_replicates_drawn_alike(outcome: Outcome) -> None:
    """Two estimations by hand; the limits are percentiles of what they differ by."""
    model = load_model(MODELS / "acsi.yaml")
    columns = DesignColumns(weight="WEIGHT", stratum="STRATUM")
    draws: dict[str, dict[str, np.ndarray]] = {}
    for name, own in (("acsi", columns), ("plain", replace(columns, weight=None))):
        survey = survey_from_frame(frame(), model, group="COMPANY", design=own, minimum_rows=30)
        if not draws:
            ranks = row_ranks(survey)
        survey = replace(survey, design=replace(survey.design, ranks=ranks))
        asked = Request(replicates=60, seed=5, study="shops", minimum_rows=30, detail="core")
        _, scored = estimate_scored(model, survey, asked)
        place = model.construct_names.index("satisfaction")
        draws[name] = {s.group: s.draws.index[:, place] for s in scored if s.draws is not None}
    for group in outcome.compared.groups:
        found = row(outcome, "plain", group)
        apart = draws["plain"][group] - draws["acsi"][group]
        limits = np.quantile(apart[np.isfinite(apart)], [0.025, 0.975])
        assert [found["difference_low"], found["difference_high"]] == pytest.approx(limits)
        index = row(outcome, "acsi", group)["index"]
        assert found["difference"] == pytest.approx(found["index"] - index)


def test_a_paired_difference_is_known_better_than_the_indices(outcome: Outcome) -> None:
    base, other = row(outcome, "acsi"), row(outcome, "means")
    width = other["difference_high"] - other["difference_low"]
    assert width < 0.5 * (base["conf_high"] - base["conf_low"])


def test_weighting_is_told(outcome: Outcome) -> None:
    table = outcome.compared.systems
    told = table[table["group"] == "all"].set_index("system")["weighting"].to_dict()
    assert told["acsi"] == told["kcsi"] == told["rate"] == "study"
    assert told["plain"] == "none"


def test_a_method_is_another_quantity(outcome: Outcome) -> None:
    found = row(outcome, "rate")
    own = frame()[frame()["SATIS"].between(1, 10)]
    rate = 100 * np.average(own["SATIS"] >= 8, weights=own["WEIGHT"])
    assert found["index"] == pytest.approx(float(rate))
    assert np.isnan(found["difference"])
    assert found["note"] == ANOTHER


def test_ranks_are_of_the_groups_and_ties_share_the_better(outcome: Outcome) -> None:
    table = outcome.compared.systems
    for _, own in table[table["group"] != "all"].groupby("system"):
        wanted = own["index"].rank(ascending=False, method="min")
        assert own["rank"].tolist() == wanted.tolist()
    assert table.loc[table["group"] == "all", "rank"].isna().all()


def test_drivers_and_fit_are_those_of_systems_with_paths(outcome: Outcome) -> None:
    assert set(outcome.compared.drivers["system"]) == {"acsi", "again", "plain", "means"}
    own = outcome.compared.drivers.query("system == 'acsi' and group == 'all'")
    assert sorted(own["rank"]) == [1, 2, 3]
    assert "kcsi" not in set(outcome.compared.fits["system"])


def test_a_jackknife_gives_limits_of_differences_and_none_of_agreement(tmp_path: Path) -> None:
    systems = "systems: {acsi: {engine: pls}, plain: {engine: pls, weights: none}}"
    study = write_study(tmp_path, systems)
    found = compare(study, resampling="jackknife")
    other = row(found, "plain")
    assert other["difference_low"] < other["difference"] < other["difference_high"]
    middle = (other["difference_low"] + other["difference_high"]) / 2
    assert middle == pytest.approx(other["difference"])
    assert set(found.compared.agreement["note"]) == {UNPAIRED}
    assert found.compared.agreement["conf_low"].isna().all()


def test_without_replicates_differences_have_no_limits_and_say_so(tmp_path: Path) -> None:
    systems = "systems: {acsi: {engine: pls}, means: {engine: ols}}"
    found = row(compare(write_study(tmp_path, systems, group="INDUSTRY"), replicates=0), "means")
    assert np.isfinite(found["difference"])
    assert np.isnan(found["difference_low"])
    assert NOT_DRAWN in found["note"]


def test_raked_and_plain_groups_are_not_drawn_alike_and_get_no_paired_limits(
    tmp_path: Path,
) -> None:
    """Raked rows are drawn all together: nothing pairs them with rows drawn group by group."""
    rake = "rake: {margins: [{column: GENDER, targets: {1: 0.5, 2: 0.5}}]}\n"
    systems = "systems: {acsi: {engine: ols}, plain: {engine: ols, weights: none}}"
    study = write_study(tmp_path, systems, more=rake)
    text = study.read_text(encoding="utf-8").replace(", stratum: STRATUM", "")
    study.write_text(text, encoding="utf-8")
    found = row(compare(study), "plain")
    assert np.isfinite(found["difference"])
    assert np.isnan(found["difference_low"])
    assert NOT_DRAWN in found["note"]


def test_the_default_is_every_engine_and_the_first_without_weights(tmp_path: Path) -> None:
    study = write_study(tmp_path, "", group="INDUSTRY", more="engines: [pls, ols]\n")
    found = compare(study).compared
    assert [one.system.name for one in found.measurements] == ["pls", "ols", "unweighted"]
    assert found.base == "pls"


def test_a_system_on_two_questions_is_told(tmp_path: Path) -> None:
    asked = "{SATIS: SATIS, CONFIRM: CONFIRM, OVERALLQ: OVERALLQ, CUSTOMQ: CUSTOMQ}"
    systems = f"systems: {{short: {{engine: pls, questions: {asked}}}, own: {{engine: ols}}}}"
    found = compare(write_study(tmp_path, systems, group="INDUSTRY")).compared
    one, _ = found.measurements
    assert one.items == 2
    assert "IDEAL" in one.left_out
    assert one.dropped == ("expectations", "perceived_value", "complaints", "loyalty")
    assert one.fit is not None
    assert one.fit.model.construct_names == ("perceived_quality", "satisfaction")


def test_the_order_of_rows_does_not_matter_to_any_system(tmp_path: Path) -> None:
    """Many rows are alike to the first system, which asks one question, and not to the second."""
    systems = f"""\
systems:
  uk: {{model: {MODELS}/ukcsi.yaml, questions: {ukcsi_question()}, scale: [1, 10]}}
  equal: {{engine: ols}}
"""
    study = write_study(tmp_path, systems, group="INDUSTRY")
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("design: {weight: WEIGHT, stratum: STRATUM}\n", ""), "utf-8")
    first = compare(study).compared.systems
    frame().sample(frac=1, random_state=3).to_csv(tmp_path / "survey.csv", index=False)
    again = compare(study).compared.systems
    pd.testing.assert_frame_equal(first, again, rtol=1e-9)
