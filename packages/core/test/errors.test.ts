import { expect, test } from 'vitest'
import { CancelledError, InputError, nearest, secondsLeft, throwIfAborted } from '../src/index.ts'

test('an error carries its tag, hint and data', () => {
  const cause = new Error('inner')
  const error = new InputError('FileMissing', 'no file a.tif', {
    hint: 'check the path',
    data: { path: 'a.tif' },
    cause,
  })
  expect(error).toMatchObject({ tag: 'FileMissing', hint: 'check the path', data: { path: 'a.tif' }, cause })
})

test('nearest finds slips and nothing else', () => {
  expect(nearest('epoch', ['epochs', 'seed', 'width'])).toBe('epochs')
  expect(nearest('lerningRate', ['learningRate', 'loss'])).toBe('learningRate')
  expect(nearest('zzzzzz', ['epochs', 'seed'])).toBeUndefined()
})

test('an aborted signal throws CancelledError', () => {
  expect(() => throwIfAborted(AbortSignal.abort())).toThrow(CancelledError)
  expect(() => throwIfAborted(undefined)).not.toThrow()
})

test('time left follows the mean pace', () => {
  expect(secondsLeft(0, 0.25, 1000)).toBe(3)
  expect(secondsLeft(0, 0, 1000)).toBe(Number.POSITIVE_INFINITY)
})
