"""PLSpredict and CVPAT of a group: against loops over rows, and under what must change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pytest
from acsi_model import acsi_model, make_model
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import stats
from simulated import draw_answers

from acsi_sem.errors import UsageError
from acsi_sem.inference.folds import deal_folds, respondent_keys
from acsi_sem.inference.prediction import PredictionResult, predict_group
from acsi_sem.inference.prediction_rows import predictive_power
from acsi_sem.inference.sample import Ints
from acsi_sem.kernels.moments import Floats, Moments, correlations
from acsi_sem.kernels.pls import pls
from acsi_sem.spec.graph import adjacency, blocks
from acsi_sem.spec.model import Model
from acsi_sem.tables.schema import PREDICTION, make_table

MODEL = acsi_model()
N: Final = 120
REPETITIONS: Final = 2
FOLDS: Final = 5
Key = tuple[str, str, str]


@dataclass
class Pls:
    """The PLS kernel as an estimator; `broken` training samples are reported as failed."""

    model: Model = MODEL
    broken: tuple[int, ...] = ()

    def __call__(
        self, moments: Moments, rows: Floats
    ) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """Estimate a batch."""
        assert moments.weight.shape == rows.shape
        found = pls(correlations(moments.covariance), blocks(self.model), adjacency(self.model))
        ok = found.converged.copy()
        ok[list(self.broken)] = False
        return found.weights, found.loadings, found.paths, ok


@dataclass
class Case:
    """A group's rows."""

    values: Floats
    weights: Floats
    frequency: bool = False
    strata: Ints | None = None
    psu: Ints | None = None
    ids: tuple[str, ...] | None = None
    model: Model = MODEL

    def take(self, rows: Ints) -> Case:
        """Take rows in another order, or repeated."""
        return Case(
            self.values[rows],
            self.weights[rows],
            self.frequency,
            None if self.strata is None else self.strata[rows],
            None if self.psu is None else self.psu[rows],
            None if self.ids is None else tuple(self.ids[i] for i in rows),
            self.model,
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the rows."""
        return respondent_keys(self.values, self.strata, self.psu, self.ids)

    def predict(self, broken: tuple[int, ...] = (), **options: Any) -> PredictionResult:
        """Predict with defaults."""
        wanted: dict[str, Any] = {"folds": FOLDS, "repetitions": REPETITIONS, "level": 0.95}
        return predict_group(
            self.model,
            self.values,
            self.weights,
            frequency=self.frequency,
            keys=self.keys,
            strata=self.strata,
            psu=self.psu,
            estimator=Pls(self.model, broken),
            seed=1,
            study="s",
            group="g",
            **(wanted | options),
        )


def sample(seed: int = 1, n: int = N, **options: Any) -> Case:
    """Draw complete answers with equal weights."""
    return Case(draw_answers(np.random.default_rng(seed), n), np.ones(n), **options)


def weighted(seed: int = 1) -> Case:
    """Draw answers with sampling weights."""
    case = sample(seed)
    case.weights = np.random.default_rng(seed).random(N) + 0.2
    return case


def column(result: PredictionResult, name: str = "value") -> dict[Key, Any]:
    """Return one column by construct, indicator and measure."""
    return {
        (str(row["construct"]), str(row["indicator"]), str(row["measure"])): row[name]
        for row in result.rows
    }


def assert_same(one: PredictionResult, other: PredictionResult, tolerance: float) -> None:
    """Compare every number of two results."""
    for name in ("value", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
        left, right = column(one, name), column(other, name)
        assert left.keys() == right.keys()
        # atol: a loss difference near zero keeps the rounding of the losses, which are about 3.
        assert_allclose(
            list(left.values()), list(right.values()), rtol=tolerance, atol=3 * tolerance
        )


def predicted_scores(z: Floats, solution: Any, antecedents: str) -> Floats:
    """Predict construct scores of standardised rows, construct by construct along the arrows."""
    block, arrows = blocks(MODEL), adjacency(MODEL)
    own = np.column_stack([z[:, block == c] @ solution.weights[0, block == c] for c in range(6)])
    found = own.copy()
    for target in np.flatnonzero(arrows.any(axis=1)):  # the ACSI constructs stand in causal order
        basis = found if antecedents == "earliest" else own
        found[:, target] = basis @ solution.paths[0, target]
    return found


def oracle(case: Case, antecedents: str) -> tuple[Floats, Floats]:
    """Return errors (3, R, n, t) of PLS, linear model and mean, by loops over folds of rows."""
    x, w, block = case.values, case.weights, blocks(MODEL)
    targets, sources = np.flatnonzero(block > 0), np.flatnonzero(block == 0)
    errors = np.full((3, REPETITIONS, N, targets.size), np.nan)
    options: dict[str, Any] = {"folds": FOLDS, "repetitions": REPETITIONS, "seed": 1, "study": "s"}
    dealt = deal_folds(case.keys, w, False, case.psu, **options)
    for repetition in range(REPETITIONS):
        fold = np.empty(N, dtype=np.intp)
        fold[dealt.row] = dealt.fold[repetition]
        for f in range(FOLDS):
            train, test = x[fold != f], x[fold == f]
            share = w[fold != f] / w[fold != f].sum()
            mean = share @ train
            sd = np.sqrt(share @ (train - mean) ** 2)
            z = (train - mean) / sd
            solution = pls(((z.T * share) @ z)[None], block, adjacency(MODEL))
            score = predicted_scores((test - mean) / sd, solution, antecedents)
            fitted = mean + sd * solution.loadings[0] * score[:, block]
            design = np.column_stack([np.ones(len(train)), train[:, sources]])
            root = np.sqrt(share)[:, None]
            line = np.linalg.lstsq(design * root, train[:, targets] * root)[0]
            linear = np.column_stack([np.ones(len(test)), test[:, sources]]) @ line
            actual = test[:, targets]
            errors[0, repetition, fold == f] = actual - fitted[:, targets]
            errors[1, repetition, fold == f] = actual - linear
            errors[2, repetition, fold == f] = actual - mean[targets]
    assert np.isfinite(errors).all()
    return errors, w


@pytest.mark.parametrize("antecedents", ["earliest", "direct"])
def test_errors_are_those_of_loops_over_rows(antecedents: str) -> None:
    case = weighted()
    found = column(case.predict(antecedents=antecedents))
    errors, w = oracle(case, antecedents)
    mse = np.einsum("mrit,i->mt", errors**2, w) / (REPETITIONS * w.sum())
    mae = np.einsum("mrit,i->mt", np.abs(errors), w) / (REPETITIONS * w.sum())
    at = 0
    for construct in MODEL.constructs[1:]:
        for item in construct.indicators:
            here = (construct.name, item.name)
            for which, end in enumerate(("", "_lm", "_mean")):
                # Moments against rows: some ten roundings of sums over a hundred rows.
                rmse = np.sqrt(mse[which, at])
                assert found[(*here, f"rmse{end}")] == pytest.approx(rmse, rel=1e-10)
                assert found[(*here, f"mae{end}")] == pytest.approx(mae[which, at], rel=1e-10)
            q2 = 1 - mse[0, at] / mse[2, at]
            assert found[(*here, "q2_predict")] == pytest.approx(q2, abs=1e-10)
            at += 1
    assert at == errors.shape[3]


def test_losses_and_tests_are_the_paired_t_test() -> None:
    case = sample()
    result = case.predict(level=0.9)
    errors, _ = oracle(case, "earliest")
    cases = (errors**2).mean(axis=1)
    names = {"satisfaction": slice(4 + 1, 8), "complaints": slice(8, 9), "": slice(0, 10)}
    for construct, items in names.items():
        own, linear, mean = cases[:, :, items].mean(axis=2)
        for end, other in (("lm", linear), ("mean", mean)):
            expected = stats.ttest_rel(other, own)
            limits = expected.confidence_interval(0.9)
            for name, wanted in (
                ("value", (other - own).mean()),
                ("statistic", expected.statistic),
                ("p_value", expected.pvalue),
                ("conf_low", limits.low),
                ("conf_high", limits.high),
            ):
                # Differences of losses: their rounding is that of the losses, some ten times
                # as large, which the statistic inherits.
                got = column(result, name)[construct, "", f"cvpat_{end}"]
                assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        assert column(result)[construct, "", "loss"] == pytest.approx(own.mean(), rel=1e-10)


def test_the_loss_of_a_single_item_is_its_squared_rmse() -> None:
    found = column(weighted().predict())
    for end in ("", "_lm", "_mean"):
        loss = found["loyalty", "", f"loss{end}"]  # rows against fold moments: rounding
        assert loss == pytest.approx(found["loyalty", "REPUR", f"rmse{end}"] ** 2, rel=1e-11)


def test_frequencies_are_repeated_rows() -> None:
    case = sample()
    case.weights = np.random.default_rng(2).integers(1, 4, N).astype(float)
    case.frequency = True
    rows = case.take(np.repeat(np.arange(N), case.weights.astype(int)))
    rows.weights, rows.frequency = np.ones(rows.weights.size), False
    one = case.predict()
    assert one.complete == case.weights.sum() == rows.predict().complete
    assert_same(one, rows.predict(), 1e-12)


@pytest.mark.parametrize("ids", [None, tuple(f"r{i}" for i in range(N))])
def test_the_order_of_rows_changes_nothing(ids: tuple[str, ...] | None) -> None:
    case = weighted()
    case.ids = ids
    case.values[7] = case.values[8]  # two rows alike, but for the weight
    shuffled = case.take(np.random.default_rng(3).permutation(N))
    assert_same(case.predict(), shuffled.predict(), 0.0)


def test_rescaled_sampling_weights_change_nothing() -> None:
    case, other = weighted(), weighted()
    other.weights = other.weights * 1234.5
    assert_same(case.predict(), other.predict(), 1e-12)


def test_incomplete_rows_take_no_part() -> None:
    case = weighted()
    case.ids = tuple(f"r{i}" for i in range(N))
    case.values[::10, 4] = np.nan
    kept = case.take(np.flatnonzero(~np.isnan(case.values).any(axis=1)))
    result = case.predict()
    assert result.complete == N - 12
    assert_same(result, kept.predict(), 0.0)


def test_a_linear_relation_is_predicted_exactly_by_the_benchmark() -> None:
    model = make_model({"a": ("x1", "x2"), "b": ("y1", "y2")}, [("a", "b")])
    x = np.random.default_rng(4).integers(1, 11, size=(80, 4)).astype(float)
    x[:, 2:] = x[:, :2] @ np.array([[0.5, 0.2], [0.3, 0.6]]) + 1
    result = Case(x, np.ones(80), model=model).predict()
    found = column(result)
    for item in ("y1", "y2"):
        # The root of a sum of squares that cancel to rounding: 1e-8 of a standard deviation.
        assert found["b", item, "rmse_lm"] < 1e-6
        assert found["b", item, "mae_lm"] < 1e-12
        assert found["b", item, "rmse"] > 0.01
    assert predictive_power(result.rows)["b"].startswith("no predictive power")
    assert found["b", "", "power"] == 0


def test_psus_stay_together_and_carry_the_standard_error() -> None:
    case = weighted()
    case.psu = np.random.default_rng(5).integers(0, 30, N)
    case.strata = case.psu % 3
    result = case.predict()
    errors, w = oracle(case, "earliest")
    cases = (errors**2).mean(axis=(1, 3))
    difference = cases[2] - cases[0]
    mean = w @ difference / w.sum()
    z = w * (difference - mean) / w.sum()
    variance = 0.0
    for stratum in range(3):
        units = np.unique(case.psu[case.strata == stratum])
        totals = np.array([z[case.psu == unit].sum() for unit in units])
        variance += units.size * totals.var(ddof=1)
    at = ("", "", "cvpat_mean")
    assert column(result)[at] == pytest.approx(mean, rel=1e-10)
    assert column(result, "std_error")[at] == pytest.approx(np.sqrt(variance), rel=1e-9)
    p_value = 2 * stats.t.sf(mean / np.sqrt(variance), 30 - 3)
    assert column(result, "p_value")[at] == pytest.approx(p_value, rel=1e-7)  # far in the tail


def test_a_stratum_of_one_unit_withholds_the_test_by_name() -> None:
    case = sample()
    case.strata = np.zeros(N, dtype=np.intp)
    case.strata[0] = 1
    result = case.predict()
    for row in result.rows:
        if str(row["measure"]).startswith("cvpat"):
            assert np.isfinite(float(str(row["value"])))
            assert all(row[name] != row[name] for name in ("std_error", "p_value", "conf_low"))
            assert "1 of the strata have a single unit" in str(row["note"])
    assert [notice.kind for notice in result.notices] == ["prediction_test_withheld"]


def test_a_collinear_benchmark_is_withheld_and_the_rest_stands() -> None:
    case = weighted()
    case.values[:, 2] = case.values[:, 0]
    result = case.predict()
    assert result.ok
    for (_, _, measure), value in column(result).items():
        assert np.isnan(value) == (measure.endswith("_lm") or measure == "power")
    for (_, _, measure), note in column(result, "note").items():
        assert ("collinear in 10 of 10" in note) == (measure.endswith("_lm") or measure == "power")
    assert [notice.kind for notice in result.notices] == ["prediction_collinear"]
    assert predictive_power(result.rows) == {}


def test_one_failed_training_sample_withholds_everything() -> None:
    good, result = sample().predict(), sample().predict(broken=(3,))
    assert not result.ok
    assert column(result).keys() == column(good).keys()
    assert np.isnan(list(column(result).values())).all()
    assert set(column(result, "note").values()) == {
        "withheld: PLS failed in 1 of 10 training samples"
    }
    assert [notice.kind for notice in result.notices] == ["prediction_failed"]


def test_an_indicator_that_does_not_vary_fails_by_name() -> None:
    case = sample()
    case.values[:, 12] = 10.0
    assert {notice.kind for notice in case.predict().notices} == {"prediction_failed"}


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (sample(n=4), "4 complete cases for 5 folds"),
        (sample(psu=np.repeat(np.arange(3), N // 3)), "3 PSUs with complete cases for 5 folds"),
    ],
)
def test_fewer_units_than_folds_withhold_everything(case: Case, words: str) -> None:
    result = case.predict()
    assert not result.ok
    assert result.notices[0].message == f"Prediction is withheld: {words}."


def test_small_training_samples_are_told() -> None:
    result = sample(n=36).predict()
    assert result.ok
    assert "28 complete cases" in result.notices[0].message  # eight of 36 are left out


def test_no_complete_case_is_withheld() -> None:
    case = sample(n=30)
    case.values[:, 0] = np.nan
    assert "0 complete cases for 5 folds" in case.predict().notices[0].message


def test_rows_fit_the_table_and_read_construct_by_construct() -> None:
    table = make_table(PREDICTION, sample().predict().rows)
    assert list(table["construct"].unique()) == [*MODEL.construct_names[1:], ""]
    assert not table.duplicated(["construct", "indicator", "measure"]).any()
    assert (table["group"] == "g").all()
    assert (table["engine"] == "pls").all()
    assert len(table) == 10 * 7 + 6 * 5 + 5


@pytest.mark.parametrize(
    "options", [{"folds": 1}, {"repetitions": 0}, {"level": 1.0}, {"antecedents": "both"}]
)
def test_requests_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        sample().predict(**options)
