// @ts-check
export const query = 'how do I boil an egg'

/** The answer comes last. */
export const hits = [
  { title: 'Ferry', body: 'The ferry leaves the old harbour every forty minutes and takes cars, bicycles and dogs on a lead.' },
  { title: 'Bonds', body: 'Government bonds pay a fixed interest until they fall due.' },
  { title: 'Eggs', body: 'Lower the eggs into simmering water and leave them for seven minutes for a soft yolk, ten for a firm one.' },
]

export const text = (/** @type {{ title: string, body: string }} */ hit) => `${hit.title}\n${hit.body}`
