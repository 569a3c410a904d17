import { expect, test } from 'vitest'
import {
  abortError,
  DisposedError,
  fromWire,
  InvalidInputError,
  isAbortError,
  isRerankerError,
  ModelLoadError,
  RemoteError,
  RerankerError,
  SessionError,
  toWire,
  WorkerError,
} from '../../src/errors.js'

const acrossTheBoundary = (error: unknown) => fromWire(structuredClone(toWire(error)))

test.each([
  new RerankerError('session-failed', 'base'),
  new InvalidInputError('invalid-input', 'document 3', { index: 3 }),
  new ModelLoadError('download-failed', 'cut off', { file: 'config.json', cause: new TypeError('network') }),
  new RemoteError('remote-unavailable', 'too many requests', { status: 429 }),
  new SessionError('session-failed', 'no device', { cause: new ModelLoadError('model-file-invalid', 'inner', { file: 'x' }) }),
  new WorkerError('worker-failed', 'gone'),
  new DisposedError(),
])('%s keeps class, code, details, message and cause', (error) => {
  const copy = acrossTheBoundary(error) as RerankerError
  expect(copy).toBeInstanceOf(error.constructor)
  expect([copy.name, copy.code, copy.message, copy.index, copy.option, copy.file, copy.stack]).toEqual([
    error.name,
    error.code,
    error.message,
    error.index,
    error.option,
    error.file,
    error.stack,
  ])
  expect(isRerankerError(copy)).toBe(true)
  const cause = error.cause as Error | undefined
  expect((copy.cause as Error | undefined)?.message).toBe(cause?.message)
  expect((copy.cause as Error | undefined)?.name).toBe(cause?.name)
})

test('an inner cause keeps its code', () => {
  const copy = acrossTheBoundary(new SessionError('session-failed', 'x', { cause: new ModelLoadError('model-file-invalid', 'y') }))
  expect((copy.cause as ModelLoadError).code).toBe('model-file-invalid')
})

test('an AbortError stays one', () => {
  const copy = acrossTheBoundary(abortError('superseded'))
  expect(copy).toBeInstanceOf(DOMException)
  expect(isAbortError(copy)).toBe(true)
  expect(copy.message).toBe('superseded')
})

test('foreign errors and thrown values cross as errors', () => {
  expect(acrossTheBoundary(new RangeError('odd'))).toMatchObject({ name: 'RangeError', message: 'odd' })
  expect(acrossTheBoundary('text')).toMatchObject({ name: 'Error', message: 'text' })
})

const TRAP = new Proxy(new Error('x'), {
  get() {
    throw new Error('a trap')
  },
})
test.each([
  ['an object without a form', Object.create(null), 'an object was thrown'],
  [
    'an object whose form fails',
    {
      toString() {
        throw new Error('no')
      },
    },
    'an object was thrown',
  ],
  ['an error whose cause is one', new Error('outside', { cause: Object.create(null) }), 'outside'],
  ['an error that cannot be looked at', TRAP, 'an object was thrown'],
  ['a symbol', Symbol('odd'), 'Symbol(odd)'],
  ['an error whose message is a symbol', Object.assign(new Error(), { message: Symbol('odd') }), 'Symbol(odd)'],
  ['an error whose name and stack cannot be cloned', Object.assign(new Error('named'), { name: () => 1, stack: () => 1 }), 'named'],
])('%s crosses too', (_, thrown, message) => {
  expect(acrossTheBoundary(thrown).message).toBe(message)
})

test('a cycle of causes ends', () => {
  const error = new Error('round')
  error.cause = error
  expect(acrossTheBoundary(error).message).toBe('round')
})
