/** An element of the shadow tree: a class and a part by the same name, so that pages can style it. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name?: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  if (name) {
    element.className = name
    element.setAttribute('part', name)
  }
  element.append(...children)
  return element
}

/** Attributes; those that are undefined or false are taken away. */
export function setAttributes(element: Element, attributes: Record<string, string | number | boolean | undefined>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
}

export function slot(name: string, ...fallback: (Node | string)[]): HTMLSlotElement {
  const element = document.createElement('slot')
  element.name = name
  element.append(...fallback)
  return element
}

/** A drawing of lines in a square of 20. */
export function icon(path: string): SVGSVGElement {
  const NAMESPACE = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(NAMESPACE, 'svg')
  setAttributes(svg, { viewBox: '0 0 20 20', 'aria-hidden': 'true' })
  const line = document.createElementNS(NAMESPACE, 'path')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}
