"""The page's interactive charts, in the grammar of Vega-Lite, and the script that draws them; vl-convert-python brings both.

Each function returns specifications, which hold their data. The page shows the PNG of the same curves if no script runs.
"""

import base64
import functools
import io
from typing import Any

import numpy as np
import pandas as pd
import vl_convert
from PIL import Image

Chart = dict[str, Any]

# Readable on white and on black; text has the page's own colour.
COLOURS = ["#3b82c4", "#d1601f", "#2b9a68", "#b0569c", "#8f7a14"]
TEXT = {f"{part}Color": "currentColor" for part in ("label", "title", "domain", "tick")}
CONFIG = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {**TEXT, "gridColor": "currentColor", "gridOpacity": 0.15, "titleFontWeight": "normal", "labelSeparation": 8},
    "legend": {"labelColor": "currentColor", "title": None, "orient": "top"},
    "title": {"color": "currentColor", "anchor": "start"},
}
WIDE = {"width": "container", "height": 220, "autosize": {"type": "fit-x", "contains": "padding"}}
NEAREST = {"type": "point", "on": "pointerover", "clear": "pointerout", "nearest": True}

# The interpreter of expressions (`ast`) needs no eval, which the page's policy forbids.
DRAW = """
for (const chart of document.querySelectorAll(".chart")) {
  const figure = chart.closest("figure");
  figure.classList.add("live");
  vegaEmbed(chart, JSON.parse(chart.textContent), {mode: "vega-lite", renderer: "svg", ast: true, actions: false})
    .catch((error) => { figure.classList.remove("live"); console.error(error); });
}
"""


@functools.cache
def script() -> str:
    """Vega, Vega-Lite and Vega-Embed, and the line that has them draw every chart of the page."""
    return vl_convert.javascript_bundle(DRAW).replace("</script", "<\\/script")


def learning_curves(curve: pd.DataFrame) -> list[Chart]:
    """The panels of the figure of this name: a line for each seed and curve."""
    panels = [("What is descended", "nats", {"discriminator_objective": "discriminator", "generator_objective": "generator"})]
    panels += [("Mean output of D", "", {"d_real": "D(x)", "d_fake": "D(G(z))"})]
    if "cost" in curve:
        panels = [("Training, layer after layer", "nats", {"cost": "cost"})]
    averages = {"average_validation_log_likelihood": "averaged weights"} if "average_validation_log_likelihood" in curve else {}
    panels += [("Validation log-likelihood", "nats", {"validation_log_likelihood": "last weights", **averages})]
    return [_over_epochs(title, unit, curve[["epoch", "seed", *names]].rename(columns=names)) for title, unit, names in panels]


def _over_epochs(title: str, unit: str, wide: pd.DataFrame) -> Chart:
    """Every column beside epoch and seed as a curve."""
    curves = [name for name in wide if name not in ("epoch", "seed")]
    encoding = {
        "x": _axis("epoch", "epoch", grid=False),
        "y": _axis("value", unit, zero=False),
        "color": {"field": "curve", "type": "nominal", "scale": {"domain": curves, "range": COLOURS}},
        "detail": {"field": "seed"},
    }
    shown = [*map(_shown, ("seed", "epoch", *curves))]
    folded = [{"fold": curves, "as": ["curve", "value"]}, {"filter": "isValid(datum.value)"}]
    return _lines(wide.dropna(subset=curves, how="all"), encoding, shown) | {"title": title, "transform": folded}


def sigma_curve(curve: pd.DataFrame) -> list[Chart]:
    """Mean validation log-likelihood against σ: a line for each seed, and a ring around the chosen σ."""
    best, top = curve.groupby("seed")["log_likelihood"].transform("max"), curve["log_likelihood"].max()
    encoding = {
        "x": _axis("sigma", "σ", type="log"),
        # Too small a σ costs thousands of nats: showing all of them would flatten the part that matters.
        "y": _axis("log_likelihood", "nats", zero=False, domain=[max(curve["log_likelihood"].min(), top - 600), top + 60]),
        "color": {"field": "run", "type": "nominal", "scale": {"range": COLOURS}},
    }
    shown = [_shown("seed"), _shown("sigma", "σ"), _shown("log_likelihood", "nats")]
    named = curve.assign(chosen=curve["log_likelihood"] == best, run="seed " + curve["seed"].astype(str))
    chart = _lines(named, encoding, shown)
    ring = {"mark": {"type": "point", "size": 160, "aria": False}, "transform": [{"filter": "datum.chosen"}]}
    return [chart | {"title": "Choice of σ on validation images", "layer": [ring, *chart["layer"]]}]


def interpolation(lines: np.ndarray) -> list[Chart]:
    """A slider along lines in z space, of images (lines, steps, H, W), or with 3 more in colour, of uint8."""
    rows = [
        {"column": line % 2, "row": line // 2, "step": step, "image": _address(image)}
        for line, images in enumerate(lines)
        for step, image in enumerate(images)
    ]
    slider = {"input": "range", "min": 0, "max": lines.shape[1] - 1, "step": 1, "name": "From one point of z space to another"}
    place = {"type": "ordinal", "axis": None}
    chart = {
        "title": f"{len(lines)} lines in z space: move along them",
        "params": [{"name": "step", "value": 0, "bind": slider}],
        "transform": [{"filter": "datum.step == step"}],
        "mark": {"type": "image", "width": 128, "height": 128, "smooth": False, "aria": False},
        "encoding": {"x": {"field": "column", **place}, "y": {"field": "row", **place}, "url": {"field": "image"}},
    }
    return [{"config": CONFIG, "width": {"step": 132}, "height": {"step": 132}, "data": {"values": rows}, **chart}]


def _lines(rows: pd.DataFrame, encoding: dict, shown: list[dict]) -> Chart:
    """Lines, and a point with its values where the pointer is."""
    point = {
        "mark": {"type": "point", "filled": True, "size": 70, "clip": True, "aria": False},
        "params": [{"name": "near", "select": NEAREST}],
        "encoding": {"opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0}, "tooltip": shown},
    }
    line = {"mark": {"type": "line", "strokeWidth": 1.5, "clip": True, "aria": False}}
    values = rows.round(5).astype(object).where(rows.notna(), None).to_dict("records")
    return {"config": CONFIG, **WIDE, "data": {"values": values}, "encoding": encoding, "layer": [line, point]}


def _axis(field: str, title: str, grid: bool = True, **scale: Any) -> dict:
    return {"field": field, "type": "quantitative", "title": title, "axis": {"grid": grid}, "scale": scale}


def _shown(field: str, title: str | None = None) -> dict:
    """A number of the nearest point; Vega-Lite 6.4 finds no other fields of it than those with a format."""
    return {"field": field, "title": title or field, "format": ".4~r"}


def _address(image: np.ndarray) -> str:
    """An image as a data address."""
    content = io.BytesIO()
    Image.fromarray(image).save(content, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
