/** Drawings as SVG. Images become PNG inside it, so that one file is all. */
import type { Drawing, Shape, Style } from './drawing.ts'
import { pngUri } from './png.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text for XML; control characters, which it forbids, become a visible mark. */
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => ENTITIES[c]!).replace(/\p{Cc}/gu, '\u2426')

const number = (value: number): string => String(Math.round(value * 100) / 100)

export function svgOf({ width, height, background, alt, shapes }: Drawing): string {
  const body = shapes.map(shape).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(alt)}" font-family="Helvetica, Arial, 'Liberation Sans', sans-serif"><title>${escaped(alt)}</title><rect width="${width}" height="${height}" fill="${background}"/>${body}</svg>\n`
}

const WRITERS: { readonly [K in Shape['kind']]: (shape: Extract<Shape, { kind: K }>) => string } = {
  rectangle: (s) =>
    `<rect x="${number(s.x)}" y="${number(s.y)}" width="${number(s.width)}" height="${number(s.height)}"${style(s)}/>`,
  line: (s) => {
    const pairs = Array.from(
      { length: s.points.length / 2 },
      (_, i) => `${number(s.points[2 * i]!)},${number(s.points[2 * i + 1]!)}`,
    )
    return `<polyline points="${pairs.join(' ')}" stroke-linejoin="round"${style({ fill: 'none', ...s })}/>`
  },
  text: (s) => {
    const turned = s.isUpright ? ` transform="rotate(-90 ${number(s.x)} ${number(s.y)})"` : ''
    const anchor = s.anchor === undefined || s.anchor === 'start' ? '' : ` text-anchor="${s.anchor}"`
    const weight = s.isBold ? ' font-weight="bold"' : ''
    return `<text x="${number(s.x)}" y="${number(s.y)}" font-size="${number(s.size)}"${anchor}${weight} fill="${s.fill ?? '#000000'}"${turned}>${escaped(s.text)}</text>`
  },
  image: (s) =>
    `<image x="${number(s.x)}" y="${number(s.y)}" width="${number(s.width)}" height="${number(s.height)}" preserveAspectRatio="none"${s.isSmooth ? '' : ' style="image-rendering:pixelated"'} href="${pngUri(s.columns, s.rows, s.rgba)}"/>`,
}

const shape = (one: Shape): string => (WRITERS[one.kind] as (shape: Shape) => string)(one)

function style({ fill, stroke, strokeWidth, opacity }: Style): string {
  const parts = [
    fill === undefined ? (stroke === undefined ? '' : ' fill="none"') : ` fill="${fill}"`,
    stroke === undefined ? '' : ` stroke="${stroke}"`,
    strokeWidth === undefined ? '' : ` stroke-width="${number(strokeWidth)}"`,
    opacity === undefined ? '' : ` opacity="${opacity}"`,
  ]
  return parts.join('')
}
