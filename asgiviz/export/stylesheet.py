"""How the page looks: two palettes and one style sheet. No meaning is carried by a colour alone, and no font is loaded.

Every text has a contrast of at least 4.5 to 1 with what it stands on, every line that means something 3 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "page": "#fbfaf7", "panel": "#ffffff", "tint": "#f1efe9", "ink": "#1d2329", "quiet": "#565d66", "line": "#d9d5cb",
    "accent": "#0b5c6b", "good": "#1c6434", "bad": "#a32a1e", "wait": "#8a5a00", "mark": "#7d8590",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "page": "#14181c", "panel": "#1b2026", "tint": "#242b32", "ink": "#e6e8ea", "quiet": "#a4adb7", "line": "#39424b",
    "accent": "#74c7d6", "good": "#86cf9b", "bad": "#ff9d8f", "wait": "#e3b25c", "mark": "#7f8a95",
}  # fmt: skip
#: Which colours are texts, which are lines that mean something, and what both stand on.
TEXTS = ("ink", "quiet", "accent", "good", "bad", "wait")
LINES = ("mark", "accent", "bad", "wait")
GROUNDS = ("page", "panel", "tint")

_RULES = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.skip{position:absolute;left:-99rem;top:0;padding:.6rem 1rem;background:var(--panel);color:var(--accent)}
.skip:focus{left:0}
header,main,footer{max-width:62rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:3rem}
footer{padding-bottom:3rem;margin-top:3rem;border-top:1px solid var(--line);color:var(--quiet)}
h1{font-size:2.1rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.015em}
h2{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem}
h3{font-size:1.12rem;margin:2.2rem 0 .5rem}
h4{font-size:1rem;margin:1.6rem 0 .3rem}
p{margin:.5rem 0;max-width:44rem}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
code,pre{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;font-size:.92em}
code{background:var(--tint);border-radius:.25rem;padding:.08em .3em}
pre{background:var(--tint);border-radius:.4rem;padding:.8rem 1rem;overflow-x:auto}
pre code{padding:0}
.quiet,.about{color:var(--quiet)}
.about{font-size:.94rem}
nav ol{margin:.4rem 0;padding-left:1.4rem}
.lead{font-size:1.2rem;line-height:1.5;margin:1rem 0;max-width:none}
main{padding-top:2.2rem}
main:focus{outline:0}
.sums{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem;margin:1.5rem 0;padding:0}
.sums div{background:var(--panel);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1.1rem}
.sums dt{color:var(--quiet);font-size:.9rem}
.sums dd{margin:0;font-size:1.65rem;font-weight:650;font-variant-numeric:tabular-nums}
.lesson{margin-top:3.5rem;padding-top:2rem;border-top:2px solid var(--line)}
.wide{overflow-x:auto;margin:.8rem 0 1.2rem}
table{border-collapse:collapse;width:100%;font-size:.96rem;background:var(--panel)}
caption{text-align:left;color:var(--quiet);font-size:.9rem;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.5rem .8rem;border-bottom:1px solid var(--line)}
thead th{background:var(--tint);font-weight:600;font-size:.88rem;border-bottom:2px solid var(--line);white-space:nowrap}
tbody th{font-weight:450}
.small{width:auto;min-width:24rem}
.figures td{font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap}
.lanes td,.lanes th{font-variant-numeric:tabular-nums;padding:.25rem .8rem;white-space:nowrap}
.good,.bad,.open{font-weight:600;white-space:nowrap}
.good{color:var(--good)}
.bad{color:var(--bad)}
.open{color:var(--quiet)}
.notes{list-style:none;margin:1rem 0;padding:0}
.notes li,.honest{background:var(--panel);border:1px solid var(--line);border-left:.3rem solid var(--wait);border-radius:.4rem;
padding:.7rem 1.1rem;margin:.8rem 0;max-width:47rem}
.honest{border-left-color:var(--accent)}
.notes li ul,.notes li ol{list-style:revert;padding-left:1.3rem}
.notes li li{border:0;padding:0;margin:.2rem 0}
figure{margin:1.2rem 0}
figcaption{margin-top:.5rem;color:var(--quiet);font-size:.92rem;max-width:44rem}
svg{display:block;width:100%;height:auto;background:var(--panel);border:1px solid var(--line);border-radius:.4rem}
svg text{fill:var(--quiet);font:11px system-ui,sans-serif}
svg .axis{stroke:var(--line)}
svg .stripe{stroke:var(--wait)}
svg .dot{fill:var(--mark)}
svg .runs{fill:var(--accent)}
svg .ground{fill:var(--panel)}
svg .holds{fill:var(--bad)}
svg .open{fill:none;stroke:var(--accent)}
svg .answer{fill:var(--mark)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.4rem 0;padding:0;list-style:none}
.legend{color:var(--quiet);font-size:.9rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.legend svg{width:28px;height:12px;border:0;border-radius:0;flex:none}
summary{cursor:pointer;color:var(--accent);padding:.3rem 0}
.defs{position:absolute;width:0;height:0;border:0}
@media (max-width:40rem){
.small{min-width:0}
th,td,thead th,.lanes td,.lanes th{white-space:normal;padding:.35rem .5rem}
h1{font-size:1.7rem}header,main,footer{padding-left:1rem;padding-right:1rem}}
@media print{
body{font-size:10.5pt;background:#fff}
header,main,footer{max-width:none;padding:0}
.skip,nav{display:none}
.lesson{break-before:page;border-top:0;padding-top:0;margin-top:0}
tr,figure,.notes li,.honest,.sums div{break-inside:avoid}
h2,h3,h4,caption{break-after:avoid}
.wide{overflow:visible}
thead{display:table-header-group}
}
"""


def style_sheet() -> str:
    """All of it. On paper the light palette holds."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
    return f":root{{{_variables(LIGHT)}}}\n{dark}{_RULES}"


def _variables(palette: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())
