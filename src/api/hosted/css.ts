export const css = `:root { color-scheme: light dark; --accent: #1f3a5f; --on-accent: #fff; font: 16px/1.55 system-ui, sans-serif }
* { box-sizing: border-box }
body { margin: 0; background: light-dark(#f3f4f6, #14161b); color: light-dark(#1c2430, #e8eaf0) }
main { max-width: 30rem; margin: 8vh auto 3rem; background: light-dark(#fff, #1d2027); border-radius: 12px; overflow: hidden; border: 1px solid #8883 }
header { background: var(--accent); color: var(--on-accent); padding: 1.1rem 1.75rem; font-weight: 600; font-size: 1.05rem }
article { padding: 1.5rem 1.75rem 1.75rem }
h1 { font-size: 1.15rem; margin: 0 } .amount { font-size: 2.1rem; font-weight: 650; margin: .2rem 0 1.2rem }
button { font: inherit; font-weight: 600; width: 100%; min-height: 2.9rem; border-radius: 8px; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); cursor: pointer; margin-top: .7rem }
button.plain { background: transparent; color: inherit; border-color: #8886; font-weight: 500 }
button:disabled { opacity: .55; cursor: progress }
:focus-visible { outline: 3px solid #4f8cff; outline-offset: 2px }
[role=alert] { color: light-dark(#9b1c1c, #ff9c9c); margin: .9rem 0 0 } .soft { color: light-dark(#5b6472, #a6adba); font-size: .9rem }
#card { min-height: 4rem; margin-top: 1rem } [hidden] { display: none !important }
@media (max-width: 34rem) { main { margin: 0; border: 0; border-radius: 0; min-height: 100vh } }
`;
