import { describe, expect, test } from 'vitest'
import { encodePair, readPairTemplate } from '../../src/core/pair-encoding.js'

const BERT = readPairTemplate({ type: 'BertProcessing', cls: ['[CLS]', 101], sep: ['[SEP]', 102] })
const ROBERTA = readPairTemplate({ type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 2] })
const ids = (count: number, start: number) => Array.from({ length: count }, (_, i) => start + i)
const encode = (query: number, document: number, limits: Partial<Parameters<typeof encodePair>[3]>, template = BERT) => {
  const pair = encodePair(ids(query, 1000), ids(document, 2000), template, {
    maxLength: 16,
    queryMaxLength: 12,
    truncation: 'only_second',
    ...limits,
  })
  return { ids: [...pair.inputIds], types: [...pair.tokenTypeIds] }
}

describe('templates', () => {
  test('BERT, with types', () => {
    expect(encode(2, 1, {})).toEqual({ ids: [101, 1000, 1001, 102, 2000, 102], types: [0, 0, 0, 0, 1, 1] })
  })

  test('RoBERTa, two separators between, one type', () => {
    expect(encode(1, 1, {}, ROBERTA)).toEqual({ ids: [0, 1000, 2, 2, 2000, 2], types: [0, 0, 0, 0, 0, 0] })
  })

  test('a template of the model’s own: a second [CLS] opens the document', () => {
    const template = readPairTemplate({
      type: 'TemplateProcessing',
      pair: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
        { SpecialToken: { id: '[CLS]', type_id: 1 } },
        { Sequence: { id: 'B', type_id: 1 } },
        { SpecialToken: { id: '[SEP]', type_id: 1 } },
      ],
      special_tokens: { '[CLS]': { ids: [101] }, '[SEP]': { ids: [102] } },
    })
    expect(encode(1, 1, {}, template)).toEqual({ ids: [101, 1000, 102, 101, 2000, 102], types: [0, 0, 0, 1, 1, 1] })
  })

  test('inside a sequence of processors, and none at all', () => {
    const nested = readPairTemplate({
      type: 'Sequence',
      processors: [{ type: 'ByteLevel' }, { type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 2] }],
    })
    expect(nested).toEqual(ROBERTA)
    expect(encode(1, 1, {}, readPairTemplate(null)).ids).toEqual([1000, 2000])
  })

  test('a template that names a token without an id is refused', () => {
    const broken = { type: 'TemplateProcessing', pair: [{ SpecialToken: { id: '[X]', type_id: 0 } }], special_tokens: {} }
    expect(() => readPairTemplate(broken)).toThrow(/names \[X\]/)
  })
})

describe('only_second', () => {
  test('cuts the query to its own limit, then the document; special tokens and the final separator stay', () => {
    const { ids } = encode(20, 20, {})
    expect(ids).toHaveLength(16)
    expect(ids.slice(0, 14)).toEqual([101, ...Array.from({ length: 12 }, (_, i) => 1000 + i), 102])
    expect(ids.slice(14)).toEqual([2000, 102])
  })

  test('leaves a pair that fits alone', () => {
    expect(encode(5, 8, {}).ids).toHaveLength(16)
    expect(encode(5, 9, {}).ids).toEqual(encode(5, 8, {}).ids)
  })
})

/** Lengths kept of query and document, as Hugging Face tokenizers cut them. */
describe('longest_first', () => {
  const kept = (query: number, document: number, maxLength: number) => {
    const { ids } = encode(query, document, { maxLength, truncation: 'longest_first' })
    return [ids.filter((id) => id >= 1000 && id < 2000).length, ids.filter((id) => id >= 2000).length]
  }

  test.each([
    [3, 30, 16, [3, 10]],
    [30, 3, 16, [10, 3]],
    [30, 30, 16, [6, 7]],
    [30, 29, 16, [7, 6]],
    [30, 30, 17, [7, 7]],
    [6, 7, 16, [6, 7]],
    [7, 7, 16, [6, 7]],
  ])('%i + %i into %i', (query, document, maxLength, expected) => {
    expect(kept(query, document, maxLength)).toEqual(expected)
  })
})
