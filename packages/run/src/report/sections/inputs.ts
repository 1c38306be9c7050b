/** What went in: layers with their own grids, labels, the split, and how the training went. */

import { classColours } from '@ecotope/cube'
import { footprints } from '../charts/footprints.ts'
import { learningCurves } from '../charts/learning.ts'
import { duration, hectares, number, percent, plural, significant } from '../format.ts'
import { type Content, html, type Markup } from '../html.ts'
import { mapView, named, type Page } from '../page.ts'
import type { InputLayer, LabelSummary, ReportData, SplitSection, TrainingSection } from '../types.ts'

export function inputSection(data: ReportData, page: Page): Markup {
  const pictured = data.inputs.filter((layer) => layer.quicklook)
  const outlines = footprints(data.inputs)
  return html`${page.table('Layers as they were given, each on its own grid.', layerTable(data.inputs))}${
    pictured.length > 0 &&
    page.figure(
      'Quicklooks of the layers.',
      html`<div class="panels${pictured.length > 3 ? ' many' : ' three'}">${pictured.map((layer) => mapView(layer.quicklook!, { title: layer.name, alt: `Quicklook of ${layer.name}.` }))}</div>`,
      { wide: true },
    )
  }${outlines && page.figure('Extents of the layers in the working coordinate system.', outlines)}${data.labels && page.table('Reference on the working grid.', labelTable(data.labels, data))}`
}

function layerTable(inputs: readonly InputLayer[]): Markup {
  const rows = inputs.map(
    (layer) =>
      html`<tr><td><b>${layer.name}</b><span class="chips">${layer.role}</span><small class="mono">${layer.path}</small>${layer.notes?.map((note) => html`<small>${note}</small>`)}</td><td>${layer.crs}</td><td class="n">${extent(layer)}</td><td>${content(layer)}</td><td class="n">${layer.coverage === undefined ? '–' : percent(layer.coverage, 0)}</td></tr>`,
  )
  return html`<table><thead><tr><th>Layer</th><th>Coordinate system</th><th class="n">Grid</th><th>Content</th><th class="n">Covers</th></tr></thead><tbody>${rows}</tbody></table>`
}

function extent({ size, resolution, resolutionUnit, polygons }: InputLayer): Content {
  if (polygons !== undefined) return plural(polygons, 'polygon')
  const unit = resolutionUnit ? `\u202f${resolutionUnit}` : ''
  const pixel =
    resolution && resolution[0] === resolution[1]
      ? significant(resolution[0], 4)
      : resolution?.map((r) => significant(r, 4)).join(' × ')
  return html`${size ? `${number(size[0])} × ${number(size[1])}` : ''}${pixel ? html`<small>${pixel}${unit} a pixel</small>` : ''}`
}

function content({ bands, dtype, nodata, resampling }: InputLayer): Content {
  const details = [
    dtype,
    nodata === undefined ? undefined : `no data: ${nodata}`,
    resampling && `resampling: ${resampling}`,
  ]
  return html`${bands?.join(', ')}<small>${details.filter(Boolean).join('; ')}</small>`
}

function labelTable(labels: readonly LabelSummary[], data: ReportData): Markup {
  const colours = classColours(data.classes)
  const total = labels.reduce((s, label) => s + label.pixels, 0)
  const rows = labels.map((label) => {
    const c = data.classes.findIndex((style) => style.name === label.name)
    return html`<tr><td>${named(label.name, colours[c])}</td><td class="n">${number(label.polygons)}</td><td class="n">${number(label.pixels)}</td><td class="n">${percent(total > 0 ? label.pixels / total : 0)}</td><td class="n">${hectares(label.hectares)}</td></tr>`
  })
  return html`<table class="fit"><thead><tr><th>Class</th><th class="n">Polygons</th><th class="n">Pixels</th><th class="n">Share</th><th class="n">Area</th></tr></thead><tbody>${rows}</tbody></table>`
}

export function trainingSection(data: ReportData, page: Page): Markup | undefined {
  const { split, training } = data
  if (!split && !training) return undefined
  return html`${split && splitParts(split, page)}${training && trainingParts(training, page)}`
}

function splitParts({ description, raster, parts }: SplitSection, page: Page): Markup {
  const rows = parts.map(
    (part) =>
      html`<tr><td>${part.name}</td><td class="n">${number(part.blocks)}</td><td class="n">${number(part.pixels)}</td></tr>`,
  )
  const table = html`<table class="fit"><thead><tr><th>Part</th><th class="n">Blocks</th><th class="n">Labelled pixels</th></tr></thead><tbody>${rows}</tbody></table>`
  const caption = html`Training, validation and test blocks (${description}). The networks learn on training blocks, the epoch and the calibration are chosen on validation blocks, and the scores come from test blocks, which were used for nothing else.`
  if (!raster) return page.table(caption, table)
  return page.figure(
    caption,
    html`<div class="beside"><div class="split">${mapView(raster, { alt: 'Blocks of the split.' })}</div>${table}</div>`,
  )
}

function trainingParts(training: TrainingSection, page: Page): Markup {
  const seconds = training.members.reduce((s, m) => s + (m.seconds ?? 0), 0)
  const facts = [
    training.network,
    `loss: ${training.loss}`,
    plural(training.members.length, 'member'),
    seconds > 0 && duration(seconds),
  ]
  return page.figure(
    html`Learning curves (${facts.filter(Boolean).join('; ')}). A validation loss that rises while the training loss falls means learning by heart: give more labels, more augmentation or fewer epochs. Both still falling at the end: give more epochs.`,
    learningCurves(training),
    { wide: true },
  )
}
