/** The style of the API's page: light or dark as the reader's system is, narrow or wide as the window is. */
export const docsStyle = `:root {
  color-scheme: light dark;
  --ground: #fbfaf7; --surface: #fff; --ink: #1d1b16; --faint: #5a564c; --line: #d8d4c8; --accent: #1f5fa8;
  --get: #1f6b34; --write: #8a4b00; --delete: #a3211f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16171a; --surface: #1f2125; --ink: #eceae4; --faint: #b3afa5; --line: #45474d; --accent: #8cbcf2;
    --get: #7fd197; --write: #f0b45c; --delete: #ff9d97;
  }
}
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0 auto; padding: 0 1.25rem 4rem; max-width: 82rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
main:focus { outline: none }
.skip { position: absolute; left: -999rem }
.skip:focus { left: .5rem; top: .5rem; padding: .5rem 1rem; background: var(--surface) }
header { padding: 1.5rem 0 1rem }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; line-height: 1.2 }
h1 small { color: var(--faint); font-size: 1rem; font-weight: 400 }
h2 { margin: 3rem 0 .75rem; font-size: 1.4rem; line-height: 1.25 }
h3 { margin: 0 0 .5rem; font-size: 1.05rem; line-height: 1.4 }
h4 { margin: 1.1rem 0 .3rem; font-size: .95rem }
p { margin: .5rem 0 }
main > :first-child { margin-top: 0 }
code { font-family: ui-monospace, monospace; font-size: .9em }
pre { margin: .5rem 0; padding: .75rem 1rem; overflow: auto; max-height: 30rem; overflow-wrap: normal;
  background: var(--surface); border: 1px solid var(--line); border-radius: .4rem; line-height: 1.45 }
section { margin: 1rem 0; padding: 1rem 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: .6rem }
section pre { background: var(--ground) }
section:target { border-color: var(--accent) }
tr:target { background: var(--surface) }
.get { color: var(--get) } .post, .put, .patch { color: var(--write) } .delete { color: var(--delete) }
.anchor { padding: 0 .3rem; color: var(--faint); text-decoration: none }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; color: var(--faint) }
.type, i { color: var(--faint) }
ul, ol { margin: .3rem 0; padding-left: 1.25rem }
section ul { list-style: none; padding-left: .9rem; border-left: 2px solid var(--line) }
table { width: 100%; border-collapse: collapse }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
tbody th { font-weight: 400 }
thead th { white-space: nowrap }
dl { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: .3rem 0 }
dl div { display: flex; gap: .5rem }
dd { margin: 0 }
summary { cursor: pointer; font-weight: 600 }
nav { margin-bottom: 2rem; font-size: .95rem }
nav h2 { margin: 1rem 0 .2rem; font-size: 1rem }
nav ul { padding: 0; list-style: none }
nav a { display: inline-block; padding: .15rem 0; text-decoration: none }
nav a:hover { text-decoration: underline }
nav h2 a { color: inherit }
@media (min-width: 64rem) {
  .columns { display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 0 2.5rem; align-items: start }
  nav { position: sticky; top: 0; max-height: 100vh; padding: 1rem .25rem; overflow: auto; font-size: .875rem }
  @supports selector(::details-content) {
    nav summary { display: none }
    nav details::details-content { content-visibility: visible; height: auto }
  }
}
@media (min-width: 40rem) {
  tbody th code { white-space: nowrap }
}
@media (max-width: 40rem) {
  section { padding: .75rem .9rem }
  thead { display: none }
  table, tbody, tr, tbody th, td { display: block }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line) }
  th, td { padding: 0; border: 0 }
  nav a { padding: .4rem 0 }
}
@media print { nav, .skip, .anchor { display: none } pre { max-height: none } }
`
