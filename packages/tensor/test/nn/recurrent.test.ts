import { describe, expect, test } from 'vitest'
import { concat, gradients, nn, type ParameterTree, reverse, sliceAxis, square, sum } from '../../src/index.ts'
import { relativeError } from '../support.ts'
import { differ, normals, run } from './run.ts'

describe('recurrence', () => {
  const xs = normals([2, 7, 3], 6)
  function check<T extends ParameterTree, S extends nn.CellState>(cell: nn.Cell<T, S>): void {
    const found = run(cell.parameters, { x: [[2, 7, 3], xs] }, (p, { x }) => {
      const whole = nn.unroll(cell, p, x!)
      const head = nn.unroll(cell, p, sliceAxis(x!, 1, 0, 3))
      const tail = nn.unroll(cell, p, sliceAxis(x!, 1, 3, 7), { initial: head.state })
      const backwards = nn.recurrent(cell, { reverse: true }).apply(p, reverse(x!, [1]))
      return {
        whole: whole.outputs,
        parts: concat([head.outputs, tail.outputs], 1),
        backwards: reverse(backwards, [1]),
        end: sum(sliceAxis(whole.outputs, 1, 6, 7), 1),
        last: nn.recurrentLast(cell).apply(p, x!),
        state: whole.state.hidden,
      }
    })
    expect(differ(found.parts!, found.whole!)).toBeLessThan(1e-12)
    expect(differ(found.backwards!, found.whole!)).toBeLessThan(1e-12)
    expect(differ(found.last!, found.end!)).toBeLessThan(1e-12)
    expect(differ(found.state!, found.end!)).toBeLessThan(1e-12)
  }

  test('over the whole is over the parts, one after the other: gru', () => check(nn.gruCell(3, 4)))
  test('over the whole is over the parts, one after the other: lstm', () => check(nn.lstmCell(3, 4)))

  test.each([false, true])('a loop gives what its steps give, with gradients; reverse %s', (reverse) => {
    const cell = nn.lstmCell(3, 4)
    const both = [true, false].map((loop) =>
      run(cell.parameters, { x: [[1, 40, 3], normals([1, 40, 3], 9)] }, (p, { x }) => {
        const y = nn.recurrent(cell, { reverse, loop }).apply(p, x!)
        const [g, w] = gradients(sum(square(y)), [x!, p.hidden.weight])
        return { y, g: g!, w: w! }
      }),
    )
    for (const name of ['y', 'g', 'w']) expect(relativeError(both[0]![name]!, both[1]![name]!)).toBeLessThan(1e-12)
  })

  test('a cell as a layer takes one step of the loop', () => {
    const cell = nn.lstmCell(3, 4)
    const { one, loop } = run(cell.parameters, { x: [[2, 1, 3], xs.slice(0, 6)] }, (p, { x }) => {
      const now = sum(x!, 1)
      return {
        one: cell.apply(p, { x: now, state: cell.start(now) }).cell,
        loop: nn.unroll(cell, p, x!).state.cell,
      }
    })
    expect(differ(one!, loop!)).toBeLessThan(1e-15)
  })
})
