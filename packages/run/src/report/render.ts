/** One self-contained HTML page from a report's data: no script, no font, no file beside it. */
import { html, type Markup, raw } from './html.ts'
import { createPage, type Page } from './page.ts'
import { accuracySection } from './sections/accuracy.ts'
import { areaSection } from './sections/areas.ts'
import { calibrationParts } from './sections/calibration.ts'
import { sentences, tiles } from './sections/headline.ts'
import { inputSection, trainingSection } from './sections/inputs.ts'
import { confidenceSection, mapSection } from './sections/maps.ts'
import { parameterSection, readingSection, recordSection } from './sections/record.ts'
import { STYLE } from './style.ts'
import type { ReportData } from './types.ts'

interface Section {
  readonly id: string
  readonly title: string
  readonly render: (data: ReportData, page: Page) => Markup | undefined
}

/** In the order of a reader's questions. A section that has nothing to say is left out. */
const SECTIONS: readonly Section[] = [
  { id: 'map', title: 'The map', render: mapSection },
  { id: 'accuracy', title: 'How good it is', render: accuracySection },
  {
    id: 'confidence',
    title: 'How sure it is',
    render: (data, page) => {
      const maps = confidenceSection(data, page)
      const calibration = data.calibration && calibrationParts(data.calibration, page)
      return maps || calibration ? html`${maps}${calibration}` : undefined
    },
  },
  { id: 'area', title: 'How much area', render: areaSection },
  { id: 'input', title: 'What went in', render: inputSection },
  { id: 'training', title: 'Split and training', render: trainingSection },
  { id: 'parameters', title: 'Parameters', render: parameterSection },
  { id: 'record', title: 'Lineage and how to repeat it', render: recordSection },
  { id: 'reading', title: 'How to read this report', render: readingSection },
]

/** The whole report as HTML text, which is also well-formed XML but for its void elements and its doctype. */
export function renderReport(data: ReportData): string {
  const page = createPage()
  const shown = SECTIONS.map((section) => ({ ...section, body: section.render(data, page) })).filter(
    (section) => section.body !== undefined,
  )
  const contents = shown.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)
  const sections = shown.map(
    ({ id, title, body }, i) => html`<section id="${id}"><h2><span>${i + 1}</span>${title}</h2>${body}</section>`,
  )
  const document = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="generator" content="Ecotope"><title>${data.title}</title><style>${raw(STYLE)}</style></head>
<body><header><p class="eyebrow">Ecotope · ${data.recipe.id}${data.recipe.version ? ` ${data.recipe.version}` : ''} · ${day(data.created)}</p><h1>${data.title}</h1>${data.subtitle && html`<p class="subtitle">${data.subtitle}</p>`}${data.simulated && html`<div class="notice calm"><p><b>Simulated data.</b> ${data.simulated}</p></div>`}${tiles(data)}<div class="front"><div class="lede">${sentences(data)}${warnings(data)}</div><nav aria-label="Contents"><p class="eyebrow">Contents</p><ol>${contents}</ol></nav></div></header>
<main>${sections}</main>
<footer>Made by Ecotope on ${data.created}. This file needs nothing beside it.</footer></body></html>
`
  return document.text
}

/** `20 November 2026`; text that is no date is shown as it is. */
function day(created: string): string {
  const time = new Date(created)
  if (Number.isNaN(time.getTime())) return created
  return time.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
}

function warnings({ warnings: given }: ReportData): Markup | undefined {
  if (given.length === 0) return undefined
  return html`<div class="notice" id="warnings"><p><b>${given.length === 1 ? 'One warning' : `${given.length} warnings`}</b></p>${given.map((w) => html`<p>${w.message}</p>`)}</div>`
}
