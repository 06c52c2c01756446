"""The quality panel: what it assembles, how replicates and points agree, what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acsi_model import BLOCKS as ITEMS
from acsi_model import PATHS, acsi_model, make_model
from golden_data import REFERENCE_SUBSETS, moments, pls_values
from numpy.testing import assert_allclose, assert_array_equal
from two_stage_cases import offer_model

from acsi_sem.analysis.pls_runs import estimate_fields
from acsi_sem.estimators.pls import PlsOptions
from acsi_sem.estimators.pls_panel import (
    Solved,
    approximate_fields,
    composites,
    degrees_of_freedom,
    exact_fit_refit,
    implied_items,
    panel_fields,
)
from acsi_sem.estimators.two_stage import stage_models
from acsi_sem.kernels.exact_fit import exact_fit
from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.kernels.plsc import disattenuate
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model

MODEL = acsi_model()
NAMES = MODEL.construct_names
ALL = np.ones(6, dtype=bool)


def panel(r: Floats, model: Model = MODEL, *, consistent: bool = False) -> dict[str, Floats]:
    """Fit by PLS or PLSc and return the panel."""
    block, arrows = blocks(model), adjacency(model)
    fit = pls(r, block, arrows)
    if not consistent:
        return panel_fields(model, r, fit.weights, fit.loadings, fit.correlation, fit.paths)
    true = disattenuate(fit.weights, r, fit.correlation, block, arrows)
    return panel_fields(
        model, r, fit.weights, true.loadings, true.correlation, true.paths, reflective=ALL
    )


def observed(subset: str) -> Floats:
    """Return the item correlations of a subset."""
    return correlations(moments(subset).cov[None])


def samples(count: int) -> Floats:
    """Draw correlation matrices of samples of 200 answers."""
    rng = np.random.default_rng(3)
    root = np.linalg.cholesky(moments("3003").cov)
    return correlations(np.stack([np.cov(root @ rng.normal(size=(13, 200))) for _ in range(count)]))


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
@pytest.mark.parametrize("consistent", [False, True])
def test_equals_csem(subset: str, consistent: bool) -> None:
    method = "plsc-path" if consistent else "modeA-path"
    found = panel(observed(subset), consistent=consistent)
    # 1e-7 is agreed for f2 and HTMT2 and holds for VIF too, which has a kernel test at 1e-9
    for quantity in ("vif", "f2", "htmt2"):
        for (one, other), value in pls_values(subset, "csem", method, quantity).items():
            ours = found[quantity][0, NAMES.index(one), NAMES.index(other)]
            if value != 0.0:  # cSEM fills one triangle with zeros
                assert ours == pytest.approx(value, abs=1e-7), (quantity, one, other)
    if consistent:  # for Mode A cSEM takes products of composite loadings, we keep the blocks
        for ours, theirs in (("srmr", "SRMR"), ("d_uls", "DL"), ("d_ml", "DML")):
            value = pls_values(subset, "csem", method, f"fit:{theirs}")["", ""]
            assert found[ours][0] == pytest.approx(value, abs=1e-7)


def test_shapes_and_what_is_nan_for_the_model_s_sake() -> None:
    found = panel(samples(3))
    shapes = {name: values.shape[1:] for name, values in found.items()}
    assert shapes["cross_loadings"] == (13, 6)
    assert shapes["rho_a"] == shapes["fornell_larcker"] == (6,)
    assert shapes["htmt"] == shapes["vif"] == shapes["f2"] == (6, 6)
    assert shapes["vif_item"] == (13,)
    assert shapes["srmr"] == shapes["d_g_saturated"] == ()
    assert "tetrads" not in found
    for name in ("vif", "f2"):
        assert_array_equal(np.isfinite(found[name][1]), adjacency(MODEL))
    for name in ("rho_a", "fornell_larcker"):
        assert np.isnan(found[name][0]).tolist() == [False] * 4 + [True] * 2


@pytest.mark.parametrize("consistent", [False, True])
def test_an_element_does_not_depend_on_its_batch(consistent: bool) -> None:
    r = samples(5)
    together = panel(r, consistent=consistent)
    for b in (0, 4):
        alone = panel(r[b : b + 1], consistent=consistent)
        for name, values in together.items():
            assert_array_equal(values[b], alone[name][0], err_msg=name)


def test_a_failed_fit_leaves_its_neighbours_alone() -> None:
    r = samples(3)
    r[1, 4] = r[1, :, 4] = np.nan
    found, sound = panel(r), panel(r[[0, 2]])
    for name, values in found.items():
        assert_array_equal(values[[0, 2]], sound[name], err_msg=name)
    assert np.isnan(found["srmr"][1])
    assert np.isnan(found["d_g"][1])


def test_turned_items_change_signs_of_cross_loadings_alone() -> None:
    r = observed("1001")
    sign = np.where(np.arange(13) == 1, -1.0, 1.0)
    plain, turned = panel(r), panel(r * sign[:, None] * sign)
    assert_allclose(turned["cross_loadings"], plain["cross_loadings"] * sign[:, None], atol=1e-10)
    for name in set(plain) - {"cross_loadings", "htmt2"}:
        assert_allclose(turned[name], plain[name], atol=1e-9, err_msg=name)
    assert np.isnan(turned["htmt2"][0, 0, 1:]).all()  # it asks for one sign


def test_composites_have_no_criteria_of_common_factors() -> None:
    first, second, third, *others = MODEL.constructs
    constructs = (
        replace(first, mode="B"),
        replace(second, kind="composite"),
        replace(third, mode="B", kind="factor"),
        *others,
    )
    model = replace(MODEL, constructs=constructs)
    assert composites(model).tolist() == [True, True, False, False, False, False]
    found = panel(observed("3003"), model)
    assert np.isnan(found["rho_a"][0, :4]).tolist() == [True, True, True, False]
    assert np.isnan(found["fornell_larcker"][0, :4]).tolist() == [True, True, False, False]
    assert np.isnan(found["htmt"][0, :2]).all()
    assert np.isfinite(found["htmt"][0, 2:, 2:]).all()
    assert np.isfinite(found["vif_item"]).all()


def test_a_block_of_four_has_tetrads() -> None:
    merged = {name: items for name, items in ITEMS.items() if name != "perceived_value"}
    merged["satisfaction"] = ("PQ", "QP", "SATIS", "CONFIRM", "IDEAL")
    paths = [path for path in PATHS if "perceived_value" not in path]
    model = make_model(merged, paths)
    assert panel(samples(2), model)["tetrads"].shape == (2, 5)
    formed = tuple(replace(c, kind="composite") for c in model.constructs)
    assert np.isnan(panel(samples(2), replace(model, constructs=formed))["tetrads"]).all()


def test_a_saturated_model_fits_no_worse() -> None:
    found = panel(samples(20))
    assert (found["d_uls_saturated"] < found["d_uls"]).all()


def test_higher_order_constructs_are_refused() -> None:
    whole = replace(MODEL.constructs[3], components=("expectations",))
    model = replace(MODEL, constructs=(*MODEL.constructs[:3], whole, *MODEL.constructs[4:]))
    with pytest.raises(ValueError, match="higher-order"):
        panel(observed("3003"), model)


TURNED = [1, 8]  # one item of expectations and one of satisfaction
LEFT = np.delete(np.arange(13), TURNED)
OF_ITEMS_LEFT = ("rho_a", "fornell_larcker", "htmt", "htmt2", "vif_item")


def turned(r: Floats) -> Floats:
    """Turn round items, which a weights policy then holds at zero."""
    sign = np.ones(13)
    sign[TURNED] = -1
    return r * sign[:, None] * sign


def dropping(r: Floats, *, told: bool = True) -> dict[str, Floats]:
    """Fit by PLS that drops items of negative weight; say which to the panel, or not."""
    fit = pls(r, blocks(MODEL), adjacency(MODEL), policy="drop")
    bound = fit.bound if told else None
    parts = (fit.weights, fit.loadings, fit.correlation, fit.paths)
    return panel_fields(MODEL, r, *parts, bound=bound)


def without_turned() -> Model:
    """Return the model without the turned items."""
    gone = {MODEL.indicators[i].name for i in TURNED}
    kept = {name: tuple(i for i in own if i not in gone) for name, own in ITEMS.items()}
    return make_model(kept, PATHS)


def test_held_items_leave_the_criteria_of_the_model_without_them() -> None:
    r = observed("3003")
    found = dropping(turned(r))
    expected = panel(r[:, LEFT][:, :, LEFT], without_turned())
    assert np.isnan(found["vif_item"][0, TURNED]).all()
    found["vif_item"] = found["vif_item"][:, LEFT]
    for name in (*OF_ITEMS_LEFT, "construct_cor", "vif", "f2"):
        # Started from other weights, both stop within the convergence criterion.
        assert_allclose(found[name], expected[name], atol=1e-9, err_msg=name)
    assert np.isfinite(found["htmt2"]).all()  # one sign, once the turned items are gone


def test_held_items_of_an_element_leave_its_neighbours_alone() -> None:
    plain = samples(3)
    mixed = np.concatenate([plain[:1], turned(plain[1:2]), plain[2:]])
    found, sound = dropping(mixed), dropping(plain, told=False)
    alone = dropping(mixed[1:2])
    for name, values in found.items():
        assert_array_equal(values[[0, 2]], sound[name][[0, 2]], err_msg=name)
        assert_array_equal(values[1], alone[name][0], err_msg=name)
    for name, values in dropping(plain).items():  # nothing is held: the same bytes
        assert_array_equal(values, sound[name], err_msg=name)


@pytest.mark.parametrize("stages", [False, True])
def test_the_engines_tell_the_panel_what_the_policy_holds(stages: bool) -> None:
    model = offer_model() if stages else MODEL
    names = [item.name for item in MODEL.indicators]
    at = [names.index(item.name) for item in model.indicators]
    cov = turned(moments("3003").cov[None])[:, at][:, :, at]
    rows, mean = np.array([1000.0]), np.zeros((1, len(at)))
    batch = Moments(rows, mean, cov, mean + 1000.0, mean)
    _, fields = estimate_fields(model, batch, rows, PlsOptions(policy="nonnegative"))
    parts = zip(("one.", "two."), stage_models(model), strict=True) if stages else [("", model)]
    for start, part in parts:
        held = np.isnan(fields[f"{start}vif_item"][0])
        items = [item.name for item in part.indicators]
        assert {items[i] for i in np.flatnonzero(held)} == {names[i] for i in TURNED}


@pytest.mark.parametrize("saturated", [False, True])
def test_the_refit_repeats_the_sample_s_implied_correlations(saturated: bool) -> None:
    block, arrows = blocks(MODEL), adjacency(MODEL)

    def solve(r: Floats) -> Solved:
        fit = pls(r, block, arrows)
        return Solved(fit.loadings, fit.correlation, fit.paths)

    r = observed("3003")
    refit = exact_fit_refit(MODEL, solve, saturated=saturated)
    implied = implied_items(MODEL, r, solve(r), saturated=saturated)
    assert_array_equal(refit(r), implied)
    ending = "_saturated" if saturated else ""
    tested = exact_fit(r[0], implied[0], samples(20), refit)
    for name in ("srmr", "d_uls", "d_g", "d_ml"):
        expected = panel(r)[f"{name}{ending}"][0]
        assert tested.measures[name].value == pytest.approx(expected, rel=1e-12)
    assert tested.used == 20


def test_degrees_of_freedom_count_what_is_free() -> None:
    # 78 correlations, 9 paths; 11 loadings, or 7 weights and 10 correlations within blocks
    assert degrees_of_freedom(MODEL, ALL) == 78 - 9 - 11 == 58
    assert degrees_of_freedom(MODEL) == 78 - 9 - 7 - 10
    pair = make_model({"a": ("x", "y"), "b": ("z",)}, [("a", "b")])
    assert degrees_of_freedom(pair) == 0


@pytest.mark.parametrize("subset", REFERENCE_SUBSETS)
def test_approximate_fit_of_plsc_equals_csem(subset: str) -> None:
    r, block, arrows = observed(subset), blocks(MODEL), adjacency(MODEL)
    fit = pls(r, block, arrows)
    true = disattenuate(fit.weights, r, fit.correlation, block, arrows)
    solved = Solved(true.loadings, true.correlation, true.paths)
    n = np.array([float(moments(subset).n)])
    fields = panel(r, consistent=True)
    found = approximate_fields(MODEL, r, solved, fields, n, reflective=ALL)
    names = {"chisq": "Chi_square", "df": "Df", "cfi": "CFI", "tli": "NNFI", "ifi": "IFI"}
    names |= {"nfi": "NFI", "rmsea": "RMSEA", "cn": "CN", "rms_theta": "RMS_theta"}
    assert set(names) == set(found)
    for ours, theirs in names.items():
        value = pls_values(subset, "csem", "plsc-path", f"fit:{theirs}")["", ""]
        # as the distances; relative above one, for chi-square is in the thousands
        assert found[ours][0] == pytest.approx(value, rel=1e-7, abs=1e-7), ours


def test_a_model_without_restrictions_has_no_chi_square() -> None:
    model = make_model({"a": ("x", "y"), "b": ("z",)}, [("a", "b")])
    r = np.array([[[1.0, 0.6, 0.4], [0.6, 1.0, 0.5], [0.4, 0.5, 1.0]]])
    fit = pls(r, blocks(model), adjacency(model))
    solved = Solved(fit.loadings, fit.correlation, fit.paths)
    found = approximate_fields(model, r, solved, panel(r, model), np.array([50.0]))
    assert set(found) == {"rms_theta"}
