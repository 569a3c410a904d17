import { expect, test } from 'vitest'
import {
  abortError,
  DisposedError,
  fromWire,
  InvalidInputError,
  isAbortError,
  isRerankerError,
  ModelLoadError,
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

test('a cycle of causes ends', () => {
  const error = new Error('round')
  error.cause = error
  expect(acrossTheBoundary(error).message).toBe('round')
})
