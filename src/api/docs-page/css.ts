export const css = `
:root { color-scheme: light dark; --ink: #1b2330; --soft: #5c6779; --line: #dfe4ec; --paper: #fff; --side: #f6f8fb;
  --code: #f2f5f9; --accent: #0b6b57; --get: #0b6b57; --post: #2456c6; --patch: #8a5a00; --delete: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf1; --soft: #9aa6b8; --line: #2a3342; --paper: #10151d;
  --side: #141b25; --code: #1a2330; --accent: #55c9ad; --get: #55c9ad; --post: #8ab0ff; --patch: #e0b252; --delete: #ff8f86; } }
* { box-sizing: border-box }
body { margin: 0; display: grid; grid-template-columns: 20rem minmax(0, 1fr); min-height: 100vh; color: var(--ink);
  background: var(--paper); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif }
aside { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.25rem 1rem; background: var(--side);
  border-right: 1px solid var(--line) }
aside header { font-size: 1.1rem; margin-bottom: 1rem } aside header span { color: var(--soft); font-size: .85rem }
aside label { display: block; font-size: .8rem; color: var(--soft) }
aside input { width: 100%; padding: .45rem .6rem; margin: .2rem 0 1rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--paper); color: inherit; font: inherit }
aside footer { margin-top: 1.5rem; font-size: .85rem }
nav h2 { font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 1.1rem 0 .3rem }
nav a { display: grid; grid-template-columns: 3.6rem 1fr; gap: .3rem; padding: .2rem .4rem; border-radius: .35rem;
  color: inherit; text-decoration: none; font-size: .86rem }
nav a:hover, nav a:focus-visible { background: var(--code) }
a { color: var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
main { padding: 2rem clamp(1rem, 4vw, 4rem) 6rem; max-width: 70rem; outline: none }
main > h1 { margin: 0 0 .5rem } .lead { color: var(--soft); max-width: 46rem }
article { border-top: 1px solid var(--line); padding: 1.8rem 0 .6rem; scroll-margin-top: .5rem }
article h3 { margin: 0 0 .2rem; font-size: 1.15rem }
.address { font: 600 .92rem/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }
.method { font: 700 .72rem/1.7 ui-monospace, Menlo, Consolas, monospace; text-transform: uppercase }
.get { color: var(--get) } .post { color: var(--post) } .patch { color: var(--patch) } .delete { color: var(--delete) }
.who { display: flex; flex-wrap: wrap; gap: .3rem; padding: 0; margin: .5rem 0; list-style: none }
.who li { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; font-size: .78rem; color: var(--soft) }
h4 { margin: 1rem 0 .3rem; font-size: .82rem; color: var(--soft); text-transform: uppercase; letter-spacing: .04em }
table { border-collapse: collapse; width: 100%; font-size: .88rem } th { text-align: left; font-weight: 600 }
td, th { border-top: 1px solid var(--line); padding: .35rem .6rem .35rem 0; vertical-align: top }
td:first-child { font-family: ui-monospace, Menlo, Consolas, monospace; white-space: nowrap }
.scroll { overflow-x: auto } .needed { color: var(--delete); font-size: .75rem }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; overflow-x: auto;
  font: .84rem/1.5 ui-monospace, Menlo, Consolas, monospace; margin: .3rem 0 }
details { margin: .3rem 0 } summary { cursor: pointer; font-size: .9rem } summary b { font-variant-numeric: tabular-nums }
[hidden] { display: none !important }
@media (max-width: 52rem) { body { grid-template-columns: 1fr } aside { position: static; height: auto; max-height: 45vh;
  border-right: 0; border-bottom: 1px solid var(--line) } }
`;
