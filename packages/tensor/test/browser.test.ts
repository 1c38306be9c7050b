import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { relativeError } from './support.ts'
import { chromiumPath, inPage, openBrowser, type TestBrowser } from './web/browser.ts'
import { type ModelName, models, trainAndPredict } from './web/models.ts'

const unavailable = chromiumPath === undefined
if (unavailable) console.warn('No Chromium: the tests of the browser are skipped. Install one, or name it by CHROMIUM.')

const names = Object.keys(models) as ModelName[]

describe.skipIf(unavailable)('in a page of headless Chromium', { timeout: 400_000 }, () => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())

  describe.each(['wasm', 'webgpu'] as const)('on the device %s', (device) => {
    test('value and gradient of every primitive equal the float64 interpreter', async () => {
      const outcomes = await inPage(browser.page, 'runSuite', device)
      expect(outcomes.length).toBeGreaterThan(100)
      expect(outcomes.filter(({ error }) => !(error < 3e-6))).toEqual([])
    })

    test.each(names)('%s: losses, gradients and predictions equal those of Node', async (name) => {
      const expected = await trainAndPredict(name, {})
      const actual = await inPage(browser.page, 'trainAndPredict', name, { device, threads: 2 })
      expect(actual.losses).toHaveLength(expected.losses.length)
      actual.losses.forEach((loss, i) => {
        expect(Math.abs(loss - expected.losses[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected.losses[i]!)))
      })
      expect(actual.losses.at(-1)).toBeLessThan(actual.losses[0]!)
      expect(relativeError(actual.gradient, expected.gradient)).toBeLessThan(1e-4)
      expect(relativeError(actual.prediction, expected.prediction)).toBeLessThan(1e-4)
    })
  })
})
