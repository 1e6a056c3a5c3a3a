/** How the pages look that a customer sees: plain, narrow, and nothing from elsewhere. */
import { Html, html } from '../control/html.ts';

const STYLE = `
  :root { color-scheme: light; --ink: #1a2233; --soft: #5b6578; --line: #dde2ea; --accent: #4f46e5; --bad: #b42318 }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; background: #f4f6f9; color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
  header { padding: 1rem 1.5rem; color: var(--soft); font-size: .85rem; display: flex; gap: .6rem; align-items: center }
  header b { background: #fff3cd; color: #7a5b00; border-radius: 4px; padding: .1rem .5rem; font-weight: 600 }
  main { max-width: 30rem; margin: 1.5rem auto 4rem; padding: 0 1rem }
  main.wide { max-width: 44rem }
  section { background: #fff; border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem; margin-bottom: 1rem;
    box-shadow: 0 1px 3px #1a223310 }
  h1 { font-size: 1.35rem; margin: 0 0 .25rem } h2 { font-size: 1rem; margin: 0 0 .75rem }
  p { margin: .25rem 0 } .soft { color: var(--soft) } .big { font-size: 2rem; font-weight: 650; margin: .25rem 0 1rem }
  table { width: 100%; border-collapse: collapse } td { padding: .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
  td:last-child { text-align: right; white-space: nowrap } tr:last-child td { border: 0 } tr.sum td { font-weight: 600; padding-top: .7rem }
  label { display: block; margin-top: .9rem; font-weight: 550; font-size: .9rem } form > label:first-child { margin-top: 0 }
  input { width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit; font-weight: 400; border: 1px solid #c6cdd8; border-radius: 7px; background: #fff; color: inherit }
  ::placeholder { color: #9aa3b2; opacity: 1 } .hint { color: var(--soft); font-size: .85rem; margin: 1rem 0 0 }
  summary { cursor: pointer; color: var(--accent); margin: .5rem 0 1rem }
  input:focus { outline: 2px solid var(--accent); outline-offset: -1px; border-color: transparent }
  .row { display: flex; gap: .8rem } .row > * { flex: 1 }
  button, .button { font: inherit; font-weight: 600; padding: .65rem 1.1rem; border-radius: 7px; border: 1px solid transparent;
    background: var(--accent); color: #fff; cursor: pointer; text-decoration: none; display: inline-block }
  button.whole { width: 100%; margin-top: 1.3rem; padding: .8rem }
  button.plain { background: #fff; color: var(--ink); border-color: #c6cdd8 }
  form.inline { display: inline } a { color: var(--accent) }
  .bad { background: #fef3f2; color: var(--bad); border: 1px solid #fecdca; border-radius: 8px; padding: .7rem .9rem; margin: 0 0 1rem }
  .tag { border-radius: 99px; padding: .1rem .6rem; font-size: .8rem; background: #eef0f4; color: var(--soft) }
  .tag.good { background: #e7f6ec; color: #176b39 } .tag.ill { background: #fef3f2; color: var(--bad) }
  .split { display: flex; justify-content: space-between; gap: 1rem; align-items: center; flex-wrap: wrap }
`;

export function hostedPage(title: string, body: Html, wide = false): string {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
<body>
<header><b>TEST</b> Payment simulator: nothing here is real money.</header>
<main class="${wide ? 'wide' : ''}">${body}</main>
</body>
</html>`.text;
}

/** A page inside a frame of somebody else's page: it looks like a part of that, and runs a script of ours. */
export function framePage(body: Html, script: string): string {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Card</title>
<style>${new Html(STYLE)} body { background: transparent; min-height: 0 } main { max-width: none; margin: 0; padding: 2px } .bad { margin: .8rem 0 0 }</style>
<body><main>${body}</main><script src="${script}"></script></body>
</html>`.text;
}
