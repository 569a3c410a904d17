import type { PageText } from './strings/en.js'

type PageTexts = Readonly<Record<PageText, string>>

/** Attributes that name a text, and the attribute that gets it; `data-text` names an element's content. */
export const TEXT_ATTRIBUTES = { 'data-label': 'aria-label', 'data-placeholder': 'placeholder', 'data-content': 'content' } as const

const SELECTOR = ['data-text', ...Object.keys(TEXT_ATTRIBUTES)].map((name) => `[${name}]`).join()

/** Puts one language's texts into the page, or a part of it. What has the right text already is not touched. */
export function fillTexts(part: Document | Element, texts: PageTexts): void {
  if (part instanceof Element && part.matches(SELECTOR)) fill(part, texts)
  for (const element of part.querySelectorAll(SELECTOR)) fill(element, texts)
}

function fill(element: Element, texts: PageTexts): void {
  const name = element.getAttribute('data-text')
  if (name && element.textContent !== texts[name as PageText]) element.textContent = texts[name as PageText]
  for (const [source, target] of Object.entries(TEXT_ATTRIBUTES)) {
    const label = element.getAttribute(source)
    if (label) element.setAttribute(target, texts[label as PageText])
  }
}
