"""Parts of the page, written out: meaning in, markup out."""

from __future__ import annotations

from acsi_sem.report import cells
from acsi_sem.report.content import (
    Bullets,
    Card,
    Cards,
    Cell,
    Details,
    Figure,
    IntervalChart,
    IntervalRow,
    Prose,
    Suggestion,
    Suggestions,
    Table,
)
from acsi_sem.report.html import render_block

TABLE = Table(
    "t",
    "Index <by> group",
    cells.columns("Group", ">Index|0 to 100", "Note"),
    (
        (cells.text("A & B"), cells.number(79.4297), cells.text("highest", tone="good")),
        (cells.text("C"), cells.number(float("nan"), 1, "fewer than 50 rows"), cells.text("")),
    ),
    ("One fit.",),
)


def test_table_has_caption_scopes_sort_keys_and_reasons() -> None:
    assert (
        render_block(TABLE)
        == """\
<div class="scroll" tabindex="0" role="region" aria-labelledby="t-caption">
<table id="t" class="short" data-sortable>
<caption id="t-caption">Index &lt;by&gt; group</caption>
<thead>
<tr>
<th scope="col" class="left">Group</th>
<th scope="col" class="right" title="0 to 100">Index</th>
<th scope="col" class="left">Note</th>
</tr>
</thead>
<tbody>
<tr>
<th scope="row" data-s="A &amp; B">A &amp; B</th>
<td class="right" data-s="79.4297">79.4</td>
<td class="left good">highest</td>
</tr>
<tr>
<th scope="row" data-s="C">C</th>
<td class="right" data-s="" title="fewer than 50 rows">—<span class="spoken"> \
fewer than 50 rows</span></td>
<td class="left"></td>
</tr>
</tbody>
</table>
</div>
<p class="table-note">One fit.</p>"""
    )


def test_cards_are_a_named_list() -> None:
    block = Cards((Card("Banks", "75.2", "74.3 to 76.1", "2,505 rows"),), "Index by group")
    assert (
        render_block(block)
        == """\
<ul class="cards" aria-label="Index by group">
<li>
<span class="card-label">Banks</span>
<span class="card-value">75.2</span>
<span class="card-interval">74.3 to 76.1</span>
<span class="card-remark">2,505 rows</span>
</li>
</ul>"""
    )


def test_suggestions_are_ordered_with_their_verdict() -> None:
    block = Suggestions((Suggestion("Quality", "First priority", "5 points more.", "", "first"),))
    assert (
        render_block(block)
        == """\
<ol class="suggestions">
<li class="tone-first">
<p class="suggestion-head"><strong>Quality</strong> \
<span class="verdict">First priority</span></p>
<p>5 points more.</p>
</li>
</ol>"""
    )


def test_prose_bullets_and_details_nest() -> None:
    block = Details("More", (Prose(("a < b",), "note"), Bullets((("Model.", "x"), ("", "y")))))
    assert (
        render_block(block)
        == """\
<details class="more">
<summary>More</summary>
<div class="inside">
<p class="note">a &lt; b</p>
<ul class="bullets">
<li><strong>Model.</strong> x</li>
<li>y</li>
</ul>
</div>
</details>"""
    )


def test_figure_has_two_named_pictures_and_its_table() -> None:
    chart = IntervalChart((IntervalRow("A", 70.0, 68.0, 72.0, "70.0"),), "index")
    html = render_block(Figure("f", "A leads", chart, "A: 70.0.", "Dot: index.", TABLE))
    assert html.count('role="img"') == 2
    for size in "wn":
        assert f'aria-labelledby="f-{size}-t f-{size}-d"' in html
        assert f'<title id="f-{size}-t">A leads</title>' in html
    assert "<figcaption>Dot: index.</figcaption>" in html
    assert "<summary>Numbers in this chart: Index &lt;by&gt; group</summary>" in html
    assert html.index("</figure>") < html.index('<table id="t"')


def test_an_em_dash_always_has_its_reason() -> None:
    assert cells.number(float("nan"), 1, "withheld") == Cell("—", "", "withheld")
