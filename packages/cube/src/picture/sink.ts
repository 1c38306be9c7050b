/** Pictures as formats that cubes are saved in. Blocks become means of pixels as they come; memory is that of the picture. */
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { TypedArray } from '../dtype.ts'
import type { SinkFormat } from '../execute/sink.ts'
import { bufferedSink } from '../format/buffered-sink.ts'
import { writeAside } from '../geotiff/aside.ts'
import { FLOAT64 } from '../model/block.ts'
import { memorySource } from '../model/memory.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount } from '../model/region.ts'
import { drawView, type Picture, PLOT_OPTIONS, type PlotOptions, pictureOf, plot } from './plot.ts'
import { accumulator, viewOf } from './view.ts'

/** The name of a file, as the title of its picture. */
const titleOf = (path: string): string => basename(path).replace(/\.[^.]+$/, '')

function pictureSink(format: string, extension: string, render: (picture: Picture) => string | Uint8Array): SinkFormat {
  /** Series and maps of features are small, and drawn from all of their values. */
  const gathered = (plotOptions: PlotOptions): SinkFormat =>
    bufferedSink({
      format,
      extensions: [extension],
      mostCells: 2 ** 22,
      write: async (path, { schema, values }) => {
        const { isBoolean = false } = schema.packing
        const packing = { ...FLOAT64, isBoolean }
        const content = render(await plot(memorySource(values, { ...schema, packing }, titleOf(path)), plotOptions))
        await writeAside(path, (file) => writeFile(file, content))
      },
    })
  return {
    format,
    extensions: [extension],
    options: PLOT_OPTIONS,
    create: (path, schema, given) => {
      const { options } = given
      // Options of a graph are JSON; what does not fit is refused where it is read.
      const plotOptions = options as PlotOptions
      if (!hasMap(schema) && hasPlot(schema)) return gathered(plotOptions).create(path, schema, given)
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
    encoder: (handle) =>
      handle.packing !== undefined
        ? gathered({}).encoder(handle)
        : Promise.resolve({
            encode: (_, { data }) => Promise.resolve(data),
            close: () => Promise.resolve(),
          }),
  }
}

const hasMap = ({ dims }: CubeSchema): boolean => dims.some((dim) => dim.type === 'spatial' && dim.axis === 'x')
const hasPlot = ({ dims }: CubeSchema): boolean => dims.some(({ type }) => type === 'temporal' || type === 'geometry')

export const pngSink = pictureSink('PNG', '.png', (picture) => picture.png())
export const svgSink = pictureSink('SVG', '.svg', (picture) => picture.svg())
