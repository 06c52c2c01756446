"""Rows of the quality panel: which there are, their limits, and the reasons for what is blank."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from golden_data import moments

from acsi_sem.estimators.pls_panel import panel_fields
from acsi_sem.estimators.result import Row
from acsi_sem.inference.intervals import UNDEFINED, WITHHELD, Spread, percentile_spread, two_sided_p
from acsi_sem.inference.panel_rows import exact_fit_rows, fit_rows, panel_rows, tetrad_rows
from acsi_sem.kernels.exact_fit import SINGULAR_SAMPLE, Discrepancy, ExactFit
from acsi_sem.kernels.moments import Floats, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.tables.schema import FIT_MEASURES, QUALITY

MODEL = acsi_model()


def panel(covariance: Floats, model: Model = MODEL) -> dict[str, Floats]:
    """Fit by PLS and return the panel."""
    r = correlations(covariance)
    fit = pls(r, blocks(model), adjacency(model))
    return panel_fields(model, r, fit.weights, fit.loadings, fit.correlation, fit.paths)


def point() -> dict[str, Floats]:
    """Return the panel of the airlines."""
    return {name: values[0] for name, values in panel(moments("3003").cov[None]).items()}


def draws() -> dict[str, Floats]:
    """Return panels of samples of 300."""
    rng = np.random.default_rng(3)
    root = np.linalg.cholesky(moments("3003").cov)
    return panel(np.stack([np.cov(root @ rng.normal(size=(13, 300))) for _ in range(100)]))


def no_spread(field: str, values: Floats) -> None:
    """Stand for a fit without replicates."""


def by_key(rows: list[Row]) -> dict[tuple[object, ...], Row]:
    """Index rows by measure, construct and indicator; they must be distinct."""
    found: dict[tuple[object, ...], Row] = {
        (row["measure"], row["construct"], row.get("indicator", "")): row for row in rows
    }
    assert len(found) == len(rows)
    return found


def spread_rows() -> tuple[dict[str, Floats], dict[tuple[object, ...], Row]]:
    """Return replicates, and rows with their limits."""
    replicates, ok = draws(), np.ones(100, dtype=bool)

    def spread(field: str, values: Floats) -> Spread:
        return percentile_spread(replicates[field], ok, 0.95)

    return replicates, by_key(list(panel_rows(MODEL, "3003", "pls", point(), spread)))


def test_every_measure_is_there_once_and_nothing_that_the_model_settles() -> None:
    rows = list(panel_rows(MODEL, "3003", "pls", point(), no_spread))
    count: dict[object, int] = {}
    for row in rows:
        count[row["measure"]] = count.get(row["measure"], 0) + 1
        assert set(row) <= set(QUALITY.columns)
        assert (row["group"], row["engine"]) == ("3003", "pls")
        assert ("value" in row) != bool(row["note"])  # a number or the reason why not
    assert count == {
        "rho_a": 4,
        "fornell_larcker": 4,
        "construct_cor": 15,
        "htmt": 15,
        "htmt2": 15,
        "cross_loading": 65,
        "vif_item": 11,
        "vif": 7,
        "f2": 9,
    }


def test_values_stand_under_their_names() -> None:
    fields = point()
    rows = by_key(list(panel_rows(MODEL, "3003", "pls", fields, no_spread)))
    assert rows["f2", "loyalty", "complaints"]["value"] == fields["f2"][5, 4]
    assert rows["vif", "satisfaction", "expectations"]["value"] == fields["vif"][3, 0]
    assert rows["htmt", "satisfaction", "perceived_quality"]["value"] == fields["htmt"][3, 1]
    assert rows["vif_item", "expectations", "WRONGX"]["value"] == fields["vif_item"][2]
    cross = rows["cross_loading", "loyalty", "OVERALLX"]
    assert cross["value"] == fields["cross_loadings"][0, 5]


def test_fornell_larcker_names_the_nearest_construct() -> None:
    fields = point()
    rows = by_key(list(panel_rows(MODEL, "3003", "pls", fields, no_spread)))
    others = np.abs(fields["construct_cor"]) - 2 * np.eye(6)
    nearest = MODEL.construct_names[int(others[3].argmax())]
    assert ("fornell_larcker", "satisfaction", nearest) in rows


def test_limits_and_errors_are_those_of_the_replicates() -> None:
    replicates, rows = spread_rows()
    row = rows["htmt", "satisfaction", "expectations"]
    kept = replicates["htmt"][:, 3, 0]
    assert row["std_error"] == pytest.approx(kept.std(ddof=1), rel=1e-12)
    assert (row["conf_low"], row["conf_high"]) == tuple(np.quantile(kept, [0.025, 0.975]))
    assert "p_value" not in row  # nobody asks whether HTMT is zero
    cross = rows["cross_loading", "loyalty", "OVERALLX"]
    value, error = cross["value"], cross["std_error"]
    assert isinstance(value, float)
    assert isinstance(error, float)
    assert cross["p_value"] == two_sided_p(value / error)


def test_limits_that_some_replicates_cannot_give_have_a_reason() -> None:
    replicates, rows = spread_rows()
    lost = [
        row
        for row in rows.values()
        if row["measure"] == "htmt2" and "value" in row and "conf_low" not in row
    ]
    assert all(row["note"] == WITHHELD[UNDEFINED] for row in lost)
    undefined = np.isnan(replicates["htmt2"]).any(axis=0)
    defined = np.isfinite(point()["htmt2"])
    assert len(lost) == np.tril(undefined & defined, -1).sum() > 0


def test_a_value_that_is_not_defined_is_blank_with_the_reason() -> None:
    fields = point()
    fields["htmt2"] = np.full((6, 6), np.nan)
    fields["f2"] = np.full((6, 6), np.nan)
    rows = by_key(list(panel_rows(MODEL, "3003", "pls", fields, no_spread)))
    assert "one sign" in str(rows["htmt2", "loyalty", "complaints"]["note"])
    assert "collinear" in str(rows["f2", "loyalty", "complaints"]["note"])
    assert "value" not in rows["f2", "loyalty", "complaints"]


def test_an_item_that_the_policy_leaves_out_says_so() -> None:
    fields = point()
    lone = {**fields, "vif_item": np.where(np.arange(13) == 1, np.nan, fields["vif_item"])}
    rows = by_key(list(panel_rows(MODEL, "3003", "pls", lone, no_spread)))
    assert rows["vif_item", "expectations", "CUSTOMX"]["note"] == "left out by the weights policy"
    block = {**fields, "vif_item": np.where(np.arange(13) < 3, np.nan, fields["vif_item"])}
    rows = by_key(list(panel_rows(MODEL, "3003", "pls", block, no_spread)))
    assert "collinear" in str(rows["vif_item", "expectations", "CUSTOMX"]["note"])


def test_a_general_reason_stands_in_every_row() -> None:
    rows = list(panel_rows(MODEL, "3003", "pls", point(), no_spread, "limits withheld: all failed"))
    assert {row["note"] for row in rows if "value" in row} == {"limits withheld: all failed"}


def test_constant_replicates_are_tested_against_nothing() -> None:
    def spread(field: str, values: Floats) -> Spread:
        return Spread(np.zeros_like(values), values, values)

    rows = list(panel_rows(MODEL, "3003", "pls", point(), spread))
    assert not any("p_value" in row for row in rows)


def test_composites_have_no_rows_of_common_factors() -> None:
    formed = tuple(replace(c, kind="composite") for c in MODEL.constructs[:2])
    model = replace(MODEL, constructs=(*formed, *MODEL.constructs[2:]))
    fields = {name: values[0] for name, values in panel(moments("3003").cov[None], model).items()}
    rows = by_key(list(panel_rows(model, "3003", "pls", fields, no_spread)))
    assert not [key for key in rows if key[0] == "rho_a" and key[1] == "expectations"]
    assert ("htmt", "satisfaction", "expectations") not in rows
    assert ("construct_cor", "satisfaction", "expectations") in rows
    assert ("vif_item", "expectations", "WRONGX") in rows


def test_fit_rows_name_both_models() -> None:
    fields = point()
    rows = {str(row["measure"]): row["value"] for row in fit_rows("3003", "pls", fields)}
    names = ("srmr", "d_uls", "d_g", "d_ml")
    assert set(rows) == {*names, *(f"{name}.saturated" for name in names)}
    assert rows["d_g.saturated"] == fields["d_g_saturated"]
    assert all(set(row) <= set(FIT_MEASURES.columns) for row in fit_rows("3003", "pls", fields))
    more = fields | {"rmsea": np.array(0.07), "df": np.array(52.0)}
    last = [row["measure"] for row in fit_rows("3003", "pls", more)][-2:]
    assert last == ["df", "rmsea"]
    fields["d_g"] = np.array(np.nan)
    assert "d_g" not in {row["measure"] for row in fit_rows("3003", "pls", fields)}


def test_exact_fit_has_quantile_and_p_or_a_notice() -> None:
    test = ExactFit({"srmr": Discrepancy(0.05, 0.04, 0.01)}, 100, 0)
    rows, notices = exact_fit_rows("3003", "pls", test, ".saturated")
    found = {row["measure"]: row["value"] for row in rows}
    assert found == {
        "exact_fit.saturated.replicates": 100.0,
        "srmr.saturated.q95": 0.04,
        "srmr.saturated.p": 0.01,
    }
    assert notices == ()
    failed = replace(test, problem=SINGULAR_SAMPLE)
    rows, notices = exact_fit_rows("3003", "pls", failed)
    assert rows == ()
    assert [(n.kind, SINGULAR_SAMPLE in n.message) for n in notices] == [
        ("exact_fit_withheld", True)
    ]


WIDE = make_model({"quality": ("a", "b", "c", "d"), "loyalty": ("e",)}, [("quality", "loyalty")])


def test_tetrads_have_limits_and_the_block_a_verdict() -> None:
    values = np.linspace(-0.1, 0.3, 400)[:, None] + np.array([0.0, 0.5])
    rows = by_key(list(tetrad_rows(WIDE, "all", "pls", np.array([0.1, 0.6]), values)))
    inside = rows["tetrad", "quality", "a,b,c,d"]
    assert "95 %" in str(inside["note"])
    low, high = inside["conf_low"], inside["conf_high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < 0 < high
    verdict = rows["tetrads_rejected", "quality", ""]
    assert (verdict["value"], verdict["note"]) == (1.0, "reflective rejected")


def test_tetrads_without_replicates_stand_alone_and_with_failed_ones_say_why() -> None:
    alone = list(tetrad_rows(WIDE, "all", "pls", np.array([0.1, 0.6]), None))
    assert [row["measure"] for row in alone] == ["tetrad", "tetrad"]
    why = "limits withheld: 9.0 % of the replicates failed"
    told = list(tetrad_rows(WIDE, "all", "pls", np.zeros(2), np.ones((50, 2)), note=why))
    assert {row["note"] for row in told} == {why}
    assert "value" not in told[-1]
    formed = tuple(replace(c, kind="composite") for c in WIDE.constructs)
    assert (
        list(tetrad_rows(replace(WIDE, constructs=formed), "all", "pls", np.zeros(2), None)) == []
    )
