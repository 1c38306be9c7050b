/** Pictures as formats that cubes are saved in. Blocks become means of pixels as they come; memory is that of the picture. */
import { writeFile } from 'node:fs/promises'
import type { TypedArray } from '../dtype.ts'
import type { SinkFormat } from '../execute/sink.ts'
import { writeAside } from '../geotiff/aside.ts'
import { shapeOf } from '../model/node.ts'
import { cellCount } from '../model/region.ts'
import { drawView, type Picture, PLOT_OPTIONS, type PlotOptions, pictureOf } from './plot.ts'
import { accumulator, viewOf } from './view.ts'

function pictureSink(format: string, extension: string, render: (picture: Picture) => string | Uint8Array): SinkFormat {
  return {
    format,
    extensions: [extension],
    options: PLOT_OPTIONS,
    create: (path, schema, { options }) => {
      // Options of a graph are JSON; what does not fit is refused where it is read.
      const plotOptions = options as PlotOptions
      const view = viewOf(schema, plotOptions)
      const sum = accumulator(view)
      const shape = shapeOf(schema)
      return Promise.resolve({
        handle: { format, path },
        chunks: shape.map((length, d) =>
          d === view.x || d === view.y ? Math.min(length, 512) : d === view.b ? length : 1,
        ),
        order: 'any' as const,
        encodeBytes: () => 0,
        isDone: () => false,
        write: (region, encoded) => {
          if (cellCount(region.shape) > 0) sum.add({ region, data: encoded as TypedArray })
          return Promise.resolve()
        },
        finish: async () => {
          const drawing = drawView({ view, values: sum.values(), isSampled: false }, plotOptions)
          const content = render(pictureOf(drawing))
          await writeAside(path, (file) => writeFile(file, content))
        },
        abandon: () => Promise.resolve(),
      })
    },
    encoder: () =>
      Promise.resolve({
        encode: (_, { data }) => Promise.resolve(data),
        close: () => Promise.resolve(),
      }),
  }
}

export const pngSink = pictureSink('PNG', '.png', (picture) => picture.png())
export const svgSink = pictureSink('SVG', '.svg', (picture) => picture.svg())
