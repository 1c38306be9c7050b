import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openBrowser, type TestBrowser } from '../web/browser.ts'
import { fingerprints, type Outcome } from './page.ts'

describe.skipIf(chromiumPath === undefined)('in a page', () => {
  let browser: TestBrowser

  beforeAll(async () => {
    browser = await openBrowser()
  })

  afterAll(() => browser?.close())

  const inPage = (threads: number): Promise<Outcome> =>
    browser.page.evaluate(
      `import('/packages/tensor/test/linalg/page.ts').then((page) => page.fingerprints(${threads}))`,
    )

  test('every routine gives what Node gives', async () => {
    const [page, node] = [await inPage(1), await fingerprints(1)]
    expect(page.numbers.length).toBe(node.numbers.length)
    page.numbers.forEach((value, i) => {
      expect(value / node.numbers[i]!).toBeCloseTo(1, 10)
    })
  })

  test('threads are Web Workers there, with the same bytes', async () => {
    const [one, two] = [await inPage(1), await inPage(2)]
    expect([one.threads, two.threads]).toEqual([1, 2])
    expect(two.numbers).toEqual(one.numbers)
  })
})
