"""What a survey's columns of higher levels say of its groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from acsi_model import acsi_model

from acsi_sem.simulate.demo import demo_survey
from acsi_sem.survey.read import read_survey


def test_levels_above_are_read_where_they_are_asked_for(tmp_path: object) -> None:
    frame = demo_survey(acsi_model(), seed=1)
    frame["CODE"] = np.where(frame["INDUSTRY"] == "Department stores", 7.0, np.nan)
    frame.loc[frame.index[0], "CODE"] = 8.0
    path = f"{tmp_path}/survey.csv"
    frame.to_csv(path, index=False)
    columns = ("INDUSTRY", "CODE", "NOWHERE")
    made = read_survey(path, acsi_model(), group="COMPANY", above=columns)
    assert set(made.above) == {"INDUSTRY", "CODE"}
    assert made.above["INDUSTRY"]["Larkspeed"] == ("Parcel delivery",)
    assert sorted(made.above["CODE"]["Hai & Söhne"]) == ["7", "8"]
    assert made.above["CODE"]["Larkspeed"] == ()
    assert read_survey(path, acsi_model(), group="COMPANY").above == {}


def test_small_groups_are_kept_where_somebody_else_judges_them(tmp_path: object) -> None:
    frame = demo_survey(acsi_model(), seed=1)
    small = frame.groupby("COMPANY").cumcount() < 5
    kept = pd.concat([frame[frame["COMPANY"] != "Larkspeed"], frame[small]]).drop_duplicates()
    path = f"{tmp_path}/survey.csv"
    kept.to_csv(path, index=False)
    made = read_survey(path, acsi_model(), group="COMPANY", keep_small=True)
    assert made.groups is not None
    assert np.bincount(made.groups.codes).min() == 5
