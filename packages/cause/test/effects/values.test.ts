import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { bootstrapped, intervalOf } from '../../src/effects/bootstrap.ts'
import { fitLinearMediation, mediationIntervals } from '../../src/effects/linear-mediation.ts'
import { fitNaturalEffects } from '../../src/effects/natural-effects.ts'
import {
  givenCoefficients,
  type Mediation,
  pathCoefficients,
  pathEffects,
  predictByPaths,
} from '../../src/effects/path-effects.ts'
import { findPredictors, fitPredictor, trainingSteps } from '../../src/effects/prediction.ts'
import { effectQuery, nodesOf } from '../../src/effects/query.ts'
import { kernelRidge } from '../../src/effects/regressors/kernel-ridge.ts'
import { linear, ridge } from '../../src/effects/regressors/linear.ts'
import { nearestNeighbours } from '../../src/effects/regressors/neighbours.ts'
import type { Regressor } from '../../src/effects/regressors/regressor.ts'
import { fitTotalEffect, type TotalEffectOptions } from '../../src/effects/total-effect.ts'
import { parcorr } from '../../src/independence/parcorr.ts'
import { testerOf } from '../../src/independence/tester.ts'
import type { MaskType } from '../../src/series/samples.ts'
import { type Node, type TimeSeries, timeSeries } from '../../src/series/series.ts'
import { golden, type LinkRow, linkGraph } from './graphs.ts'

type Matrix = readonly (readonly number[])[]

interface Golden {
  readonly series: Record<string, { datasets: (number | null)[][][]; masks?: number[][][] }>
  readonly parents: Node[][]
  readonly queries: Record<string, { series: string; x: Node[]; y: Node[]; s: Node[]; hidden: Node[] }>
  readonly total: readonly {
    readonly query: string
    readonly model: string
    readonly options: { adjustment_set?: string; standardize?: boolean; mask_type?: MaskType }
    readonly interventions: Matrix
    readonly conditions?: Matrix
    readonly adjustment?: readonly Node[]
    readonly hard: Matrix
    readonly soft: Matrix
    readonly error?: string
    readonly hardUnits?: Matrix
    readonly softUnits?: Matrix
  }[]
  readonly wright: readonly {
    readonly query: string
    readonly method: 'parents' | 'optimal' | 'links_coeffs'
    readonly mediation: null | 'direct' | Node[]
    readonly effects?: number[][]
    readonly error?: string
  }[]
  readonly bootstrap: readonly {
    readonly query: string
    readonly block: number | 'cube_root'
    readonly seed: number
    readonly draws: number[][]
    readonly interval: number[][]
  }[]
  readonly mediation: readonly Mediated[]
  readonly natural: readonly {
    readonly series: string
    readonly x: Node
    readonly y: Node
    readonly blocked: 'all' | Node[]
    readonly model: 'linear' | 'knn'
    readonly changes?: [number, number][]
    readonly direct: number[]
    readonly smooth: number[]
    readonly error?: string
  }[]
  readonly predictions: readonly {
    readonly model: 'linear' | 'knn'
    readonly standardize: boolean
    readonly target: number
    readonly predicted: number[]
    readonly observed: number[]
  }[]
  readonly predictors: readonly Found[]
  readonly triangle: readonly {
    readonly model: 'linear' | 'knn'
    readonly changes: [number, number][]
    readonly direct: number[]
    readonly indirect: number[]
  }[]
}

interface Found {
  readonly stepsAhead: number
  readonly pcAlpha: number | null
  readonly found: Node[][]
}

interface Mediated {
  readonly series: string
  readonly standardize: boolean
  readonly tauMax: number
  readonly maskType: MaskType
  readonly phi: number[][][]
  readonly psi: number[][][]
  readonly largest: number[][]
  readonly joint: number[]
  readonly jointMediated: number[]
  readonly mediated: number[]
  readonly mediatedBoth: number[]
  readonly mediatedNot: number[]
  readonly averages: { lags: string; exclude: boolean; ace: number[]; acs: number[]; amce: number[] }[]
  readonly interval?: number[]
  readonly intervalMediated?: number[]
}

const known = golden<Golden>('effects_values.json')
const graph = linkGraph(
  4,
  2,
  known.parents.flatMap((own, j) => own.map(([i, lag]): LinkRow => [i, j, -lag, '-->'])),
)

const seriesOf = (name: string): TimeSeries => {
  const { datasets, masks } = known.series[name]!
  return timeSeries(
    datasets.map((columns, k) => ({
      columns: columns.map((column) => column.map((value) => value ?? Number.NaN)),
      ...(masks && { masks: masks[k]! }),
    })),
  )
}

const queryOf = (name: string) => {
  const { x, y, s, hidden } = known.queries[name]!
  return effectQuery(graph, { kind: 'stationary-dag', from: x, to: y, condition: s, hidden })
}

const MODELS: Record<string, () => Regressor> = {
  linear,
  ridge: () => ridge({ alpha: 2.5 }),
  knn: () => nearestNeighbours({ k: 7 }),
  'knn-distance': () => nearestNeighbours({ k: 5, weights: 'distance' }),
  'kernel-ridge': () => kernelRidge({ alpha: 0.5, gamma: 0.1, standardize: false }),
}

function close(actual: readonly number[], expected: readonly number[], tolerance = 1e-8): void {
  expect(actual.length).toBe(expected.length)
  for (const [k, value] of expected.entries()) expect(Math.abs(actual[k]! - value)).toBeLessThan(tolerance)
}

const byNode = (a: Node, b: Node): number => a[0] - b[0] || a[1] - b[1]

describe('total effects by adjustment', () => {
  test.each(known.total.map((row) => [`${row.query}, ${row.model}, ${JSON.stringify(row.options)}`, row] as const))(
    '%s',
    (_name, row) => {
      const query = queryOf(row.query)
      const options: TotalEffectOptions = {
        estimator: MODELS[row.model]!(),
        ...(row.options.standardize && { standardize: true }),
        ...(row.options.adjustment_set && { adjustment: 'minimized' as const }),
        ...(row.options.mask_type && { maskType: row.options.mask_type }),
      }
      const series = seriesOf(known.queries[row.query]!.series)
      if (row.error !== undefined) {
        expect(() => fitTotalEffect(query, series, options)).toThrow(/not identifiable/)
        return
      }
      const fit = fitTotalEffect(query, series, options)
      expect([...fit.adjustment].sort(byNode)).toEqual(row.adjustment)
      const conditions = row.conditions && { conditions: row.conditions }
      for (const intervention of ['hard', 'soft'] as const) {
        close(fit.predict(row.interventions, { intervention, ...conditions }).flat(), row[intervention].flat())
        const units = row[`${intervention}Units`]
        if (units)
          close(fit.predict(row.interventions, { intervention, seriesUnits: true, ...conditions }).flat(), units.flat())
      }
    },
  )
})

describe('effects along paths', () => {
  test.each(known.wright.map((row) => [`${row.query}, ${row.method}, ${JSON.stringify(row.mediation)}`, row] as const))(
    '%s',
    (_name, row) => {
      const query = queryOf(row.query)
      const effects = (): number[][] => {
        const series = seriesOf(known.queries[row.query]!.series)
        const coefficients =
          row.method === 'links_coeffs'
            ? givenCoefficients(
                query,
                known.parents.map((own, j) => own.map((node, k) => [node, 0.1 * (k + 1) + 0.05 * j] as const)),
              )
            : pathCoefficients(query, series, { method: row.method })
        return pathEffects(query, coefficients, (row.mediation ?? 'all') as Mediation)
      }
      if (row.effects === undefined) {
        expect(effects).toThrow(InputError)
        return
      }
      close(effects().flat(), row.effects.flat())
      close(
        predictByPaths(
          effects(),
          row.effects.map((_, x) => row.effects!.map((_u, k) => (k === x ? 1 : 0))),
        ).flat(),
        row.effects.flat(),
      )
    },
  )
})

describe('bootstrap', () => {
  test.each(known.bootstrap.map((row) => [`${row.query}, blocks ${row.block}`, row] as const))(
    '%s',
    async (_name, row) => {
      const query = queryOf(row.query)
      const conditional = query.condition.length > 0 ? { conditions: [[0.2], [0.2]] } : {}
      const { draws } = await bootstrapped(
        seriesOf(known.queries[row.query]!.series),
        { draws: 25, blockLength: row.block === 'cube_root' ? 'cube-root' : row.block, seed: row.seed },
        (drawn) =>
          fitTotalEffect(query, drawn)
            .predict([[1], [0]], conditional)
            .flat(),
      )
      for (const [k, draw] of row.draws.entries()) close(draws[k]!, draw.flat())
      for (const k of [0, 1]) {
        const [low, high] = intervalOf(
          draws.map((draw) => draw[k]!),
          0.9,
        )
        close([low, high], [row.interval[0]!.flat()[k]!, row.interval[1]!.flat()[k]!])
      }
    },
  )
})

describe('linear mediation', () => {
  test.each(known.mediation.map((row) => [`${row.series}, ${row.standardize}, ${row.tauMax}`, row] as const))(
    '%s',
    async (_name, row) => {
      const options = { tauMax: row.tauMax, standardize: row.standardize, maskType: row.maskType }
      const series = seriesOf(row.series)
      const model = fitLinearMediation(series, known.parents, options)
      const lags = Array.from({ length: row.tauMax + 1 }, (_, tau) => tau)
      for (const tau of lags)
        for (let i = 0; i < 4; i++)
          for (let j = 0; j < 4; j++) {
            close(
              [model.coefficient(i, tau, j), model.effect(i, -tau, j)],
              [row.phi[tau]![j]![i]!, row.psi[tau]![j]![i]!],
            )
            close([model.largestEffect(i, j)], [row.largest[i]![j]!])
          }
      close(model.jointEffect(0, 3), row.joint)
      close(model.jointMediated(0, 3, [2]), row.jointMediated)
      close(
        lags.map((tau) => model.mediated(0, tau, 3, [2])),
        row.mediated,
      )
      close(
        lags.map((tau) => model.mediated(0, tau, 3, [1, 2])),
        row.mediatedBoth,
      )
      close(
        lags.map((tau) => model.mediatedButNot(0, tau, 3, [2], [1])),
        row.mediatedNot,
      )
      for (const average of row.averages) {
        const self = !average.exclude
        const mode = { lags: average.lags === 'absmax' ? 'largest' : 'all', self } as const
        close(model.averageEffects(mode), average.ace)
        close(model.averageSusceptibilities(mode), average.acs)
        close(model.averagesMediated({ ...mode, mediator: self }), average.amce)
      }
      if (row.interval === undefined) return
      const bootstrap = { ...options, draws: 20, blockLength: 4, seed: 7 }
      const bounds = async (level: number) =>
        (
          await mediationIntervals(series, known.parents, (m) => [m.effect(0, 2, 3), m.mediated(0, 2, 3, [2])], {
            ...bootstrap,
            level,
          })
        ).intervals
      const [effect] = await bounds(0.9)
      close([effect!.low, effect!.high], row.interval)
      const [, mediated] = await bounds(0.8)
      close([mediated!.low, mediated!.high], row.intervalMediated!)
    },
  )

  test('joint effects on every lag shift with it', () => {
    const model = fitLinearMediation(seriesOf('plain'), known.parents)
    const [joint, matrix] = [model.jointEffect(0, 3), model.jointEffectMatrix(0, 3)]
    expect(matrix[2]).toEqual([joint[2], joint[1], joint[0]])
    expect(matrix[0]).toEqual([joint[0], 0, 0])
  })
})

describe('natural effects', () => {
  const models = { linear: linear(), knn: nearestNeighbours({ k: 8 }) }
  test.each(known.natural.map((row) => [`${row.series} ${row.x} ${row.y} ${row.blocked} ${row.model}`, row] as const))(
    '%s',
    (_name, row) => {
      const query = effectQuery(graph, { kind: 'stationary-dag', from: [row.x], to: [row.y] })
      const fit = () =>
        fitNaturalEffects(query, seriesOf(row.series), {
          estimator: models[row.model],
          ...(row.blocked !== 'all' && { mediators: row.blocked }),
        })
      if (row.error !== undefined) {
        expect(fit).toThrow(InputError)
        return
      }
      const effects = fit()
      close(
        row.changes!.map(([from, to]) => effects.direct(from, to)),
        row.direct,
      )
      close(effects.directCurve({ from: -1, to: 1, steps: 6, width: 2 }), row.smooth)
      if (row.blocked === 'all') expect(effects.mediators).toEqual(nodesOf(query, query.mediators))
    },
  )
})

describe('natural effects without time', () => {
  const models = { linear: linear(), knn: nearestNeighbours({ k: 8 }) }
  test.each(known.triangle.map((row) => [row.model, row] as const))('%s', (_name, row) => {
    const links: LinkRow[] = [
      [0, 1, 0, '-->'],
      [1, 2, 0, '-->'],
      [0, 2, 0, '-->'],
    ]
    const flat = timeSeries({ columns: seriesOf('curved').datasets[0]!.columns.slice(0, 3) })
    const query = effectQuery(linkGraph(3, 0, links), { kind: 'dag', from: [[0, 0]], to: [[2, 0]] })
    const effects = fitNaturalEffects(query, flat, { estimator: models[row.model] })
    close(
      row.changes.map(([from, to]) => effects.direct(from, to)),
      row.direct,
    )
    close(
      row.changes.map(([from, to]) => effects.indirect(from, to)),
      row.indirect,
    )
  })
})

describe('predictions', () => {
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k)
  test.each(known.predictions.map((row) => [`${row.model} ${row.standardize} ${row.target}`, row] as const))(
    '%s',
    (_name, row) => {
      const predictors = new Map<number, Node[]>([
        [
          2,
          [
            [2, -1],
            [1, -1],
            [0, -1],
          ],
        ],
        [
          3,
          [
            [3, -1],
            [2, -2],
          ],
        ],
      ])
      const predictor = fitPredictor(seriesOf('plain'), predictors, {
        estimator: MODELS[row.model]!(),
        train: range(0, 100),
        test: range(104, 150),
        tauMax: 3,
        standardize: row.standardize,
      })
      const { predicted, observed, steps } = predictor.predict(row.target)
      close([...predicted], row.predicted)
      close([...observed], row.observed)
      expect(steps[0]).toBe(104)
      expect(predictor.warnings).toEqual([])
    },
  )

  test.each(known.predictors.map((row) => [row.stepsAhead, row.pcAlpha, row] as const))(
    'predictors %i steps ahead at level %s',
    async (stepsAhead, pcAlpha, row) => {
      const tester = testerOf(parcorr({ maskType: 'y' }), trainingSteps(seriesOf('plain'), range(0, 100)))
      const found = await findPredictors(tester, { stepsAhead, pcAlpha, tauMax: 3 })
      expect([...found.values()]).toEqual(row.found)
    },
  )
})
