"""The page's charts: what they hold, and that the library that draws them understands them."""

import base64
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import vl_convert
from PIL import Image

from adversarial_nets.report import charts
from support.experiments import ROOT
from support.results import experiment_result, of_baseline

LINES = np.random.default_rng(0).integers(0, 256, (4, 3, 5, 4), np.uint8)
RESULT = experiment_result()
CHARTS = {
    "learning curves": charts.learning_curves(RESULT.learning_curve()),
    "a baseline's": charts.learning_curves(of_baseline(RESULT, "deep_belief_network").learning_curve()),
    "sigma": charts.sigma_curve(RESULT.sigma_curve()),
    "slider": charts.interpolation(LINES),
}


@pytest.mark.parametrize("drawn", CHARTS.values(), ids=CHARTS)
def test_a_chart_is_json_that_vega_lite_draws(drawn: list[charts.Chart]) -> None:
    for chart in drawn:
        text = json.dumps(chart, allow_nan=False)
        assert chart["title"].partition(":")[0] in vl_convert.vegalite_to_svg(text)


def test_learning_curves_hold_every_value_that_was_measured() -> None:
    curve = RESULT.learning_curve()
    objectives, outputs, validation = CHARTS["learning curves"]
    assert [row["discriminator"] for row in objectives["data"]["values"]] == curve["discriminator_objective"].tolist()
    assert [row["D(G(z))"] for row in outputs["data"]["values"]] == curve["d_fake"].tolist()
    shown = [(row["seed"], row["epoch"], row["last weights"]) for row in validation["data"]["values"]]
    assert shown == [(0, 2, 10.0), (0, 3, 20.0), (1, 2, 11.0), (1, 3, 21.0)]


def test_averaged_weights_leave_no_hole_in_the_curve_of_the_last_ones() -> None:
    curve = RESULT.learning_curve().assign(average_validation_log_likelihood=[np.nan, np.nan, 30.0] * 2)
    *_, validation = charts.learning_curves(curve)
    shown = [(row["last weights"], row["averaged weights"]) for row in validation["data"]["values"]]
    assert shown == [(10.0, None), (20.0, 30.0), (11.0, None), (21.0, 30.0)]


def test_a_baseline_has_a_cost_and_no_game() -> None:
    assert [chart["title"] for chart in CHARTS["a baseline's"]] == ["Training, layer after layer", "Validation log-likelihood"]


def test_the_chosen_sigma_is_marked() -> None:
    [chart] = CHARTS["sigma"]
    assert [row["sigma"] for row in chart["data"]["values"] if row["chosen"]] == [0.2, 0.2]


def test_the_slider_goes_through_every_image() -> None:
    [chart] = CHARTS["slider"]
    [parameter] = chart["params"]
    assert (parameter["bind"]["min"], parameter["bind"]["max"]) == (0, 2)
    rows = {(2 * row["row"] + row["column"], row["step"]): row["image"] for row in chart["data"]["values"]}
    for place, address in rows.items():
        image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,"))))
        np.testing.assert_array_equal(np.asarray(image), LINES[place])
    assert len(rows) == 4 * 3


def test_the_script_is_the_same_in_each_process() -> None:
    program = "from adversarial_nets.report import charts; print(charts.script(), end='')"
    again = subprocess.check_output([sys.executable, "-X", "utf8", "-c", program], cwd=ROOT)
    assert again.decode() == charts.script()


def test_the_script_ends_where_the_page_ends_it() -> None:
    assert "</script" not in charts.script().lower()
    assert "<!--" not in charts.script()
