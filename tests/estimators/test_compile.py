"""A model becomes a covariance structure and semopy's syntax."""

from __future__ import annotations

import numpy as np
from acsi_model import acsi_model, make_model
from covariance_cases import Case, cases
from hypothesis import given, settings

from acsi_sem.estimators.compile import compile_model, semopy_syntax
from acsi_sem.kernels.lisrel import Matrix, implied_covariance


def test_the_acsi_model_has_the_reference_parameters() -> None:
    compiled = compile_model(acsi_model())
    assert compiled.structure.size == 33
    assert compiled.structure.degrees_of_freedom == 58
    assert [row.free for row in compiled.free] == list(range(33))
    assert compiled.markers.tolist() == [0, 3, 6, 8, 11, 12]
    fixed = [row.name for row in compiled.parameters if row.fixed is not None]
    assert fixed == [
        "expectations =~ OVERALLX",
        "perceived_quality =~ OVERALLQ",
        "perceived_value =~ PQ",
        "satisfaction =~ SATIS",
        "complaints =~ COMP",
        "loyalty =~ REPUR",
    ]


def test_rows_stand_in_the_order_of_the_model() -> None:
    model = make_model({"a": ("x", "y"), "b": ("z",), "c": ("u", "v")}, [("b", "c"), ("a", "c")])
    assert [row.name for row in compile_model(model).parameters] == [
        *("a =~ x", "a =~ y", "b =~ z", "c =~ u", "c =~ v"),
        *("c ~ a", "c ~ b"),
        *("x ~~ x", "y ~~ y", "u ~~ u", "v ~~ v"),
        *("a ~~ a", "b ~~ b", "c ~~ c"),
        "a ~~ b",
    ]


def test_exogenous_constructs_covary_and_disturbances_do_not() -> None:
    model = make_model(
        {"a": ("x",), "b": ("y",), "c": ("z",), "d": ("u",)}, [("a", "c"), ("b", "c"), ("a", "d")]
    )
    pairs = [
        (row.lhs, row.rhs)
        for row in compile_model(model).parameters
        if row.matrix == Matrix.DISTURBANCES and row.lhs != row.rhs
    ]
    assert pairs == [("a", "b")]


def test_syntax_is_independent_of_names() -> None:
    plain = make_model({"a": ("x", "y"), "b": ("z",)}, [("a", "b")])
    odd = make_model({"顾客 满意": ("v2 + v1", "#"), "t1": ("=~ 1",)}, [("顾客 满意", "t1")])
    assert semopy_syntax(compile_model(plain)) == semopy_syntax(compile_model(odd))
    assert semopy_syntax(compile_model(plain)).splitlines() == [
        "c1 =~ 1.0*v1 + t1*v2",
        "c2 =~ 1.0*v3",
        "c2 ~ t2*c1",
        "v1 ~~ t3*v1",
        "v2 ~~ t4*v2",
        "c1 ~~ t5*c1",
        "c2 ~~ t6*c2",
        "v3 ~~ 0.0*v3",
    ]


@settings(max_examples=15, deadline=None)
@given(case=cases())
def test_semopy_reads_the_same_structure(case: Case) -> None:
    """The matrix that semopy implies at given parameters is ours."""
    import pandas as pd
    import semopy

    compiled = case.compiled
    p = len(compiled.items)
    names = [f"v{i + 1}" for i in range(p)]
    reader = semopy.Model(semopy_syntax(compiled), cov_diag=True)
    reader.load(cov=pd.DataFrame(np.eye(p), names, names))
    active = [name for name, parameter in reader.parameters.items() if parameter.active]
    assert sorted(active) == sorted(f"t{k + 1}" for k in range(compiled.structure.size))
    reader.update_matrices(case.theta[[int(name[1:]) - 1 for name in active]])
    sigma = pd.DataFrame(
        reader.calc_sigma()[0], reader.vars["observed"], reader.vars["observed"]
    ).loc[names, names]
    ours = implied_covariance(compiled.structure, case.theta[None])[0]
    # the same sums in another order
    np.testing.assert_allclose(sigma.to_numpy(), ours, rtol=1e-10, atol=1e-10)
