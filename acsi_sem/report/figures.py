"""The doorway of matplotlib: a drawing becomes an SVG string, the same bytes every time."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final, Literal
from xml.etree import ElementTree

from acsi_sem.report import words
from acsi_sem.report.shapes import WHITE, Anchor, Box, Dot, Drawing, Head, Label, Line

if TYPE_CHECKING:
    from matplotlib.path import Path

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_HALO: Final = "halo"
_ALIGNED: Final[dict[Anchor, Literal["left", "center", "right"]]] = {
    "start": "left",
    "middle": "center",
    "end": "right",
}
# The page names the fonts, and a mitred join is what a browser draws anyway.
_NOISE: Final = re.compile(r"\s*(font-family:[^;]*|stroke-linejoin: miter);?")
_NO_TURN: Final = re.compile(r"rotate\(-?0 ")
# Browsers choose the fonts (the page's CSS names them, CJK families too); for matplotlib one
# family that it brings along is enough, so no machine's fonts can change the bytes.
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "acsi_sem",
    "font.family": ["DejaVu Sans"],
    "axes.unicode_minus": False,
    "path.simplify": False,
}


def draw_svg(drawing: Drawing, ident: str, title: str, description: str) -> str:
    """Paint a drawing as an inline SVG element.

    Parameters
    ----------
    drawing : Drawing
    ident : str
        Prefix of every id inside; unique on the page.
    title, description : str
        Read aloud instead of the picture.

    Returns
    -------
    str
        An ``<svg>`` element with ``role="img"``; no width or height, so it fits its box.
    """
    from matplotlib import rc_context

    page = io.StringIO()
    with rc_context(_STYLE):
        # The renderer alone: the artists above it would measure every text in vain.
        pen: Any = _renderer(drawing, page)
        for shape in drawing.shapes:
            if isinstance(shape, Label):
                _write(pen, shape, drawing.height)
            else:
                _stroke(pen, shape, drawing.height)
        pen.finalize()
    return _inline(page.getvalue(), drawing, ident, title, description)


def _renderer(drawing: Drawing, page: io.StringIO) -> Any:
    """Return matplotlib's SVG renderer, which has no types."""
    from matplotlib.backends import backend_svg

    make: Any = backend_svg.RendererSVG
    return make(drawing.width, drawing.height, page, image_dpi=72, metadata=_NO_METADATA)


_NO_METADATA: Final = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def _stroke(pen: Any, shape: Line | Dot | Box | Head, height: float) -> None:
    """Paint an outline; matplotlib counts upwards, drawings downwards."""
    from matplotlib.colors import to_rgba
    from matplotlib.transforms import Affine2D

    style = pen.new_gc()
    path, fill, edge, thickness = _outline(shape)
    style.set_foreground(to_rgba(edge), isRGBA=True)
    style.set_linewidth(thickness)
    style.set_joinstyle("miter")
    if isinstance(shape, Line) and shape.dash:
        style.set_dashes(0, list(shape.dash))
    upside_down = Affine2D().scale(1, -1).translate(0, height)
    pen.draw_path(style, path, upside_down, to_rgba(fill) if fill else None)


def _outline(shape: Line | Dot | Box | Head) -> tuple[Path, str, str, float]:
    """Return a shape's path, fill, edge and thickness."""
    from matplotlib.path import Path

    match shape:
        case Line():
            return _line(shape), "", shape.colour, shape.thickness
        case Dot():
            return _marker(shape), shape.colour, WHITE, 1.2
        case Box():
            return (
                _box(shape),
                shape.fill,
                shape.edge or shape.fill,
                (shape.thickness if shape.edge else 0),
            )
        case Head():
            return Path([*shape.corners, shape.tip], closed=True), shape.colour, shape.colour, 0


def _line(line: Line) -> Path:
    from matplotlib.path import Path

    if not line.via:
        return Path([line.start, line.end])
    points = [line.start, *(point for _, *rest in line.pieces for point in rest)]
    return Path(points, [Path.MOVETO, *[Path.CURVE3] * (len(points) - 1)])


def _marker(dot: Dot) -> Path:
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D

    if dot.marker == "circle":
        return Path.circle(dot.centre, dot.radius)
    if dot.marker in ("triangle", "wedge"):
        up = 1 if dot.marker == "wedge" else -1
        (x, y), r = dot.centre, 1.15 * dot.radius
        tip = (x, y + up * r)
        base = [(x - r, y - up * 0.8 * r), (x + r, y - up * 0.8 * r)]
        return Path([tip, *base, tip], closed=True)
    turn = 45 if dot.marker == "diamond" else 0
    placed = Affine2D().scale(1.7 * dot.radius).rotate_deg(turn).translate(*dot.centre)
    return Path(
        [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)], closed=True
    ).transformed(placed)


def _box(box: Box) -> Path:
    from matplotlib.patches import BoxStyle

    return BoxStyle.Round(pad=0, rounding_size=box.round)(
        box.left, box.top, box.width, box.height, 1
    )


def _write(pen: Any, label: Label, height: float) -> None:
    """Write a label on its baseline."""
    from matplotlib.colors import to_rgba
    from matplotlib.text import Text

    x, y = label.at
    said = words.clean(label.text).replace("\n", " ")
    text = Text(
        x,
        height - y,
        said,
        fontsize=label.size,
        fontweight="bold" if label.bold else "normal",
        horizontalalignment=_ALIGNED[label.anchor],
        parse_math=False,
    )
    style = pen.new_gc()
    style.set_foreground(to_rgba(label.colour), isRGBA=True)
    pen.open_group("text", gid=_HALO if label.halo else None)
    pen.draw_text(style, x, y, said, text.get_fontproperties(), 0, ismath=False, mtext=text)
    pen.close_group("text")


def _inline(text: str, drawing: Drawing, ident: str, title: str, description: str) -> str:
    """Make matplotlib's file an element of a page: own ids, a spoken name, the page's fonts."""
    root = ElementTree.fromstring(text)
    for unwanted in (*root.findall(f"{{{_SVG}}}metadata"), *root.findall(f"{{{_SVG}}}defs")):
        if unwanted.find(f".//{{{_SVG}}}style") is not None or not unwanted.tag.endswith("defs"):
            root.remove(unwanted)
    _rename(root, ident)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("viewBox", f"0 0 {drawing.width:g} {drawing.height:g}")
    root.set("role", "img")
    root.set("aria-labelledby", f"{ident}-t {ident}-d")
    for place, (tag, words_) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{ident}-{tag[0]}"})
        element.text = words.clean(words_)
        root.insert(place, element)
    return _serialise(root)


def _rename(root: ElementTree.Element, ident: str) -> None:
    """Prefix the ids that something refers to, drop the others, leave fonts to the page."""
    used: set[str] = set()
    for element in root.iter():
        used |= {v[1:] for k, v in element.attrib.items() if k.endswith("href")}
        used |= set(re.findall(r"url\(#([^)]+)\)", " ".join(element.attrib.values())))
    for element in root.iter():
        name = element.get("id", "")
        if name == _HALO:
            element.set("class", _HALO)
        if name in used:
            element.set("id", f"{ident}-{name}")
        else:
            element.attrib.pop("id", None)
        for key, value in list(element.attrib.items()):
            if key.endswith("href"):
                element.attrib.pop(key)
                element.set("href", f"#{ident}-{value[1:]}")
            elif key == "style":
                element.set(key, _NOISE.sub("", value).strip(" ;"))
            elif key == "transform" and _NO_TURN.match(value):
                element.attrib.pop(key)
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{ident}-"))


def _serialise(root: ElementTree.Element) -> str:
    """Write the element without prefixes, empty groups and the white space between tags."""
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        if element.tag not in ("text", "title", "desc", "style"):
            element.text = None
        element.tail = None
    root.set("xmlns", _SVG)
    return ElementTree.tostring(root, encoding="unicode")
