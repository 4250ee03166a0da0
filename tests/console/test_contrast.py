"""Contrast is recomputed from the stylesheet: text 4.5:1 (WCAG AA), borders of controls 3:1, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import roamdesk.console

CSS = (Path(roamdesk.console.__file__).parent / "static/console/css/tokens.css").read_text()
PAIRS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS)
}
GROUNDS = ("bg", "surface", "inset")
STATES = ("overdue", "waiting", "done", "unknown")
THEMES = pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_scale_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@THEMES
@pytest.mark.parametrize("text", ["ink", "ink-2", "ink-3"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(text: str, ground: str, theme: int) -> None:
    assert contrast(PAIRS[text][theme], PAIRS[ground][theme]) >= 4.5


@THEMES
@pytest.mark.parametrize("state", STATES)
def test_a_state_can_be_read_on_its_own_ground_and_on_a_panel(state: str, theme: int) -> None:
    assert contrast(PAIRS[state][theme], PAIRS[f"{state}-soft"][theme]) >= 5.3
    assert contrast(PAIRS[state][theme], PAIRS["surface"][theme]) >= 4.5


@THEMES
def test_white_on_danger_can_be_read(theme: int) -> None:
    assert contrast("#ffffff", PAIRS["danger-solid"][theme]) >= 5.3


@THEMES
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_edge_of_a_control_can_be_seen(ground: str, theme: int) -> None:
    assert contrast(PAIRS["edge"][theme], PAIRS[ground][theme]) >= 3


def test_nothing_is_smaller_than_twelve_pixels() -> None:
    folder = Path(roamdesk.console.__file__).parent / "static/console/css"
    sizes = [
        float(size) for file in folder.glob("*.css") for size in re.findall(r"(?<![\w.])([\d.]+)px/", file.read_text())
    ]
    assert min(sizes) >= 12
