/** Outlines of the inputs in one coordinate system: what overlaps what. */
import { OKABE_ITO } from '@ecotope/cube'
import { html, type Markup } from '../html.ts'
import { dash, lineKey, round } from '../svg.ts'
import type { InputLayer } from '../types.ts'

const WIDTH = 420

export function footprints(inputs: readonly InputLayer[]): Markup | undefined {
  const layers = inputs.filter((layer) => (layer.footprint?.length ?? 0) >= 3)
  if (layers.length < 2) return undefined
  const all = layers.flatMap((layer) => layer.footprint!)
  const xs = all.map(([x]) => x)
  const ys = all.map(([, y]) => y)
  const [west, east] = [Math.min(...xs), Math.max(...xs)]
  const [south, north] = [Math.min(...ys), Math.max(...ys)]
  const scale = (WIDTH - 24) / Math.max(east - west, (north - south) * 0.9, 1e-12)
  const height = round((north - south) * scale + 24)
  const rings = layers.map((layer, i) => {
    const colour = OKABE_ITO[i % OKABE_ITO.length]!
    const points = layer.footprint!.map(
      ([x, y]) => `${round(12 + (x - west) * scale)},${round(12 + (north - y) * scale)}`,
    )
    return html`<polygon points="${points.join(' ')}" fill="${colour}" fill-opacity=".10" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash(i)}"><title>${layer.name}</title></polygon>`
  })
  const keys = layers.map((layer, i) => lineKey(layer.name, OKABE_ITO[i % OKABE_ITO.length]!, dash(i)))
  return html`<div class="beside"><svg class="chart" viewBox="0 0 ${WIDTH} ${height}" style="max-width:${WIDTH}px" role="img" aria-label="Outlines of ${layers.map((l) => l.name).join(', ')}">${rings}</svg><ul class="keys tall">${keys}</ul></div>`
}
