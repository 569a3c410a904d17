// @ts-check
/**
 * Long documents that all read alike, one of which holds, deep inside, the sentence that answers a question. Text is
 * generated, always the same. All begin with the same words, so that a model that reads only the beginning cannot tell
 * them apart.
 */

/** Question and the sentence that answers it, in other words as far as that goes. */
export const FACTS = /** @type {const} */ ([
  [
    'which animal kept the mice away from the bakery',
    'A tame hedgehog was given a basket behind the oven, and no rodent came near the flour again.',
  ],
  [
    'how was the lighthouse lamp kept burning during the siege',
    'When no ships brought oil, the lantern on the cliff was fed with melted candle ends from the chapel.',
  ],
  ['why did the bridge have to be closed', 'Carts were turned back at the river because frost had split the middle arch.'],
  [
    'what colour was the ferry painted after the accident',
    'Following the collision the boat that carries passengers across was coated in bright orange.',
  ],
  ['who is allowed to ring the bell at night', 'Only the midwife may sound the bell between dusk and dawn.'],
  ['how much does a jar of honey cost at the market', 'Honey is sold from a green stall for four coins a jar.'],
  ['where do the swallows build their nests', 'Every spring the swallows raise their young under the roof of the old rope works.'],
  [
    'what should be done when the well runs dry',
    'If the well gives no more water, the schoolchildren fetch snow from the northern slope and let it melt.',
  ],
  ['which instrument did the postman play', 'He who delivered the letters was also known for his evenings with the accordion.'],
  ['how deep is the lake at its centre', 'A weighted line let down in the middle of the lake touched the bottom at ninety-one fathoms.'],
  ['what is the cure for seasickness among the fishermen', 'Sailors who feel ill on the waves chew a slice of dried ginger.'],
  ['when does the library lend its telescope', 'The telescope may be borrowed from the reading room in the first week of August.'],
  [
    'what did the glassmakers put into their furnace to save coal',
    'To burn less coal, the people who blew bottles threw walnut shells into the fire.',
  ],
  ['how long did the clock in the tower stand still', 'For eleven years the hands of the tower clock did not move.'],
  ['which plant must not be grown near the school', 'Foxglove is forbidden in gardens next to the classrooms because it is poisonous.'],
  ['what happens to umbrellas left on the tram', 'Forgotten umbrellas are auctioned at the depot on the last Friday of the year.'],
  ['how is the cheese kept cool in summer', 'In the hot months the cheese wheels rest in a tunnel behind the waterfall.'],
  [
    'who designed the pattern of the carpet in the town hall',
    'The woven floor of the council chamber follows a drawing by a pupil of nine.',
  ],
  ['why are there no street lamps on the northern road', 'The road to the north is left dark so that astronomers can see faint stars.'],
  ['what was found under the floor of the theatre', 'Workmen who lifted the boards of the stage came upon a chest full of wooden puppets.'],
])

const TIMES = [
  'In the autumn',
  'After the harvest',
  'Before the fair',
  'On most mornings',
  'In a wet year',
  'Later that decade',
  'By midsummer',
]
const SUBJECTS = [
  'the council',
  'the weavers',
  'the harbour master',
  'a committee of farmers',
  'the stone masons',
  'the choir',
  'the gardeners',
]
const VERBS = ['discussed', 'repaired', 'measured', 'described at length', 'paid for', 'put off', 'praised']
const OBJECTS = [
  'the eastern wall',
  'the grain store',
  'a row of benches',
  'the drainage of the meadows',
  'the order of the procession',
  'the new gate',
]
const ENDINGS = [
  'without much noise',
  'as the minutes record',
  'for the third time',
  'and wrote to the capital about it',
  'although it rained',
  'with borrowed tools',
]

/** Words of the beginning that all documents share: more than a model of 256 tokens reads. */
const SHARED_WORDS = 400

/**
 * @param {number} count documents
 * @param {number} words of each
 * @returns {{ question: string, answer: string, text: string }[]} each with its own fact, planted in its last 60 percent
 */
export function plantedDocuments(count, words) {
  const beginning = prose(SHARED_WORDS, 1)
  return FACTS.slice(0, count).map(([question, answer], i) => {
    const sentences = prose(words - SHARED_WORDS, i + 2)
    // From 40 percent of the text on, spread evenly over the documents.
    const depth = 0.4 + (0.55 * i) / FACTS.length
    sentences.splice(Math.floor(sentences.length * depth), 0, answer)
    return { question, answer, text: [...beginning, ...sentences].join(' ') }
  })
}

/**
 * @param {number} words
 * @param {number} seed
 */
function prose(words, seed) {
  const random = generator(seed)
  /** @param {readonly string[]} list */
  const pick = (list) => list[Math.floor(random() * list.length)]
  const sentences = []
  for (let count = 0; count < words; ) {
    const sentence = `${pick(TIMES)} ${pick(SUBJECTS)} ${pick(VERBS)} ${pick(OBJECTS)} ${pick(ENDINGS)}.`
    sentences.push(sentence)
    count += sentence.split(' ').length
  }
  return sentences
}

/** Numbers in [0, 1) that are the same everywhere (a linear congruential generator). @param {number} seed */
function generator(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
