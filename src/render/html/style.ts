// How a report looks: on a screen, by day and by night, on a phone, and on paper, where nothing stays folded. Colours come in
// pairs, and never say anything that a sign or a word does not say as well.

import { type Html, html } from './escape.ts'

/** A map without room: a card for each group, its apps by name. */
const mapAsCards = (map: string): Html => html`
  ${map}, ${map} tbody, ${map} tr, ${map} tbody th { display: block; }
  ${map} thead { display: none; }
  ${map} tr { padding: .65rem .9rem; border-bottom: 1px solid var(--line); break-inside: avoid-page; }
  ${map} tbody tr:last-child { border-bottom: 0; }
  ${map} tbody th { position: static; border: 0; padding: 0; font-weight: 600; white-space: normal; max-width: none; overflow-wrap: anywhere; }
  ${map} td { display: inline-block; white-space: normal; text-align: left; border: 0; padding: .05rem .5rem; margin: .25rem .3rem 0 0; border-radius: .3rem; background: var(--page); max-width: 100%; overflow-wrap: anywhere; }
  ${map} td:empty { display: none; }
  ${map} .moves, ${map} .moves span { display: inline; font-size: inherit; }
  ${map} .label { display: inline; font-weight: 400; }
`

export const style = html`
:root {
  color-scheme: light dark;
  --page: light-dark(#fafaf8, #0f1318);
  --card: light-dark(#ffffff, #171c23);
  --ink: light-dark(#1b222c, #e7ebf1);
  --quiet: light-dark(#596473, #a2adbc);
  --line: light-dark(#e2e4e8, #2b333e);
  --gain: light-dark(#0f6638, #82d9a7);
  --gain-tint: light-dark(#e6f4eb, #12301f);
  --lose: light-dark(#a1232a, #ffa39d);
  --lose-tint: light-dark(#fceaea, #3a181a);
  --warn: light-dark(#744900, #f0c06b);
  --warn-tint: light-dark(#fff3dc, #33270e);
  --later: light-dark(#1c4c8c, #9fc6ff);
  --later-tint: light-dark(#e8f0fb, #14294a);
  --drift: light-dark(#593690, #cbb5f6);
  --drift-tint: light-dark(#f1ecfa, #2a2041);
}
* { box-sizing: border-box; margin: 0; padding: 0; }
html { font-size: 16px; -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: .9375rem/1.55 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
main, header, footer { max-width: 66rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 3rem; }
section { margin-top: 3.25rem; }
footer { margin-top: 4rem; padding-top: 1.25rem; padding-bottom: 3rem; color: var(--quiet); font-size: .8667rem; }
footer::before { content: ""; display: block; border-top: 1px solid var(--line); margin-bottom: 1.25rem; }
h1 { font-size: clamp(1.6rem, 4.2vw, 2.3rem); line-height: 1.2; letter-spacing: -.022em; font-weight: 650; margin: .5rem 0 .75rem; text-wrap: balance; }
h2 { font-size: 1.2rem; line-height: 1.3; letter-spacing: -.012em; font-weight: 650; margin-bottom: .3rem; }
.title { line-height: 1.45; }
.title b { font-weight: 650; }
ul, ol { list-style: none; }
code { font: .8667em/1.5 ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, monospace; }
bdi { unicode-bidi: isolate; }
.quiet { color: var(--quiet); }
.kicker { color: var(--quiet); font-size: .8667rem; font-weight: 550; }
.besides { color: var(--drift); font-weight: 550; margin-bottom: .4rem; }
.lead { color: var(--quiet); max-width: 46rem; margin-bottom: 1rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.4rem, 1fr)); gap: .75rem; margin-top: 1.75rem; }
.tiles a { display: block; height: 100%; padding: .8rem 1rem .75rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; color: inherit; text-decoration: none; }
.tiles a:hover { border-color: var(--quiet); }
.tiles a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--later); outline-offset: 2px; }
.tiles strong { display: block; font-size: 1.6rem; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; }
.tiles span { color: var(--quiet); font-size: .8667rem; line-height: 1.35; display: block; }
.tiles .gain strong { color: var(--gain); }
.tiles .lose strong { color: var(--lose); }
.tiles .warn strong { color: var(--warn); }

.refused { margin-top: 1.75rem; padding: .9rem 1.1rem; border: 1px solid var(--lose); border-radius: .6rem; background: var(--lose-tint); color: var(--lose); font-weight: 550; }

.cards { margin-top: .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.card { display: grid; grid-template-columns: auto minmax(0, 1fr) minmax(0, 19rem); gap: 0 .9rem; padding: .8rem 1.1rem .85rem; break-inside: avoid-page; }
.card + .card { border-top: 1px solid var(--line); }
.card > .more, .card:not(:has(> .because)) > div { grid-column: 2 / -1; }
.facts { color: var(--quiet); display: flex; flex-wrap: wrap; gap: 0 1.2rem; font-size: .9333rem; }
.because { color: var(--quiet); font-size: .8667rem; padding-top: .1rem; }
.because code { display: block; }
.note { margin-top: .6rem; color: var(--quiet); font-size: .8667rem; }
.sign { width: 1.6rem; height: 1.6rem; border-radius: 50%; text-align: center; font-weight: 700; line-height: 1.6rem; flex: none; background: var(--line); color: var(--ink); }
.gain > .sign, .create > .sign, .restore > .sign { background: var(--gain-tint); color: var(--gain); }
.lose > .sign, .delete > .sign, .error > .sign { background: var(--lose-tint); color: var(--lose); }
.warn > .sign, .update > .sign, .adopt > .sign, .warning > .sign { background: var(--warn-tint); color: var(--warn); }
.later > .sign { background: var(--later-tint); color: var(--later); }
.tag { display: inline-block; border-radius: .3rem; padding: 0 .45em; font-size: .8rem; font-weight: 600; line-height: 1.5; background: var(--line); color: var(--ink); }
.tag.privileged, .tag.warn { background: var(--warn-tint); color: var(--warn); }
.tag.refused-tag { background: var(--lose-tint); color: var(--lose); }
.tag.drift { background: var(--drift-tint); color: var(--drift); }
.people { display: flex; flex-wrap: wrap; gap: .05rem 1.2rem; margin-top: .3rem; }
.people li { max-width: 100%; unicode-bidi: isolate; font-size: .9333rem; }
.people small { color: var(--quiet); font-size: inherit; }

details { margin-top: .6rem; }
summary { cursor: pointer; width: fit-content; max-width: 100%; border-radius: .25rem; color: var(--later); }
.fold { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin-top: .75rem; }
.fold > summary { width: auto; padding: .75rem 1.1rem; color: inherit; font-weight: 600; }
.fold > summary .quiet { font-weight: 400; }
.fold > :not(summary) { padding: 0 1.1rem .9rem; }

.change { display: grid; grid-template-columns: 2.4em 1.6rem minmax(0, 1fr); gap: 0 .7rem; padding: .5rem 0; border-top: 1px solid var(--line); break-inside: avoid-page; }
.change .number { color: var(--quiet); text-align: right; font-size: .8667rem; line-height: 1.85; }
.difference { margin-top: .25rem; font-size: .8667rem; }
.difference > div { display: grid; grid-template-columns: minmax(7rem, 12rem) minmax(0, 1fr); gap: 0 .8rem; }
.difference dt { color: var(--quiet); }
.difference dd { white-space: pre-wrap; }
del, ins { text-decoration: none; border-radius: .2rem; padding: 0 .2em; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
del { background: var(--lose-tint); color: var(--lose); text-decoration: line-through; text-decoration-thickness: 1px; }
ins { background: var(--gain-tint); color: var(--gain); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .2em; }

table { border-collapse: separate; border-spacing: 0; }
th { text-align: left; font-weight: 550; }
.numbers th, .numbers td { padding: .3rem 0 .3rem 1.6rem; border-top: 1px solid var(--line); text-align: right; }
.numbers thead th { border-top: 0; color: var(--quiet); font-weight: 400; }
.numbers th:first-child { text-align: left; padding-left: 0; min-width: 6rem; }

.list { width: calc(100% - 2.2rem); margin: 0 1.1rem .9rem; table-layout: fixed; font-size: .9333rem; }
.fold > .list { padding: 0; }
.list th, .list td { padding: .4rem .8rem .4rem 0; border-top: 1px solid var(--line); vertical-align: top; text-align: left; font-weight: 400; }
.list thead th { color: var(--quiet); border-top: 0; font-size: .8667rem; }
.list th:nth-child(1) { width: 27%; } .list th:nth-child(2) { width: 10%; } .list th:nth-child(3) { width: 15%; } .list th:nth-child(4) { width: 20%; }
.list .odd > * { color: var(--warn); }

.scroll { overflow: auto; max-height: 85vh; margin-top: .9rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
.map { min-width: 100%; font-size: .9rem; overflow-wrap: normal; }
.map th, .map td { padding: .42rem .7rem; border-bottom: 1px solid var(--line); background: var(--card); }
.map tbody tr:last-child > * { border-bottom: 0; }
.map thead th { position: sticky; top: 0; z-index: 2; vertical-align: bottom; line-height: 1.3; }
.map thead th:first-child { left: 0; z-index: 3; }
.map tbody th { position: sticky; left: 0; z-index: 1; font-weight: 400; border-right: 1px solid var(--line); white-space: nowrap; max-width: 18rem; overflow: hidden; text-overflow: ellipsis; }
.map thead small { display: block; color: var(--quiet); font-weight: 400; font-size: .8rem; }
.map td { text-align: center; white-space: nowrap; }
.map td:empty::before { content: "·"; color: var(--line); }
.map td.changed { background: var(--later-tint); font-weight: 600; }
.map td.changed.up { background: var(--gain-tint); }
.map td.changed.down { background: var(--lose-tint); }
.map .moves { display: block; font-size: .8rem; }
.map .plus { color: var(--gain); } .map .minus { color: var(--lose); }
.map.many thead th:not(:first-child) { padding: .6rem .3rem; }
.map.many thead th:not(:first-child) > div { writing-mode: sideways-lr; max-height: 14rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; margin: 0 auto; }
.map.many thead small { display: inline; }
.map.many td { padding-left: .45rem; padding-right: .45rem; }
.map .label { display: none; }

.timeline { width: 100%; table-layout: fixed; margin-top: .9rem; font-size: .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.timeline th, .timeline td { padding: .42rem .7rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
.timeline tbody tr:last-child > * { border-bottom: 0; }
.timeline thead th { color: var(--quiet); font-weight: 400; font-size: .8rem; }
.timeline th:first-child { width: 34%; }
.timeline th:last-child { width: 8.8rem; }
.timeline tbody th { font-weight: 400; line-height: 1.35; }
.timeline tbody th b { font-weight: 600; }
.timeline .track { padding: 0; border-right: 1px solid var(--line); background: repeating-linear-gradient(to right, var(--line) 0 1px, transparent 1px calc(100% / 12)); }
.months { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); }
.months li { padding-left: .35rem; overflow: hidden; line-height: 2.3; }
.timeline svg { display: block; width: 100%; height: 2.2rem; overflow: visible; }
.timeline rect { fill: var(--later); opacity: .75; }
.timeline .soon rect { fill: var(--warn); opacity: 1; }
.timeline .planned rect { fill: var(--gain); }
.timeline .soon td:last-child { color: var(--warn); font-weight: 600; }
.timeline .when { font-size: .8667rem; white-space: nowrap; }
.timeline .when span { display: block; }

@media screen and (max-width: 46rem) {
  main, header, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.75rem; }
  section { margin-top: 2.5rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .card { grid-template-columns: auto minmax(0, 1fr); padding: .8rem .9rem; gap: 0 .7rem; }
  .because { grid-column: 2; order: 1; margin-top: .2rem; }
  .change { grid-template-columns: 1.6rem minmax(0, 1fr); gap: 0 .6rem; }
  .change .number { display: none; }
  .difference > div { grid-template-columns: minmax(0, 1fr); }
  .numbers { width: 100%; } .numbers th, .numbers td { padding-left: .5rem; } .numbers th:first-child { min-width: 4.5rem; }
  .list, .list tbody, .list tr, .list tbody th, .list td { display: block; width: auto !important; }
  .list { margin: 0 .9rem .9rem; }
  .list thead { display: none; }
  .list tr { padding: .5rem 0; border-top: 1px solid var(--line); }
  .list tbody th, .list td { padding: 0; border: 0; }
  .list tbody th { font-weight: 600; }
  .timeline, .timeline tbody, .timeline tr, .timeline tbody th, .timeline td { display: block; width: auto !important; }
  .timeline thead { display: none; }
  .timeline tr { padding: .6rem .8rem; border-bottom: 1px solid var(--line); }
  .timeline tbody tr:last-child { border-bottom: 0; }
  .timeline tbody th, .timeline td { padding: 0; border: 0; }
  .timeline .track { border: 0; margin: .25rem 0; }
  .timeline svg { height: 1rem; }
}
@media screen and (max-width: 46rem) { .scroll { max-height: none; } ${mapAsCards('.map')} }
@media print {
  :root { color-scheme: light; }
  @page { margin: 15mm; }
  html { font-size: 12.5px; }
  body { background: none; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; } section { margin-top: 1.6rem; }
  h2, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; opacity: 1; }
  summary { list-style: none; }
  summary::-webkit-details-marker { display: none; }
  .scroll { overflow: visible; max-height: none; }
  .map th { position: static !important; }
  .map tbody th { white-space: normal; overflow-wrap: anywhere; width: 9rem; }
  .map.many td, .map.many thead th:not(:first-child) { padding-left: .15rem; padding-right: .15rem; }
  .map .moves span { display: block; }
  .card { grid-template-columns: auto minmax(0, 1fr) minmax(0, 17rem); }
}
@media print { ${mapAsCards('.map.wide')} }
`
