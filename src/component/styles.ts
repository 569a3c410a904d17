/**
 * The element's looks. Colours follow the page's `color-scheme`; a page changes them by the custom properties named in docs/component.md,
 * and everything else by the parts.
 */
export const STYLES = `
:host {
  --accent: var(--page-rerank-accent, #0b6b5f);
  --surface: var(--page-rerank-surface, #fff);
  --raised: var(--page-rerank-active, #eef4f2);
  --text: var(--page-rerank-text, #1c1f1e);
  --muted: var(--page-rerank-muted, #5a625f);
  --line: var(--page-rerank-line, #c9d0cd);
  --mark: var(--page-rerank-mark, #bfe8dc);
  --radius: var(--page-rerank-radius, 12px);
  display: block;
  position: relative;
  inline-size: 100%;
  max-inline-size: var(--page-rerank-width, 40rem);
  color: var(--text);
  font: var(--page-rerank-font, 400 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  text-align: start;
}
@supports (color: light-dark(#fff, #000)) {
  :host {
    --accent: var(--page-rerank-accent, light-dark(#0b6b5f, #7ee0c8));
    --surface: var(--page-rerank-surface, light-dark(#fff, #1b1f1d));
    --raised: var(--page-rerank-active, light-dark(#eef4f2, #28302d));
    --text: var(--page-rerank-text, light-dark(#1c1f1e, #edf0ee));
    --muted: var(--page-rerank-muted, light-dark(#5a625f, #a9b3af));
    --line: var(--page-rerank-line, light-dark(#c9d0cd, #46504c));
    --mark: var(--page-rerank-mark, light-dark(#bfe8dc, #1f5c50));
  }
}
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }

.box {
  position: relative;
  display: flex;
  align-items: center;
  gap: .625rem;
  min-block-size: 3rem;
  padding-inline: .875rem .375rem;
  overflow: hidden;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  transition: border-color .15s, box-shadow .15s;
}
.box:focus-within {
  border-color: var(--accent);
  box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 22%, transparent);
}
.icon { display: flex; flex: none; color: var(--muted); }
svg { display: block; inline-size: 1.25rem; block-size: 1.25rem; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; }
input {
  flex: 1;
  min-inline-size: 0;
  padding: .625rem 0;
  color: inherit;
  font: inherit;
  font-size: max(1em, 16px);
  background: none;
  border: 0;
  outline: 0;
  appearance: none;
}
:host(:disabled) .box { opacity: .55; }
input:disabled, button:disabled { cursor: not-allowed; }
input::placeholder { color: var(--muted); opacity: 1; }
input::-webkit-search-cancel-button { display: none; }
button { color: inherit; font: inherit; background: none; border: 0; border-radius: 8px; cursor: pointer; }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.clear { display: grid; place-items: center; flex: none; inline-size: 2.25rem; block-size: 2.25rem; padding: 0; color: var(--muted); }
.clear:hover { color: var(--text); background: var(--raised); }

.bar { position: absolute; inset: auto 0 0; block-size: 3px; background: color-mix(in srgb, var(--accent) 18%, transparent); }
.bar::before {
  content: "";
  display: block;
  block-size: 100%;
  inline-size: var(--share, 100%);
  background: var(--accent);
  border-radius: 0 2px 2px 0;
  transition: inline-size .3s;
}
:host(:dir(rtl)) .bar::before { border-radius: 2px 0 0 2px; }

.popup {
  position: absolute;
  z-index: var(--page-rerank-layer, 20);
  inset-inline: 0;
  inset-block-start: calc(100% + .5rem);
  display: flex;
  flex-direction: column;
  max-block-size: var(--page-rerank-height, min(34rem, 70vh));
  overflow: hidden;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  box-shadow: 0 1px 2px rgb(0 0 0 / .06), 0 12px 32px rgb(0 0 0 / .16);
}
.list { flex: 1; min-block-size: 0; padding: .375rem; overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; outline: 0; }
.item {
  position: relative;
  display: block;
  padding: .625rem .75rem;
  color: inherit;
  text-decoration: none;
  border-radius: calc(var(--radius) - 4px);
  cursor: pointer;
}
.item:hover { background: color-mix(in srgb, var(--raised) 60%, transparent); }
.item[aria-selected="true"] { background: var(--raised); box-shadow: inset 3px 0 var(--accent); }
:host(:dir(rtl)) .item[aria-selected="true"] { box-shadow: inset -3px 0 var(--accent); }
.note, .title, .text { display: block; text-align: -webkit-match-parent; text-align: match-parent; overflow-wrap: anywhere; }
.note { color: var(--muted); font-size: .8125em; line-height: 1.25rem; }
.title, .text { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.title { font-weight: 600; }
.text { margin-block-start: .125rem; color: var(--muted); font-size: .9375em; line-height: 1.4; }
mark {
  padding-block: .05em;
  color: var(--text);
  background: color-mix(in srgb, var(--mark) calc(40% + 60% * var(--weight, 1)), transparent);
  border-radius: 3px;
}

.message { margin: 0; padding: 1.5rem 1.25rem; color: var(--muted); text-align: center; overflow-wrap: anywhere; }
.message strong { display: block; color: var(--text); font-weight: 600; }
.detail { display: block; margin-block-start: .25rem; font-size: .875em; }
.skeleton { padding: .375rem; }
.skeleton div { padding: .75rem; }
.skeleton div::before, .skeleton div::after { content: ""; display: block; block-size: .7rem; background: var(--raised); border-radius: 4px; }
.skeleton div::before { inline-size: 38%; }
.skeleton div::after { inline-size: 86%; margin-block-start: .55rem; }

.footer {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: .125rem .75rem;
  min-block-size: 2.5rem;
  padding: .375rem 1.125rem;
  color: var(--muted);
  font-size: .8125em;
  border-block-start: 1px solid color-mix(in srgb, var(--line) 60%, transparent);
}
.count { flex: 1; text-align: -webkit-match-parent; text-align: match-parent; }
.empty { padding: .875rem 1.125rem; overflow-y: auto; }
.status { display: inline-flex; align-items: center; gap: .5rem; }
.dot { flex: none; inline-size: .5rem; block-size: .5rem; background: var(--line); border-radius: 50%; }
.status[data-is="ranked"] .dot { background: var(--accent); }
.status[data-is="loading"] .dot, .status[data-is="ranking"] .dot { background: var(--accent); opacity: .5; }
.retry { padding: .25rem .625rem; color: var(--accent); font-weight: 600; }
.retry:hover { background: var(--raised); }

.live { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@media (prefers-reduced-motion: no-preference) {
  .popup { animation: open .14s ease-out; }
  .status[data-is="loading"] .dot, .status[data-is="ranking"] .dot { animation: beat 1s ease-in-out infinite alternate; }
  .skeleton div::before, .skeleton div::after { animation: beat .8s ease-in-out infinite alternate; }
  .bar:not([aria-valuenow])::before { animation: beat .8s ease-in-out infinite alternate; }
  @keyframes open { from { opacity: 0; transform: translateY(-4px); } }
  @keyframes beat { from { opacity: .35; } to { opacity: 1; } }
}
@media (prefers-reduced-motion: reduce) {
  .box, .bar::before { transition: none; }
}
@media (forced-colors: active) {
  .item[aria-selected="true"] { outline: 2px solid Highlight; outline-offset: -2px; }
  .bar::before, .dot { background: Highlight; }
  mark { background: Mark; color: MarkText; }
}
`
