import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { relativeError } from '../support.ts'
import { chromiumPath, openBrowser, type TestBrowser } from '../web/browser.ts'
import { type Outcome, segment } from './page.ts'

describe.skipIf(chromiumPath === undefined)('the image engine in a page', { timeout: 120_000 }, () => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  const inPage = (settings: object): Promise<Outcome> =>
    browser.page.evaluate(
      `import('/packages/tensor/test/inference/page.ts').then((page) => page.segment(${JSON.stringify(settings)}))`,
    )

  test('gives the same bytes with one thread and two, near to ONNX Runtime on Node', async () => {
    const [one, two] = [await inPage({ threads: 1 }), await inPage({ threads: 2 })]
    const exact = await segment({ exact: true })
    expect([one.planned, two.planned]).toEqual([true, true])
    expect(two.numbers).toEqual(one.numbers)
    expect(relativeError(one.numbers, exact.numbers)).toBeLessThan(1e-5)
  })
})
