/** The small parts of the command line: amounts, tables, the live line, failures. */
import { describe, expect, it } from 'vitest'
import { listed, memorySize, pairs, threadCount } from '../src/arguments.ts'
import { liveDisplay, silentDisplay } from '../src/display.ts'
import { failureOf } from '../src/failure.ts'
import { bytes, duration, figure, table } from '../src/text.ts'

describe('amounts', () => {
  it.each([
    ['2GB', 2e9],
    ['2 gb', 2e9],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['800M', 8e8],
    ['5000000', 5e6],
  ])('memory %s', (text, size) => {
    expect(memorySize(text)).toBe(size)
  })

  it.each(['', '2XB', '-1GB', '10', 'GB'])('refuses memory %j', (text) => {
    expect(() => memorySize(text)).toThrow('is not an amount of memory')
  })

  it('reads lists and pairs', () => {
    expect(listed(['a.tif, b.tif', 'c.tif,'])).toEqual(['a.tif', 'b.tif', 'c.tif'])
    expect(pairs(['a=1', 'b=x=y', 'c='])).toEqual({ a: '1', b: 'x=y', c: '' })
    expect(() => pairs(['a=1', 'a=2'])).toThrow('--param a is given twice')
  })

  it('refuses more threads than there can be', () => {
    expect(threadCount('2')).toBe(2)
    for (const text of ['0', '1e3', '99999999999']) expect(() => threadCount(text)).toThrow('from 1 to 4096')
  })

  it.each([
    [0.44, '0.4 s'],
    [12.4, '12 s'],
    [83, '1 min 23 s'],
    [7500, '2 h 5 min'],
    [3599.7, '1 h 0 min'],
    [59.7, '1 min 0 s'],
  ])('duration %d s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  it.each([
    [999, '999 B'],
    [1234, '1.23 kB'],
    [999_600, '1.00 MB'],
    [5e10, '50.0 GB'],
  ])('%d bytes', (count, text) => {
    expect(bytes(count)).toBe(text)
  })

  it.each([
    [1234567, '1234567'],
    [0.1 + 0.2, '0.3'],
    [Number.NaN, '–'],
  ])('figure %d', (value, text) => {
    expect(figure(value)).toBe(text)
  })
})

describe('table', () => {
  it('puts numbers to the right and words to the left', () => {
    expect(
      table(
        ['band', 'mean'],
        [
          ['red', '1.5'],
          ['infrared', '10'],
        ],
        ' ',
      ),
    ).toEqual([' band      mean', ' red        1.5', ' infrared    10'])
  })
})

function sink(isTTY: boolean) {
  let text = ''
  return { isTTY, columns: 60, write: (part: string) => (text += part), read: () => text }
}

describe('display', () => {
  const training = { step: 'train', fraction: 0.5, epoch: 3, epochs: 6, loss: 0.21345, secondsLeft: 75 }
  const place = { node: 'train', description: '', index: 1, count: 3 }

  it('rewrites one line on a terminal, never longer than it', () => {
    const out = sink(true)
    const display = liveDisplay(out, () => 0)
    display.step({ ...place, state: 'started' })
    display.progress({ ...training, fraction: 1 })
    display.warn({ tag: 'Odd', message: 'odd' })
    const lines = out.read().split('\r\u001b[K')
    expect(lines[2]).toMatch(/^\[2\/3\] train ▕█{20}▏/)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60)
    expect(out.read().endsWith('\r\u001b[Kwarning: odd\n')).toBe(true)
  })

  it('shows epoch, loss and time left', () => {
    const out = { ...sink(true), columns: 200 }
    let text = ''
    liveDisplay({ ...out, write: (part: string) => (text += part) }, () => 0).progress(training)
    expect(text).toContain('50 %  epoch 3/6  loss 0.213  1 min 15 s left')
    expect(text).toContain(`▕${'█'.repeat(10)}`)
  })

  it('writes rare plain lines elsewhere', () => {
    const out = sink(false)
    let at = 0
    const display = liveDisplay(out, () => at)
    display.step({ ...place, state: 'started' })
    for (let i = 0; i <= 100; i++, at += 1000) display.progress({ step: 'train', fraction: i / 100 })
    display.step({ ...place, state: 'finished', seconds: 100 })
    const lines = out.read().trim().split('\n')
    expect(lines[0]).toBe('[2/3] train ...')
    expect(lines.at(-1)).toBe('[2/3] train: done in 1 min 40 s')
    expect(lines.length).toBeLessThan(16)
    expect(out.read()).not.toContain('\u001b')
  })

  it('still warns when it is silent', () => {
    const out = sink(false)
    const display = silentDisplay(out)
    display.step({ ...place, state: 'started' })
    display.progress(training)
    display.warn({ tag: 'Odd', message: 'odd' })
    expect(out.read()).toBe('warning: odd\n')
  })
})

describe('failureOf', () => {
  it('keeps a message on one line and follows causes on request', () => {
    const error = new Error('first\n  second', { cause: new Error('deeper') })
    expect(failureOf(error, false).text.split('\n')).toHaveLength(3)
    expect(failureOf(error, true).text).toContain('caused by: Error: deeper')
    expect(failureOf('text', false)).toMatchObject({ exitCode: 1 })
  })
})
