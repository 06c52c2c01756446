"""Drawings written as SVG text: a page of hundreds cannot wait for a drawing library."""

from __future__ import annotations

from html import escape
from typing import Final

from acsi_sem.report import words
from acsi_sem.report.shapes import WHITE, Box, Dot, Drawing, Head, Label, Line, Shape

_TURNED: Final = {"diamond": 45}


def paint(drawing: Drawing, ident: str, title: str, description: str) -> str:
    """Write a drawing as an inline SVG element, without any drawing library.

    Parameters
    ----------
    drawing : Drawing
        Of straight lines, dots, boxes, heads and labels.
    ident : str
        Prefix of its two ids; unique on the page.
    title, description : str
        Read aloud instead of the picture.

    Returns
    -------
    str
        An ``<svg>`` element with ``role="img"``; no width or height, so it fits its box.

    Examples
    --------
    >>> shape = Label((1, 2), "a < b")
    >>> paint(Drawing(10, 20, (shape,)), "x", "t", "d").split("</desc>")[1]
    '<text x="1" y="2" font-size="12" fill="#18222f">a &lt; b</text></svg>'
    """
    told = (
        f'<{tag} id="{ident}-{tag[0]}">{_text(said)}</{tag}>'
        for tag, said in (("title", title), ("desc", description))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {_px(drawing.width)} {_px(drawing.height)}" '
        f'aria-labelledby="{ident}-t {ident}-d">'
        f"{''.join(told)}{''.join(map(_shape, drawing.shapes))}</svg>"
    )


def _px(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _text(said: str) -> str:
    return escape(words.clean(said).replace("\n", " "), quote=False)


def _shape(shape: Shape) -> str:
    match shape:
        case Line():
            return _line(shape)
        case Dot():
            return _dot(shape)
        case Box():
            return _box(shape)
        case Head():
            points = " ".join(f"{_px(x)},{_px(y)}" for x, y in shape.corners)
            return f'<polygon points="{points}" fill="{shape.colour}"/>'
        case Label():
            return _label(shape)


def _line(line: Line) -> str:
    (x0, y0), (x1, y1) = line.start, line.end
    dash = f' stroke-dasharray="{" ".join(map(_px, line.dash))}"' if line.dash else ""
    bends = "".join(
        f"Q{_px(control[0])} {_px(control[1])} {_px(end[0])} {_px(end[1])}"
        for _, control, end in (line.pieces if line.via else ())
    )
    way = bends or f"L{_px(x1)} {_px(y1)}"
    return (
        f'<path d="M{_px(x0)} {_px(y0)}{way}" fill="none" stroke="{line.colour}" '
        f'stroke-width="{_px(line.thickness)}"{dash}/>'
    )


def _dot(dot: Dot) -> str:
    (x, y), r = dot.centre, dot.radius
    ink = f'fill="{dot.colour}" stroke="{WHITE}" stroke-width="1.2"'
    if dot.marker == "circle":
        return f'<circle cx="{_px(x)}" cy="{_px(y)}" r="{_px(r)}" {ink}/>'
    if dot.marker in ("triangle", "wedge"):
        up = -1.15 * r if dot.marker == "triangle" else 1.15 * r
        corners = ((x, y + up), (x - 1.15 * r, y - 0.8 * up), (x + 1.15 * r, y - 0.8 * up))
        return f'<polygon points="{" ".join(f"{_px(a)},{_px(b)}" for a, b in corners)}" {ink}/>'
    side = 1.7 * r
    turn = _TURNED.get(dot.marker, 0)
    turned = f' transform="rotate({turn} {_px(x)} {_px(y)})"' if turn else ""
    return (
        f'<rect x="{_px(x - side / 2)}" y="{_px(y - side / 2)}" width="{_px(side)}" '
        f'height="{_px(side)}" {ink}{turned}/>'
    )


def _box(box: Box) -> str:
    edge = f' stroke="{box.edge}" stroke-width="{_px(box.thickness)}"' if box.edge else ""
    return (
        f'<rect x="{_px(box.left)}" y="{_px(box.top)}" width="{_px(box.width)}" '
        f'height="{_px(box.height)}" rx="{_px(box.round)}" fill="{box.fill}"{edge}/>'
    )


def _label(label: Label) -> str:
    anchor = f' text-anchor="{label.anchor}"' if label.anchor != "start" else ""
    bold = ' font-weight="700"' if label.bold else ""
    written = (
        f'<text x="{_px(label.at[0])}" y="{_px(label.at[1])}" font-size="{_px(label.size)}" '
        f'fill="{label.colour}"{anchor}{bold}>{_text(label.text)}</text>'
    )
    return f'<g class="halo">{written}</g>' if label.halo else written
