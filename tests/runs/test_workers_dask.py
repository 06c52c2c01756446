"""Workers of a dask cluster: the same bytes as one process, also when a worker is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acsi_model import acsi_model
from distributed import LocalCluster
from nation_runs import contents, copied, make_study, run
from simulated import make_survey
from workers_cases import StubbornError, bootstrap_paths, die_at_seven, fail_at_three, pickled

from acsi_sem.analysis.streamed import fit_streamed
from acsi_sem.analysis.values import Request
from acsi_sem.cli.stream import wave_mapper
from acsi_sem.errors import DataError, UsageError
from acsi_sem.inference.sample import make_sample
from acsi_sem.runs import dask_workers
from acsi_sem.runs.dask_workers import check_versions
from acsi_sem.runs.execute import table_files
from acsi_sem.runs.workers import open_workers
from acsi_sem.simulate.demo import demo_survey


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Two worker processes, each with its nanny."""
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as local:
        yield str(local.scheduler_address)


def test_a_cluster_gives_the_same_bytes_as_one_process(cluster: str) -> None:
    big = np.random.default_rng(1).standard_normal((300, 300))
    shared = (acsi_model(), make_sample(make_survey(1, (80, 60, 70))), big)
    told: list[int] = []
    with open_workers(shared=shared) as workers:
        expected = workers.map(bootstrap_paths, [3, 1, 2, 0])
    with open_workers(1, cluster, shared=shared) as workers:
        found = workers.map(
            bootstrap_paths, [3, 1, 2, 0], done=lambda number, _: told.append(number)
        )
        assert workers.losses == []
    assert sorted(told) == [0, 1, 2, 3]
    assert pickled(found) == pickled(expected)
    with open_workers(1, cluster) as workers:
        assert workers.map(fail_at_three, [5, 4]) == [5, 4]
        with pytest.raises(DataError, match=r"item 2 of 2 \(3\): survey.csv: column SATIS"):
            workers.map(fail_at_three, [0, 3])
        with pytest.raises(RuntimeError, match="StubbornError: 1 and 2"):
            workers.map(raise_stubborn, [0])


def raise_stubborn(item: int) -> None:
    raise StubbornError(1, 2)


def test_a_killed_worker_changes_nothing_but_is_told(cluster: str, tmp_path: Path) -> None:
    told: list[int] = []
    with open_workers(shared=(tmp_path, 0)) as workers:
        expected = workers.map(die_at_seven, list(range(12)))
    with open_workers(1, cluster, shared=(tmp_path, 1)) as workers:
        found = workers.map(
            die_at_seven, list(range(12)), done=lambda number, _: told.append(number)
        )
        (loss,) = workers.losses
    assert len(list(tmp_path.iterdir())) == 1  # it was killed
    assert sorted(told) == list(range(12))
    assert pickled([(np.array(i), x) for i, x in found]) == pickled(
        [(np.array(i), x) for i, x in expected]
    )
    assert "was lost; others did its items" in loss


def test_a_cluster_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_workers, "CONNECT", 0.2)
    said = "cluster: tcp://127.0.0.1:9: expected a dask scheduler that answers, got"
    with pytest.raises(UsageError, match=said), open_workers(1, "tcp://127.0.0.1:9"):
        pass


@pytest.mark.parametrize(
    "address", ["nowhere", "nowhere:8786", "tcp://nowhere", "http://a:1", "tcp://:1", "tcp://a:x"]
)
def test_what_is_no_address_is_refused_before_any_client(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributed.Client", None)
    said = f"cluster: {address}: expected the address of a dask scheduler, tcp://HOST:PORT"
    with pytest.raises(UsageError, match=said), open_workers(1, address):
        pass


def test_a_client_that_was_only_half_made_is_dropped_quietly() -> None:
    # Dropped at exit, it would wait in vain and tell so after the message.
    script = (
        "from acsi_sem.errors import UsageError\n"
        "from acsi_sem.runs import dask_workers\n"
        "dask_workers.CONNECT = 0.2\n"
        "try:\n    dask_workers.DaskWorkers('tls://127.0.0.1:9', None)\n"
        "except UsageError as error:\n    print(error)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "expected a dask scheduler that answers, got TLS expects" in found.stdout
    assert "Exception ignored" not in found.stderr


def test_a_cluster_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"acsi-sem\[cluster\]"), open_workers(1, "tcp://a:1"):
        pass


def test_workers_with_other_versions_are_refused() -> None:
    def said(python: str, **packages: str | None) -> dict[str, Any]:
        return {"host": {"python": python}, "packages": packages}

    ours = said("3.12.1.final.0", acsi_sem="0.2", numpy="2.4.6")
    same = said("3.12.9.final.0", acsi_sem="0.2", numpy="2.4.6", dask="7")
    check_versions("tcp://a:1", {"client": ours, "workers": {"tcp://b:1": same}})
    others = {
        "tcp://b:1": same,
        "tcp://c:1": said("3.11.2.final.0", acsi_sem="0.1", numpy="2.4.6"),
        "tcp://d:1": said("3.12.1.final.0", acsi_sem=None, numpy="2.4.6"),
    }
    with pytest.raises(UsageError) as caught:
        check_versions("tcp://a:1", {"client": ours, "workers": others})
    assert [str(problem).partition(";")[0] for problem in caught.value.problems] == [
        "cluster tcp://a:1: worker tcp://c:1: expected python 3.12, got 3.11",
        "cluster tcp://a:1: worker tcp://c:1: expected acsi_sem 0.2, got 0.1",
        "cluster tcp://a:1: worker tcp://d:1: expected acsi_sem 0.2, got none",
    ]


def test_a_nation_by_a_cluster_is_byte_for_byte_that_of_one_process(
    cluster: str, tmp_path: Path
) -> None:
    study = make_study(tmp_path / "nation")
    copy = copied(study, tmp_path / "copy")
    [here] = run(study)
    [there] = run(copy, cluster=cluster)
    assert contents(there.folder) == contents(here.folder)


def test_a_streamed_file_by_a_cluster_is_byte_for_byte_that_of_one_process(
    cluster: str, tmp_path: Path
) -> None:
    path, model = tmp_path / "big.parquet", acsi_model()
    demo_survey(model, seed=1, interviews=25_000).to_parquet(path)
    request = Request(engines=("pls", "ml"), replicates=50, detail="core")
    here = fit_streamed(model, path, request)
    with open_workers(1, cluster) as workers:
        there = fit_streamed(model, path, request, mapper=wave_mapper(workers, 2))
    assert table_files(there) == table_files(here)
