import { describe, expect, test } from 'vitest'
import { type ReportData, renderReport } from '../../src/report/index.ts'
import { demoReport } from './demo.ts'
import { attribute, loads, problems, textOf } from './html.ts'

const binary = demoReport('binary')
const multi = demoReport('multi')
const pages = { binary: renderReport(binary), multi: renderReport(multi) }

/** Only what every report must have. */
const bare: ReportData = {
  title: 'Bare',
  created: 'today',
  recipe: { id: 'segmentation', summary: 'Maps classes.' },
  classes: multi.classes,
  inputs: [],
  map: { classes: multi.map.classes },
  parameters: [],
  environment: [],
  warnings: [],
  command: 'npx ecotope run',
}

describe.each(['binary', 'multi'] as const)('the %s report', (kind) => {
  const page = pages[kind]

  test('is well-formed and loads nothing', () => {
    expect(problems(page)).toEqual([])
    expect(loads(page)).toEqual([])
    expect(page).not.toMatch(/<script|<link|<iframe|@import|javascript:/i)
  })

  test('has every section, numbered figures and tables, and a contents list that leads to them', () => {
    const ids = attribute(page, 'section', 'id')
    expect(ids).toEqual([
      'map',
      'accuracy',
      'confidence',
      'area',
      'input',
      'training',
      'parameters',
      'record',
      'reading',
    ])
    expect(attribute(page, 'a', 'href')).toEqual(ids.map((id) => `#${id}`))
    const numbers = (word: string): number[] =>
      [...page.matchAll(new RegExp(`<b>${word} (\\d+)\\.`, 'g'))].map((m) => Number(m[1]))
    expect(numbers('Figure')).toEqual(numbers('Figure').map((_, i) => i + 1))
    expect(numbers('Figure').length).toBeGreaterThan(9)
    expect(numbers('Table').length).toBeGreaterThan(7)
  })

  test('tells those who cannot see what each picture shows', () => {
    const images = page.match(/<img/g)!.length
    expect(attribute(page, 'img', 'alt').filter((alt) => alt.length > 8).length).toBe(images)
    for (const svg of page.match(/<svg\b[^>]*>/g)!) expect(svg).toMatch(/aria-label="[^"]+"|aria-hidden="true"/)
  })

  test('never shows NaN, undefined or an object', () => {
    expect(textOf(page)).not.toMatch(/\bNaN\b|undefined|\[object|Infinity/)
    for (const d of attribute(page, 'path', 'd')) expect(d).not.toMatch(/NaN|Infinity/)
  })

  test('is light enough to send', () => {
    expect(page.length).toBeLessThan(1_500_000)
  })
})

describe('what is said in words', () => {
  test('a two-class map speaks of its second class', () => {
    const text = textOf(pages.binary)
    expect(text).toContain('it shows landslide scar')
    expect(text).toContain('Simulated data.')
    expect(text).toContain('The full reference has')
    expect(text).toContain('false alarm (mapped as landslide scar, is not)')
    expect(text).toContain('counted on a full reference: no sampling error')
  })

  test('a map of many classes names the best and the weakest', () => {
    const text = textOf(pages.multi)
    expect(text).toMatch(/best at \w+ \(F1 0\.\d\d\) and weakest at \w+/)
    expect(text).toContain('Polygon 17 crosses itself')
    expect(text).toContain('Random forest')
  })

  test('scores and intervals are the given ones', () => {
    const { kappa } = multi.scores!.scores
    expect(pages.multi).toContain(`<b>${kappa.toFixed(3)}</b>`)
    const interval = multi.scores!.intervals!.kappa!
    if ('refused' in interval) throw new Error(interval.refused)
    expect(textOf(pages.multi)).toContain(`${interval.lower.toFixed(3)} to ${interval.upper.toFixed(3)}`)
  })

  test('parameters that were changed stand out with their default', () => {
    const text = textOf(pages.multi)
    expect(text).toContain('1 differs from the default')
    expect(text).toContain('default 60')
    expect(text).toContain('Raise if both losses still fall at the end.')
  })

  test('a class-wise error that hides behind a small overall one is told', () => {
    const { calibration } = multi
    const after = { ...calibration!.after, ece: 0.007, classwiseEce: 0.07 }
    const hidden = textOf(renderReport({ ...multi, calibration: { ...calibration!, after } }))
    expect(hidden).toContain('can be taken at their word: they differ from what was observed by 0.7 percentage points')
    expect(hidden).toContain('off by 7.0 percentage points on average')
    const poor = { ...after, ece: 0.2 }
    const text = textOf(renderReport({ ...multi, calibration: { ...calibration!, after: poor } }))
    expect(text).toContain('are not reliable')
    expect(text).not.toContain('Class by class')
  })

  test('the command is there word for word', () => {
    expect(pages.multi).toContain(`<pre><code>${multi.command}</code></pre>`)
  })
})

describe('missing parts', () => {
  const page = renderReport(bare)

  test('a bare report is whole and says what is unknown', () => {
    expect(problems(page)).toEqual([])
    const text = textOf(page)
    expect(text).toContain('No reference covers this map')
    expect(text).toContain('nothing is claimed here about its accuracy')
    expect(attribute(page, 'section', 'id')).toEqual(['map', 'accuracy', 'input', 'parameters', 'record', 'reading'])
    expect(text).toContain('today')
  })

  test('a refused area gives its reason and the counted pixels as what they are', () => {
    const refused = renderReport({
      ...multi,
      areas: { refused: 'the polygons were drawn where they were easy to see' },
    })
    const text = textOf(refused)
    expect(text).toContain('because the polygons were drawn where they were easy to see')
    expect(text).toContain('These are not estimates')
    expect(text).toContain('draw a random sample')
    expect(problems(refused)).toEqual([])
  })

  test('a refused interval gives its reason', () => {
    const scores = { ...multi.scores!, intervals: { kappa: { refused: 'only 2 blocks with reference' } } }
    expect(textOf(renderReport({ ...multi, scores }))).toContain('none: only 2 blocks with reference')
  })

  test('a class that the reference lacks has dashes, not zeros', () => {
    const classes = multi.scores!.scores.classes.map((c, i) =>
      i === 2 ? { ...c, support: 0, f1: 0, recall: 0, iou: 0 } : c,
    )
    const scores = { ...multi.scores!, scores: { ...multi.scores!.scores, classes } }
    const row = /<tr><td><span class="named"><i[^>]*><\/i>snow<\/span><\/td>.*?<\/tr>/.exec(
      renderReport({ ...multi, scores }),
    )![0]
    expect(textOf(row).match(/–/g)!.length).toBe(3)
  })
})

describe('text of the user', () => {
  const evil = `<script>alert("x")</script> & 'quoted' ]]> <b`

  test('is escaped wherever it appears', () => {
    const page = renderReport({
      ...multi,
      title: evil,
      subtitle: evil,
      simulated: evil,
      classes: multi.classes.map((c, i) => (i === 0 ? { ...c, name: evil } : c)),
      map: {
        ...multi.map,
        classes: { ...multi.map.classes, classes: multi.classes.map((c) => ({ ...c, name: evil })) },
      },
      inputs: multi.inputs.map((layer) => ({ ...layer, name: evil, path: evil, crs: evil, notes: [evil] })),
      warnings: [{ tag: 'T', message: evil }],
      parameters: [{ name: evil, description: evil, value: evil, default: '', raiseWhen: evil, group: evil }],
      command: evil,
      environment: [{ label: evil, value: evil }],
      scores: { ...multi.scores!, on: evil },
      precisionRecall: multi.precisionRecall!.map((c) => ({ ...c, name: evil })),
    })
    expect(page).not.toContain('<script')
    expect(problems(page)).toEqual([])
    expect(loads(page)).toEqual([])
  })

  test('a colour that is none cannot smuggle style or markup', () => {
    const classes = multi.classes.map((c) => ({ ...c, colour: 'red;background:url(http://example.org/x)' }))
    const page = renderReport({ ...multi, classes, map: { ...multi.map, classes: { ...multi.map.classes, classes } } })
    expect(loads(page)).toEqual([])
    expect(page).not.toContain('example.org')
  })
})
