/** The style sheet of the page: one scale, two palettes, one narrow layout, one for paper. It must not contain `</style`. */

/** CSS, inlined into the page. */
export const STYLE = `
:root{color-scheme:light dark;
--bg:#f5f6f8;--surface:#fff;--sunken:#f0f2f5;--ink:#151a21;--muted:#59626f;--line:#e0e4ea;--accent:#2855c8;
--fail:#b3261e;--fail-bg:#fdecea;--warn:#8a5700;--warn-bg:#fff3d9;--pass:#1a7340;--pass-bg:#e4f5ea;
--unknown:#5f3dc4;--unknown-bg:#f0ebfe;--skip:#626c79;--skip-bg:#eceff3;--info:#1d5fbf;--info-bg:#e7f0fd;
--shadow:0 1px 2px rgb(20 26 33/.05),0 4px 16px rgb(20 26 33/.04);
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{
--bg:#0e1116;--surface:#161b22;--sunken:#1d232c;--ink:#e6e9ee;--muted:#9aa4b1;--line:#2a323d;--accent:#8fb0ff;
--fail:#ff8f85;--fail-bg:#3a1a18;--warn:#f0b95a;--warn-bg:#35290f;--pass:#6bd398;--pass-bg:#12301f;
--unknown:#bca8ff;--unknown-bg:#281f45;--skip:#97a1ae;--skip-bg:#232a33;--info:#8fb8ff;--info-bg:#172338;
--shadow:none}}
*,*::before,*::after{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--ink);font:400 15px/1.55 var(--sans);overflow-wrap:anywhere}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure,fieldset{margin:0;padding:0;border:0}
ul,ol{list-style:none}
a{color:var(--accent);text-underline-offset:.18em}
code,pre{font-family:var(--mono);font-size:.87em;unicode-bidi:isolate}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--sunken);border-radius:6px;padding:.6rem .75rem;max-height:24rem;overflow:auto}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.inner{width:min(100% - 2.5rem,76rem);margin-inline:auto}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.jump{position:absolute;left:1rem;top:-4rem;background:var(--surface);padding:.5rem .75rem;border-radius:6px;z-index:2}
.jump:focus{top:1rem}
.quiet{color:var(--muted);font-size:.87rem}
.label{font-size:.75rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--muted)}
.grow{flex:1;min-width:0}
.took{font-variant-numeric:tabular-nums;white-space:nowrap}

.verdict{--tone:var(--skip);--tint:var(--skip-bg);background:linear-gradient(var(--tint),color-mix(in srgb,var(--tint) 45%,var(--bg)));border-top:4px solid var(--tone);border-bottom:1px solid var(--line);padding:1.75rem 0 2rem}
.fail{--tone:var(--fail);--tint:var(--fail-bg)}.warn{--tone:var(--warn);--tint:var(--warn-bg)}
.pass{--tone:var(--pass);--tint:var(--pass-bg)}.unknown{--tone:var(--unknown);--tint:var(--unknown-bg)}
.mark.skip,.chip.skip{--tone:var(--skip);--tint:var(--skip-bg)}.info{--tone:var(--info);--tint:var(--info-bg)}
.eyebrow{display:flex;flex-wrap:wrap;gap:.15rem .9rem;color:var(--muted);font-size:.87rem}
.eyebrow strong{color:var(--ink)}
.outcome{display:flex;align-items:center;gap:.75rem;margin-top:1.4rem}
.outcome .word{background:var(--tone);color:var(--surface);font-weight:700;letter-spacing:.05em;padding:.15rem .7rem;border-radius:6px}
.outcome .exit{color:var(--muted);font-size:.87rem}
h1{font-size:clamp(1.35rem,1rem + 1.5vw,1.85rem);line-height:1.25;letter-spacing:-.015em;font-weight:680;margin-top:.7rem;max-width:56rem;text-wrap:pretty}
.verdict .quiet{margin-top:.6rem}
.numbers{display:flex;flex-wrap:wrap;gap:.9rem 2.4rem;margin-top:1.5rem}
.numbers div{display:flex;flex-direction:column}
.numbers dd{font-size:1.3rem;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.numbers dt{color:var(--muted);font-size:.8rem}
.next{margin-top:1.6rem;background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem 1rem;box-shadow:var(--shadow);max-width:48rem}
.next p:not(.label){margin:.15rem 0 .5rem}
.command{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem;margin-top:.45rem}
code.shell,pre.shell{background:var(--sunken);border-radius:6px;user-select:all}
code.shell{padding:.35rem .65rem}
code.shell::before,pre.shell::before{content:"$ ";color:var(--muted);user-select:none}

.layout{display:grid;grid-template-columns:minmax(0,1fr) 16.5rem;gap:3rem;padding:2.25rem 0 1rem}
.layout>*{min-width:0}
section+section{margin-top:2.75rem}
h2{font-size:1.3rem;line-height:1.3;letter-spacing:-.01em;font-weight:660;margin-bottom:.9rem}
.lead{color:var(--muted);margin:-.6rem 0 .9rem}
aside{font-size:.87rem}
aside nav{margin-bottom:2rem}
aside nav a{display:block;padding:.22rem 0;color:var(--ink);text-decoration:none}
aside nav a:hover{color:var(--accent);text-decoration:underline}
aside ul{margin-top:.35rem;border-left:2px solid var(--line);padding-left:.85rem}
aside .facts{margin-top:.5rem}
@media (min-width:62rem){aside{position:sticky;top:1.5rem;align-self:start;max-height:calc(100vh - 3rem);overflow:auto}}

.card{background:var(--surface);border:1px solid var(--line);border-left:4px solid var(--tone);border-radius:10px;padding:1.2rem 1.4rem 1.1rem;box-shadow:var(--shadow)}
.causes>li+li{margin-top:1.1rem}
.chips{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .5rem;color:var(--muted);font-size:.87rem}
.chip{--tone:var(--muted);--tint:var(--sunken);display:inline-block;background:var(--tint);color:var(--tone);font-size:.78rem;font-weight:600;line-height:1.5;padding:.03rem .5rem;border-radius:99px;white-space:nowrap;font-variant-numeric:tabular-nums;max-width:100%;overflow:hidden;text-overflow:ellipsis}
.chip.fail{--tone:var(--fail);--tint:var(--fail-bg)}.chip.warn{--tone:var(--warn);--tint:var(--warn-bg)}.chip.pass{--tone:var(--pass);--tint:var(--pass-bg)}.chip.unknown{--tone:var(--unknown);--tint:var(--unknown-bg)}.chip.info{--tone:var(--info);--tint:var(--info-bg)}
h3{font-size:1.1rem;line-height:1.38;font-weight:640;margin-top:.55rem;display:flex;gap:.6rem;text-wrap:pretty}
h3 .number{color:var(--tone);font-variant-numeric:tabular-nums}
.detail{color:var(--muted);margin-top:.3rem}
h4{font-size:.75rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--muted);margin:1.15rem 0 .4rem}
.remedy{margin-top:1.1rem;background:var(--info-bg);border-radius:8px;padding:.75rem 1rem .85rem}
.remedy h4{margin:0 0 .15rem;color:var(--info)}
.remedy code.shell{background:var(--surface)}
.card footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.3rem 1.5rem;margin-top:1.1rem;padding-top:.7rem;border-top:1px solid var(--line)}
.mark{position:relative;--tone:var(--skip);--tint:var(--skip-bg);display:inline-grid;place-items:center;flex:none;width:1.3rem;height:1.3rem;border-radius:50%;background:var(--tint);color:var(--tone);font:700 .74rem/1 var(--sans)}
.mark.fail{--tone:var(--fail);--tint:var(--fail-bg)}.mark.warn{--tone:var(--warn);--tint:var(--warn-bg)}.mark.pass{--tone:var(--pass);--tint:var(--pass-bg)}.mark.unknown{--tone:var(--unknown);--tint:var(--unknown-bg)}.mark.info{--tone:var(--info);--tint:var(--info-bg)}
.mark.none{background:none}
.signs li{display:flex;gap:.55rem;padding:.16rem 0}
.signs .mark{margin-top:.1rem}

.evidence li+li,.stack>*+*{border-top:1px solid var(--line)}
.evidence,.stack{border:1px solid var(--line);border-radius:8px;overflow:hidden;background:var(--surface)}
.fact,summary{display:flex;align-items:baseline;gap:.65rem;padding:.42rem .75rem}
.fact .grow,.row>summary .grow{font-size:.93rem}
.kind{flex:none;width:4.1rem;color:var(--muted);font:500 .78rem var(--mono)}
summary{cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary::after{content:"";flex:none;align-self:center;width:.42rem;height:.42rem;margin-left:.1rem;border:solid var(--muted);border-width:0 1.6px 1.6px 0;transform:rotate(-45deg)}
details[open]>summary::after{transform:rotate(45deg)}
summary:hover{background:var(--sunken)}
summary:focus-visible{outline-offset:-2px}
summary>code{color:var(--muted);font-size:.8rem}
.row .mark,.group .mark{align-self:center}
.body{padding:.35rem .75rem .9rem;border-top:1px dashed var(--line)}
.body>*+*{margin-top:.6rem}
.body .evidence{border-color:var(--line)}
.facts>div{display:grid;grid-template-columns:8rem minmax(0,1fr);gap:.1rem 1rem;padding:.24rem 0}
.facts dt{color:var(--muted);font-size:.87rem}
aside .facts>div{grid-template-columns:1fr;padding:.35rem 0}
aside .facts dt{font-size:.8rem}
.exchange .label{margin:.7rem 0 .35rem}
.plain code{color:var(--muted)}

.chart{margin-top:1.1rem;border:1px solid var(--line);border-radius:8px;padding:.85rem 1rem 1rem;background:var(--surface)}
section>.chart{box-shadow:var(--shadow)}
figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1rem;margin-bottom:.7rem}
figcaption strong{font-weight:600;font-size:.93rem}
.bars li{display:grid;grid-template-columns:minmax(6rem,15rem) minmax(0,1fr) 7rem;align-items:center;gap:.9rem;padding:.24rem 0}
.bars .value{font-variant-numeric:tabular-nums;font-weight:600;font-size:.93rem;white-space:nowrap}
.bars .value .quiet{font-weight:400}
.track{position:relative;display:block;height:.85rem;border-radius:3px;background:var(--sunken)}
.bar{display:block;background:var(--accent);border-radius:3px;min-width:2px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.bars .bar{height:100%;background:color-mix(in srgb,var(--accent) 60%,var(--sunken))}
.bars .blamed .bar{background:var(--fail)}
.bars .blamed .name code{color:var(--fail);font-weight:600}
.columns{display:flex;align-items:flex-end;gap:.5rem;overflow-x:auto;padding-bottom:.2rem}
.columns li{flex:1 1 4.5rem;min-width:4.5rem;max-width:9rem;display:flex;flex-direction:column;align-items:center;gap:.25rem}
.columns .shaft{display:flex;align-items:flex-end;justify-content:center;width:100%;height:6.5rem;border-bottom:1px solid var(--muted)}
.columns .bar{width:60%;border-radius:3px 3px 0 0;min-height:2px;background:color-mix(in srgb,var(--accent) 70%,var(--sunken))}
.columns .value{font-weight:650;font-variant-numeric:tabular-nums}
.columns .empty .value{color:var(--fail)}
.columns .empty .bar{background:var(--fail)}
.columns .name{display:flex;flex-direction:column;align-items:center;text-align:center;font-size:.8rem;line-height:1.35}

.scroll{position:relative;overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:var(--surface);box-shadow:var(--shadow)}
table{border-collapse:collapse;width:100%}
.matrix th,.matrix td{padding:.5rem .6rem;text-align:center;border-top:1px solid var(--line)}
.matrix thead th{border-top:0;font-size:.8rem;font-weight:600;color:var(--muted);white-space:nowrap}
.matrix th:first-child{text-align:left;padding-left:1rem;position:sticky;left:0;background:var(--surface);min-width:6rem;max-width:14rem}
.matrix tbody th{font-weight:600}
.matrix tbody tr:hover>*{background:var(--sunken)}
.actions{counter-reset:step}
.actions li{counter-increment:step;position:relative;padding:0 0 1.2rem 2.4rem}
.actions li::before{content:counter(step);position:absolute;left:0;top:.05rem;display:grid;place-items:center;width:1.55rem;height:1.55rem;border-radius:50%;background:var(--info-bg);color:var(--info);font-weight:700;font-size:.8rem}
.actions li:not(:last-child)::after{content:"";position:absolute;left:.75rem;top:1.85rem;bottom:.25rem;border-left:2px solid var(--line)}
.actions li:last-child{padding-bottom:0}
.actions strong{font-weight:600}
.actions code.shell{background:var(--surface);border:1px solid var(--line)}

.timeline{background:var(--surface);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow);overflow:hidden}
.filter{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:.6rem .9rem;border-bottom:1px solid var(--line);font-size:.87rem}
.filter label{display:flex;align-items:center;gap:.4rem;cursor:pointer}
.filter input{accent-color:var(--accent);margin:0}
.timeline:has(input[value=some]:checked) .requests .ordinary{display:none}
.requests>li+li{border-top:1px solid var(--line)}
.requests>li:target{background:var(--info-bg)}
.requests summary,.axis{display:grid;grid-template-columns:minmax(0,1.55fr) minmax(0,1fr) 4.6rem 4.2rem .6rem;align-items:center;gap:.75rem;padding:.26rem .9rem}
.requests .what{display:flex;align-items:center;gap:.5rem;min-width:0}
.requests .what code{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--ink)}
.requests .mark{width:1rem;height:1rem;font-size:.62rem}
.verb{flex:none;color:var(--muted);font:500 .74rem var(--mono)}
.requests .track{height:.75rem;background:none}
.requests .bar{position:absolute;top:0;bottom:0;background:var(--accent)}
.requests .control-plane,.swatch.control-plane{background:color-mix(in srgb,var(--unknown) 75%,var(--surface))}
.requests .bar.provider,.swatch.provider{background:var(--warn)}
.requests .bar.fail,.requests .bar.unknown,.swatch.fail{background:var(--fail)}
.answer{display:flex;justify-content:flex-end}
.requests .chip.pass{--tone:var(--muted);--tint:transparent}
.requests .took{text-align:right;color:var(--muted);font-size:.83rem}
.axis{padding-block:.45rem .1rem;color:var(--muted);font-size:.75rem}
.axis div{position:relative;height:1.1rem}
.axis div span{position:absolute;white-space:nowrap;border-left:1px solid var(--line);padding-left:.25rem}
.requests .body{padding:.5rem .9rem 1rem}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;padding:.6rem .9rem;border-top:1px solid var(--line)}
.legend>span{display:inline-flex;align-items:center;gap:.4rem}
.legend .mark{width:1rem;height:1rem;font-size:.62rem}
.swatch{width:.8rem;height:.6rem;border-radius:2px;background:var(--accent);print-color-adjust:exact}
.group>summary{font-weight:600;padding-block:.6rem}
.checks{border-top:1px solid var(--line)}
.checks li{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem .9rem;padding:.38rem .75rem .38rem 2.65rem;font-size:.9rem}
.checks li+li{border-top:1px solid var(--line)}
.checks li>code{flex:0 0 17rem;color:var(--muted)}
.checks .grow{min-width:14rem}
.ids{flex:1 1 100%;color:var(--muted)}
.ids code{margin-right:.7rem}
#run .facts{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:.7rem 1.1rem;box-shadow:var(--shadow)}
.page-end{color:var(--muted);font-size:.8rem;padding:1.5rem 0 2.5rem;margin-top:2rem;border-top:1px solid var(--line)}

@media (max-width:61.99rem){.layout{grid-template-columns:minmax(0,1fr);gap:2.5rem;padding-top:1.75rem}aside nav{display:none}}
@media (max-width:40rem){
body{font-size:15.5px}.inner{width:calc(100% - 2rem)}
.verdict{padding:1.25rem 0 1.5rem}.numbers{display:grid;grid-template-columns:repeat(3,auto);justify-content:space-between;gap:.9rem 1rem}
.card{padding:1rem 1rem .9rem}
.bars li{grid-template-columns:minmax(0,1fr) auto;gap:.2rem .75rem}.bars .track{grid-column:1/-1;grid-row:2}
.facts>div{grid-template-columns:1fr;gap:0}
.row>summary{flex-wrap:wrap}.row>summary .grow{flex-basis:calc(100% - 4rem)}
.kind{width:auto}.evidence summary{gap:.2rem .65rem}.evidence summary .kind{display:none}.evidence summary::after{order:1}.evidence summary .chip,.evidence summary .quiet{order:2}
.evidence .fact{flex-direction:column;gap:.05rem}
.requests summary{grid-template-columns:minmax(0,1fr) auto auto .6rem;gap:.2rem .6rem;padding-block:.45rem}.requests .track{grid-column:1/-1;grid-row:2;height:.5rem}.requests .what code{white-space:normal}
.axis{grid-template-columns:minmax(0,1fr)}.axis>span{display:none}
.checks li{padding-left:.75rem}.checks li>code{flex-basis:calc(100% - 5rem);flex-grow:1}.checks .grow{order:3;flex-basis:100%}
.matrix th,.matrix td{padding:.5rem .5rem}
h3{display:block}h3 .number{margin-right:.5rem}}

@media print{
:root{color-scheme:light;--bg:#fff;--surface:#fff;--sunken:#f3f4f6;--shadow:none}
@page{margin:16mm 14mm}
body{font-size:10pt}.inner{width:100%}
.layout{display:block;padding-top:1rem}aside nav,.jump,.filter,summary::after{display:none}
details::details-content{content-visibility:visible;display:block;height:auto}
.requests .body{display:none}.requests details::details-content{content-visibility:hidden}
pre{max-height:none;overflow:visible}
.card,.chart,.next,tr,.requests li,.actions li,.checks li{break-inside:avoid}.card{break-inside:auto}
h2,h3,h4{break-after:avoid}
.verdict,.chip,.mark,.remedy{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@media (forced-colors:active){.bar,.swatch{border:1px solid CanvasText;forced-color-adjust:none}.mark,.chip,.word{border:1px solid}}
`;
