/**
 * The image engine beside ONNX Runtime on blocks of a network, by channels and image size, in Node or in headless
 * Chromium: the measurements behind the rules of `packages/tensor/src/inference/choose.ts`. Prints a line per setting:
 * millions of products, milliseconds of both, their ratio.
 * Usage: node bench/tensor/inference.ts [node|page] [part of a setting's name] [rounds]
 */
import { openBrowser } from '../../packages/tensor/test/web/browser.ts'
import { compare, settings } from './inference-blocks.ts'

const [, , where = 'node', part = '', rounds = '15'] = process.argv
const browser = where === 'page' ? await openBrowser() : undefined
for (const setting of settings.filter(({ name }) => name.includes(part))) {
  if (browser === undefined) console.log(await compare(setting, Number(rounds)))
  else {
    const call = `compare(${JSON.stringify(setting)}, ${Number(rounds)})`
    console.log(
      await browser.page.evaluate(`import('/bench/tensor/inference-blocks.ts').then(({ compare }) => ${call})`),
    )
  }
}
await browser?.close()
process.exit(0)
