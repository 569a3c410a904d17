import { create } from './dom.js'
import { EXAMPLES } from './examples.js'

export function showExamples(root: HTMLElement, onChoose: (question: string) => void): void {
  const label = create('p', 'examples-label', 'Try')
  const list = create('ul', 'chips')
  for (const { question, note } of EXAMPLES) {
    const chip = create('button', 'chip', question)
    chip.type = 'button'
    if (note) chip.append(create('span', 'chip-note', note))
    chip.addEventListener('click', () => onChoose(question))
    list.append(create('li', '', chip))
  }
  root.replaceChildren(label, list)
}
