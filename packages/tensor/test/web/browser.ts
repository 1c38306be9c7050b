/** A headless Chromium with software WebGPU, on a page of the test server. */

import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { serveWorkspace } from './server.ts'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** `CHROMIUM` names another. Undefined where there is none: the tests are skipped then, and say so. */
export const chromiumPath: string | undefined = [process.env.CHROMIUM, ...places].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
)

const flags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  // A software driver may take its time.
  '--disable-gpu-watchdog',
  // Compiling is what tests take longest for. WebAssembly's second compiler serves code that runs for long; zeroing the
  // memory of workgroups is a third of every kernel, which kernels that set what they read do without.
  '--js-flags=--liftoff-only',
  '--enable-dawn-features=disable_workgroup_init',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface TestBrowser {
  readonly page: Page
  close(): Promise<void>
}

/** Opens an empty page of the workspace's server; whatever goes wrong in it is printed. */
export async function openBrowser(): Promise<TestBrowser> {
  const server = await serveWorkspace()
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close()
    await server.close()
  }
  try {
    browser = await chromium.launch({ executablePath: chromiumPath!, headless: true, args: flags })
    const page = await browser.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error') console.error(`page: ${message.text()}`)
    })
    page.on('pageerror', (error) => console.error(`page: ${error.message}`))
    await page.goto(server.origin)
    return { page, close }
  } catch (error) {
    await close()
    throw error
  }
}

type PageModule = typeof import('./page.ts')

/** Calls a function of `page.ts` in the page. */
export function inPage<K extends keyof PageModule>(
  page: Page,
  name: K,
  ...args: Parameters<PageModule[K]>
): Promise<Awaited<ReturnType<PageModule[K]>>> {
  return page.evaluate(
    ([fn, given]) => {
      // Vitest rewrites imports even in here, so that the page has imported the module by itself.
      const { page } = globalThis as unknown as { page: Record<string, (...args: unknown[]) => Promise<never>> }
      return page[fn]!(...given)
    },
    [name, args] as const,
  )
}
