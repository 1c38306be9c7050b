/** Numbered sections, figures and tables, and the figure of a map. What they contain is up to the sections. */
import { classColours, pngUri, rampGradient } from '@ecotope/cube'
import { metres, number, significant } from './format.ts'
import { type Content, html, type Markup } from './html.ts'
import { paint } from './paint.ts'
import type { ClassStyle, MapRaster } from './types.ts'

/** Counts figures and tables through one report. */
export interface Page {
  figure(caption: Content, content: Content, options?: { readonly wide?: boolean }): Markup
  table(caption: Content, content: Content): Markup
}

export function createPage(): Page {
  let figures = 0
  let tables = 0
  return {
    figure: (caption, content, { wide = false } = {}) =>
      html`<figure class="${wide ? 'wide' : ''}">${content}<figcaption><b>Figure ${++figures}.</b> ${caption}</figcaption></figure>`,
    table: (caption, content) =>
      html`<figure class="tabular"><figcaption><b>Table ${++tables}.</b> ${caption}</figcaption><div class="scroll">${content}</div></figure>`,
  }
}

/** Longest round ground distance that takes at most a third of the view. */
export function scaleBar(metresPerPixel: number, width: number): { metres: number; share: number } {
  const most = (metresPerPixel * width) / 3
  const power = 10 ** Math.floor(Math.log10(most))
  const length = [5, 2, 1].map((m) => m * power).find((v) => v <= most) ?? power
  return { metres: length, share: length / (metresPerPixel * width) }
}

export interface MapOptions {
  readonly title?: Content
  /** What it shows, for those who cannot see it. */
  readonly alt: string
  /** Leave the legend out where a neighbour has the same one. */
  readonly legend?: boolean
}

/** One map with title, legend, scale bar and north arrow. */
export function mapView(raster: MapRaster, { title, alt, legend = true }: MapOptions): Markup {
  const uri = pngUri(raster.width, raster.height, paint(raster))
  const pixelated = raster.width < 420 && raster.kind !== 'rgb' ? ' pixelated' : ''
  const widest = Math.round(560 * Math.max(0.35, Math.min(1.6, raster.width / raster.height)))
  return html`<div class="map" style="max-width:${widest}px">${title ? html`<p class="panel-title">${title}</p>` : ''}<img class="raster${pixelated}" src="${uri}" width="${raster.width}" height="${raster.height}" alt="${alt}">${ground(raster)}${legend ? legendOf(raster) : ''}</div>`
}

function ground({ metresPerPixel, width, northDeg = 0 }: MapRaster): Markup {
  const arrow = html`<svg class="north" viewBox="0 0 16 22" width="16" height="22" role="img" aria-label="north arrow" style="transform:rotate(${number(northDeg, 1).replace('−', '-')}deg)"><path d="M8 1L13 15L8 12L3 15Z" fill="currentColor"/><text x="8" y="22" text-anchor="middle" font-size="7.5">N</text></svg>`
  if (metresPerPixel === undefined || !(metresPerPixel > 0))
    return html`<div class="ground"><span></span>${arrow}</div>`
  const bar = scaleBar(metresPerPixel, width)
  return html`<div class="ground"><span class="scale" style="width:${significant(100 * bar.share, 4)}%"><i></i>${metres(bar.metres)}</span>${arrow}</div>`
}

type Legends = { [K in MapRaster['kind']]: (raster: Extract<MapRaster, { kind: K }>) => Markup }

const LEGENDS: Legends = {
  rgb: ({ legend }) => html`<p class="legend-note">${legend}</p>`,
  classes: ({ classes }) => swatches(classes),
  ramp: ({ range: [low, high], ramp = 'viridis', legend, unit }) =>
    html`<div class="ramp"><i style="background:${rampGradient(ramp)}"></i><span>${significant(low)}</span><span>${legend}${unit ? `, ${unit}` : ''}</span><span>${significant(high)}</span></div>`,
}

const legendOf = (raster: MapRaster): Markup => (LEGENDS[raster.kind] as (r: MapRaster) => Markup)(raster)

/** Names and colours of classes. */
export function swatches(classes: readonly ClassStyle[]): Markup {
  const colours = classColours(classes)
  return html`<ul class="swatches">${classes.map((c, i) => html`<li><i style="background:${colours[i]}"></i>${c.name}</li>`)}</ul>`
}

/** A coloured mark before a class's name. */
export const named = (name: string, colour: string | undefined): Markup =>
  html`<span class="named"><i style="background:${colour ?? 'transparent'}"></i>${name}</span>`
