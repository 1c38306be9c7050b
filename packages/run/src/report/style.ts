/** The report's one style sheet: screen (light and dark) and print. Text faces are the reader's own; nothing is loaded. */

const COLOURS = `
:root{--paper:#fdfcf9;--ink:#1c1b19;--muted:#67645c;--line:#dcd8ce;--sunk:#f4f2ec;--accent:#1d5f91;--soft:#1d5f9122;--warm:#c8502d;--good:#2a7a5a;color-scheme:light}
@media (prefers-color-scheme:dark){:root:not(.light){--paper:#171614;--ink:#eae7df;--muted:#a5a197;--line:#3b3934;--sunk:#211f1c;--accent:#85bde6;--soft:#85bde62e;--warm:#f08a66;--good:#6cc4a0;color-scheme:dark}}
`

const TEXT = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.55 Charter,"Bitstream Charter","Iowan Old Style","Palatino Linotype",Palatino,Cambria,"Liberation Serif",Georgia,serif;font-feature-settings:"kern","liga","onum"}
main,header,footer{max-width:1080px;margin:0 auto;padding:0 32px}
h1,h2,h3{line-height:1.2;font-weight:600;text-wrap:balance}
h1{font-size:44px;letter-spacing:-.015em;margin:.1em 0 .15em}
h2{font-size:27px;letter-spacing:-.008em;margin:0 0 .5em}
h3{font-size:19px;margin:1.9em 0 .4em}
p{margin:0 0 .8em;max-width:72ch;text-wrap:pretty}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.15em}
small{font-size:.86em;color:var(--muted)}
code,pre,.mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8em;font-feature-settings:normal}
.eyebrow,.panel-title,table,figcaption,.tile,nav,.keys,.swatches,.ramp,.ground,.legend-note,.facts,.notice,.chips{font-family:"Inter","Helvetica Neue",Helvetica,Arial,"Liberation Sans",system-ui,sans-serif;font-feature-settings:"tnum","lnum"}
header{padding-top:64px}
.eyebrow{font-size:12.5px;letter-spacing:.09em;text-transform:uppercase;color:var(--muted);margin:0}
.subtitle{font-size:21px;color:var(--muted);line-height:1.4;margin-bottom:1.1em}
section{border-top:1px solid var(--line);padding-top:34px;margin-top:52px}
section>h2>span{color:var(--muted);font-weight:400;margin-right:.55em}
.lede{font-size:19px;line-height:1.55}
.lede p{max-width:66ch}.lede .notice{font-size:14.5px}
.standfirst{color:var(--muted)}
`

const BLOCKS = `
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(172px,1fr));border:1px solid var(--line);border-width:1px 0;margin:26px 0 30px}
.tile{padding:16px 18px 15px 0;border-right:1px solid var(--line);margin-right:18px}
.tile:last-child{border-right:0;margin-right:0}
.tile b{display:block;font-size:31px;font-weight:600;letter-spacing:-.025em;line-height:1.15;white-space:nowrap}
.tile span{display:block;font-size:13.5px;line-height:1.4;margin-top:3px}
.tile small{display:block;font-size:12.5px;line-height:1.4;margin-top:3px}
.notice{border-left:3px solid var(--warm);background:var(--sunk);padding:11px 16px;margin:18px 0;font-size:14.5px;line-height:1.5;max-width:78ch}
.notice.calm{border-color:var(--accent)}
.notice p{margin:0 0 .35em}.notice p:last-child{margin:0}
.front{display:grid;grid-template-columns:minmax(0,1fr) 250px;gap:40px;align-items:start}
.front nav{border-left:1px solid var(--line);padding-left:24px}
nav{font-size:14px}nav .eyebrow{margin-bottom:9px}
.pair{display:grid;grid-template-columns:fit-content(610px) minmax(340px,1fr);gap:0 44px;align-items:start}.pair figcaption{contain:inline-size}.pair figure{min-width:0}.pair td:first-child{white-space:nowrap}.pair table.fit{min-width:100%}
nav ol{display:flex;flex-direction:column;gap:5px;list-style:none;padding:0;margin:0;counter-reset:n}
nav a{color:inherit;text-decoration:none;border-bottom:1px solid var(--line)}
nav a:hover{border-color:var(--accent);color:var(--accent)}
nav li{counter-increment:n}nav li::before{content:counter(n) "\\2002";color:var(--muted)}
figure{margin:28px 0 30px;break-inside:avoid}
figcaption{font-size:13.5px;line-height:1.5;color:var(--muted);margin-top:12px;max-width:86ch}
figcaption b{color:var(--ink)}
.tabular figcaption{margin:0 0 8px}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(270px,1fr));gap:22px 26px;align-items:start}
.panels.three{grid-template-columns:repeat(auto-fit,minmax(290px,1fr))}
.panels.two{grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
.panels.many{grid-template-columns:repeat(auto-fill,minmax(225px,1fr))}
.panel-title{font-size:13.5px;font-weight:600;margin:0 0 7px;max-width:none}
.beside{display:flex;flex-wrap:wrap;gap:20px 34px;align-items:center}
.beside>.chart{flex:0 1 420px}.beside>ul{flex:1 1 240px}
.scroll{overflow-x:auto}
pre{background:var(--sunk);border:1px solid var(--line);border-radius:5px;padding:14px 16px;margin:0 0 1em;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6;font-size:13.5px}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(215px,1fr));gap:14px 26px;margin:0 0 1.2em}
.facts div{border-top:1px solid var(--line);padding-top:6px}
.facts dt{font-size:12.5px;color:var(--muted)}.facts dd{margin:0;font-size:14.5px;overflow-wrap:anywhere}
dl.terms{columns:2;column-gap:44px;margin:0;font-size:16px;line-height:1.5}
dl.terms div{break-inside:avoid;margin-bottom:14px}dl.terms dt{font-weight:600}dl.terms dd{margin:0;color:var(--ink)}
footer{color:var(--muted);font-size:14px;margin-top:60px;padding-top:18px;padding-bottom:60px}
`

const MAPS = `
.map{width:100%}
img.raster{display:block;width:100%;height:auto;border:1px solid var(--line);background:repeating-linear-gradient(45deg,var(--sunk) 0 5px,transparent 5px 10px)}
img.pixelated{image-rendering:pixelated}
.ground{display:flex;justify-content:space-between;align-items:flex-start;margin:6px 0 5px;font-size:12px;color:var(--muted);min-height:22px}
.scale{text-align:left;white-space:nowrap}.scale i{display:block;height:5px;border:1.5px solid var(--muted);border-top:0;margin-bottom:2px}
.north{color:var(--muted);overflow:visible;fill:var(--muted)}
.swatches,.keys{list-style:none;padding:0;margin:2px 0 0;display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;line-height:1.45}
.swatches i,.named i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:7px;vertical-align:-1px;box-shadow:inset 0 0 0 1px #0002}
.keys{margin-top:10px}.keys li{display:flex;align-items:baseline;gap:8px}.keys.tall{flex-direction:column;gap:9px}
.key{flex:none;overflow:visible}
.keys .hint{color:var(--muted)}
.ramp{display:grid;grid-template-columns:auto 1fr auto;gap:3px 10px;font-size:12.5px;line-height:1.35}
.ramp i{grid-column:1/-1;height:10px;border-radius:2px;box-shadow:inset 0 0 0 1px #0002}
.ramp span:nth-of-type(2){text-align:center;color:var(--muted)}
.legend-note{font-size:12.5px;color:var(--muted);line-height:1.4;margin:0}
`

const CHARTS = `
.chart{display:block;width:100%;height:auto;overflow:visible;font-family:"Inter","Helvetica Neue",Helvetica,Arial,"Liberation Sans",system-ui,sans-serif;font-feature-settings:"tnum","lnum"}
.chart text{fill:var(--ink);font-size:12px}.chart .tick,.chart .label{fill:var(--muted);font-size:11.5px}.chart .row{font-size:13px}
.chart .note{font-size:11.5px;fill:var(--warm);paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--muted);stroke-width:1}
.line-train{stroke:var(--muted);stroke-width:1.6}.line-validation{stroke:var(--accent);stroke-width:2.2}
.mark{stroke:var(--warm);stroke-width:1.2;stroke-dasharray:3 3}
.iso{stroke:var(--line);stroke-width:1.1;fill:none}.chart .iso-label{fill:var(--muted);font-size:10px}
.bar{fill:var(--accent);opacity:.78}.gap{fill:var(--warm);opacity:.32}.cap{stroke:var(--ink);stroke-width:1.5}.count{fill:var(--muted);opacity:.75}.thin .bar,.thin .gap,.thin .cap{opacity:.22}
.ideal{stroke:var(--ink);stroke-width:1.1;stroke-dasharray:5 4}
.diamond{fill:var(--paper);stroke:var(--ink);stroke-width:1.4}
.dot{fill:var(--accent);fill-opacity:.45;stroke:var(--accent)}
.hollow{fill:var(--sunk);stroke:var(--line)}
`

const TABLES = `
table{border-collapse:collapse;font-size:14px;line-height:1.42;width:100%}
table.fit{width:auto;min-width:52%}
th{text-align:left;font-weight:600;font-size:12.5px;color:var(--muted);vertical-align:bottom;padding:0 16px 6px 0;border-bottom:1.5px solid var(--ink)}
td{padding:7px 16px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child td{border-bottom:1.5px solid var(--ink)}
td.n,th.n{text-align:right;white-space:nowrap}
td .changed{color:var(--accent);font-weight:600}
td small{display:block;line-height:1.35}
tr.group td{padding-top:18px;font-weight:600;border-bottom:1px solid var(--ink)}
table.confusion{width:auto}
table.confusion td,table.confusion th{text-align:right;padding:8px 12px;border:0}
table.confusion th{border:0;color:var(--ink);font-weight:400}
table.confusion thead th{color:var(--muted);vertical-align:bottom}
table.confusion tbody th{text-align:right}
table.confusion td{min-width:92px;border:2px solid var(--paper);white-space:nowrap;border-radius:4px}
table.confusion tbody tr:last-child td{border-bottom:0}
table.confusion tbody th{vertical-align:middle}
table.confusion td b{display:block;font-weight:600}table.confusion td span{font-size:12px;opacity:.85}
table.confusion .sum{color:var(--muted);background:none}
.meter{display:inline-block;width:72px;height:8px;background:var(--sunk);border-radius:2px;margin-left:10px;vertical-align:1px;box-shadow:inset 0 0 0 1px var(--line)}
.meter i{display:block;height:100%;background:var(--accent);border-radius:2px}
.chips{display:inline-block;font-size:11.5px;border:1px solid var(--line);border-radius:9px;padding:0 8px;color:var(--muted);margin-left:6px;white-space:nowrap}
`

const NARROW = `
@media (max-width:860px){.front,.pair{grid-template-columns:minmax(0,1fr)}.front nav{border:0;padding:0}}
@media (max-width:720px){main,header,footer{padding:0 18px}header{padding-top:36px}h1{font-size:33px}.lede{font-size:17.5px}dl.terms{columns:1}.tile b{font-size:26px}body{font-size:16px}}
`

const PRINT = `
@page{size:A4;margin:17mm 15mm 18mm}
@media print{
:root,:root:not(.light){--paper:#fff;--ink:#111;--muted:#555;--line:#ccc;--sunk:#f4f3f0;--accent:#1d5f91;--soft:#1d5f9122;--warm:#b8431f;--good:#2a7a5a;color-scheme:light}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:10.2pt;line-height:1.45}
main,header,footer{max-width:none;padding:0}header{padding:0}
h1{font-size:25pt}h2{font-size:16pt;break-after:avoid}h3{font-size:12pt;break-after:avoid}
.lede{font-size:11pt}.subtitle{font-size:13pt}
section{margin-top:22pt;padding-top:14pt}
nav{display:none}.front{display:block}.pair{grid-template-columns:fit-content(60%) minmax(0,1fr);gap:0 20px}table.confusion td{min-width:60px;padding:5px 8px}
a{color:inherit;text-decoration:none}
tr,.tile,.panel,.map,.notice,dl.terms div{break-inside:avoid}
thead{display:table-header-group}
table{font-size:8.6pt}td{padding:4px 10px 4px 0}
.tabular{break-inside:auto}.tabular:has(table.fit),.tabular:has(table.confusion){break-inside:avoid}.tabular figcaption{break-after:avoid}
figcaption{font-size:8.8pt}
.scroll{overflow:visible}
.panels.three{grid-template-columns:repeat(3,1fr);gap:14px}.panels{grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:14px}.panels.two{grid-template-columns:1fr 1fr}.panels.many{grid-template-columns:repeat(auto-fit,minmax(40mm,1fr))}
.tile b{font-size:19pt}.tiles{grid-template-columns:repeat(auto-fit,minmax(125px,1fr))}
pre{font-size:8.4pt}
}
`

export const STYLE = [COLOURS, TEXT, BLOCKS, MAPS, CHARTS, TABLES, NARROW, PRINT].join('').replace(/\n/g, '')
