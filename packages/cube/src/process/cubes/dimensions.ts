/** Processes on dimensions and labels. They change what a cube says of itself; cells move only when dimensions are joined. */
import { InputError } from '@ecotope/core'
import { FLOAT64 } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import { memorySource } from '../../model/memory.ts'
import type { CubeNode } from '../../model/node.ts'
import { parseInstant } from '../../model/time.ts'
import type { ProcessRow, Value } from '../row.ts'
import {
  cubeOf,
  cubeValue,
  listOf,
  optionalText,
  refuseDimension,
  requireDimension,
  temporalDimension,
  textOf,
} from './arguments.ts'
import { secondsOfLabel } from './instants.ts'
import { type Label, otherDimension, relabelled, withDims } from './labels.ts'
import { cellNode, input, sameCells } from './nodes.ts'
import { DATA, givesCube, LABELS, optional, parameter, TEXT } from './schemas.ts'

const AXES = ['x', 'y', 'z'] as const

function newDimension(node: CubeNode, name: string, label: Label, type: string): Dimension {
  switch (type) {
    case 'bands':
      return { type, name, labels: [label as string], bands: [{ name: String(label) }] }
    case 'temporal':
      if (typeof label !== 'string' || parseInstant(label, 'standard') === undefined) throw notAnInstant(label)
      return { type, name, labels: [label], calendar: 'standard' }
    case 'spatial': {
      const used = node.schema.dims.map((dimension) => (dimension.type === 'spatial' ? dimension.axis : undefined))
      const axis = AXES.find((one) => !used.includes(one))
      if (axis !== undefined) return { type, name, axis, labels: [label as number] }
      throw new InputError('DimensionExists', 'the cube has dimensions for the axes x, y and z already', {
        hint: 'add a dimension of the type other',
        data: { dimension: name },
      })
    }
    default:
      return { type: 'other', name, labels: [label] }
  }
}

function notAnInstant(label: Label): InputError {
  return new InputError(
    'BadInstant',
    `${JSON.stringify(label)} is no date or time to label a temporal dimension with`,
    {
      hint: 'write it like 2020-06-01 or 2020-06-01T12:00:00Z',
      data: { label },
    },
  )
}

function addDimension(node: CubeNode, name: string, label: Label, type: string): CubeNode {
  refuseDimension(node, name, 'DimensionExists')
  const dims = [newDimension(node, name, label, type), ...node.schema.dims]
  return cellNode('add_dimension', [node], input(0), { ...node.schema, dims })
}

/** The cube without a dimension that has one label. */
export function dropDimension(node: CubeNode, name: string): CubeNode {
  const d = requireDimension(node, name)
  const { length } = node.schema.dims[d]!.labels
  if (length !== 1) {
    throw new InputError('DimensionLabelCountMismatch', `the dimension ${name} has ${length} labels, not one`, {
      hint: 'filter it down to one label, or reduce it with reduce_dimension',
      data: { dimension: name, labels: length },
    })
  }
  const dims = node.schema.dims.filter((_, i) => i !== d)
  const schema = withDims(node.schema, dims)
  return cellNode('drop_dimension', [node], { kind: 'at', dim: name, index: 0, of: input(0) }, schema)
}

/** The cube with a dimension renamed. */
export function renameDimension(node: CubeNode, source: string, target: string, label = 'rename_dimension'): CubeNode {
  const d = requireDimension(node, source)
  if (source === target) return node
  refuseDimension(node, target, 'DimensionExists')
  const dims = node.schema.dims.map((dimension, i) => (i === d ? { ...dimension, name: target } : dimension))
  const cell = { kind: 'rename', names: { [target]: source }, of: input(0) } as const
  return cellNode(label, [node], cell, { ...node.schema, dims })
}

/** Whether labels are 0, 1, 2, ... as numbers or as texts. */
const isEnumerated = (labels: readonly Label[]): boolean => labels.every((label, i) => String(label) === String(i))

function mismatch(code: string, message: string, data: Record<string, unknown>, hint?: string): InputError {
  return new InputError(code, message, { data, ...(hint === undefined ? {} : { hint }) })
}

/** New labels of a dimension. `source` empty: the labels are enumerated and `target` replaces the first ones. */
export function renamedLabels(dimension: Dimension, target: readonly Label[], source: readonly Label[]): Label[] {
  const old = dimension.labels as readonly Label[]
  const { name } = dimension
  if (source.length === 0 && !isEnumerated(old)) {
    throw mismatch(
      'LabelsNotEnumerated',
      `the labels of ${name} are not 0, 1, 2, ...`,
      { dimension: name },
      'say in source which labels to rename',
    )
  }
  const from = source.length > 0 ? source : old.slice(0, target.length)
  if (from.length !== target.length) {
    const text = `${from.length} labels of ${name} cannot become ${target.length}`
    throw mismatch('LabelMismatch', text, { dimension: name, source: from.length, target: target.length })
  }
  const index = new Map(old.map((label, i) => [String(label), i]))
  const labels = [...old]
  from.forEach((label, i) => {
    const at = index.get(String(label))
    if (at === undefined) {
      const text = `${name} has no label ${JSON.stringify(label)}`
      throw mismatch(
        'LabelNotAvailable',
        text,
        { dimension: name, label },
        `its labels are ${old.slice(0, 20).join(', ')}`,
      )
    }
    labels[at] = target[i]!
  })
  const exists = target.find((label) => index.has(String(label)))
  if (exists !== undefined) {
    throw mismatch('LabelExists', `${name} has a label ${JSON.stringify(exists)} already`, {
      dimension: name,
      label: exists,
    })
  }
  return labels
}

function renameLabels(node: CubeNode, name: string, target: readonly Label[], source: readonly Label[]): CubeNode {
  const d = requireDimension(node, name)
  const labels = renamedLabels(node.schema.dims[d]!, target, source)
  const dims = node.schema.dims.map((dimension, i) => (i === d ? relabelled(dimension, labels) : dimension))
  const isSpatial = node.schema.dims[d]!.type === 'spatial'
  const { grid, ...rest } = node.schema
  // New coordinates are not those of the grid any more.
  return sameCells('rename_labels', node, isSpatial ? { ...rest, dims } : { ...node.schema, dims })
}

const DAY_SECONDS = 86_400

/** Throws InputError `BadInstant` where labels or `since` are no dates. */
function numberDates(node: CubeNode, name: string, since: string): CubeNode {
  const own = temporalDimension(node, name)
  const origin = secondsOfLabel(since, own)
  const labels = own.labels.map((label) => (secondsOfLabel(label, own) - origin) / DAY_SECONDS)
  // Readers take units of time as those of the usual calendar, as there is no place for another with the cells.
  const isUsual = own.calendar === 'standard' || own.calendar === 'proleptic_gregorian'
  const numbers = otherDimension(name, labels, isUsual ? `days since ${since}` : undefined)
  const dims = node.schema.dims.map((dimension) => (dimension === own ? numbers : dimension))
  return sameCells('number_dates', node, { ...node.schema, dims })
}

const NAME = (what: string) => parameter('name', TEXT, what)

export const dimensionRows: readonly ProcessRow[] = [
  {
    id: 'create_data_cube',
    category: 'cubes',
    summary: 'An empty cube without dimensions.',
    parameters: [],
    returns: givesCube('a cube with no dimensions'),
    chunks: 'metadata',
    evaluate: () =>
      cubeValue(memorySource(Float64Array.of(Number.NaN), { dims: [], packing: FLOAT64 }, 'create_data_cube')),
  },
  {
    id: 'add_dimension',
    category: 'cubes',
    summary: 'Adds a dimension with one label, in front.',
    parameters: [
      DATA,
      NAME('name of the new dimension'),
      parameter('label', [{ type: 'number' }, { type: 'string' }], 'its label'),
      optional(
        'type',
        { type: 'string', enum: ['bands', 'geometry', 'spatial', 'temporal', 'other'] },
        'its type; a spatial one takes the first free axis of x, y, z',
        'other',
      ),
    ],
    returns: givesCube('the cube with one dimension more'),
    errors: ['DimensionExists'],
    chunks: 'metadata',
    evaluate: (args) =>
      cubeValue(
        addDimension(cubeOf(args), textOf(args, 'name'), args.label as Label, optionalText(args, 'type') ?? 'other'),
      ),
  },
  {
    id: 'drop_dimension',
    category: 'cubes',
    summary: 'Drops a dimension that has one label left.',
    parameters: [DATA, NAME('name of the dimension')],
    returns: givesCube('the cube with one dimension less'),
    errors: ['DimensionLabelCountMismatch', 'DimensionNotAvailable'],
    chunks: 'metadata',
    evaluate: (args) => cubeValue(dropDimension(cubeOf(args), textOf(args, 'name'))),
  },
  {
    id: 'rename_dimension',
    category: 'cubes',
    summary: 'Gives a dimension another name.',
    parameters: [DATA, parameter('source', TEXT, 'the name now'), parameter('target', TEXT, 'the new name')],
    returns: givesCube('the cube with a dimension renamed'),
    errors: ['DimensionNotAvailable', 'DimensionExists'],
    chunks: 'metadata',
    evaluate: (args) => {
      const [node, source, target] = [cubeOf(args), textOf(args, 'source'), textOf(args, 'target')]
      requireDimension(node, source)
      // The name that it has counts too, as the specification says.
      refuseDimension(node, target, 'DimensionExists')
      return cubeValue(renameDimension(node, source, target))
    },
  },
  {
    id: 'rename_labels',
    category: 'cubes',
    summary: 'Gives labels of a dimension other names.',
    parameters: [
      DATA,
      parameter('dimension', TEXT, 'the dimension'),
      // Cases of the official suite give new labels of enumerated dimensions in `source` alone.
      optional('target', LABELS, 'the new labels; where absent, those in source', []),
      optional('source', LABELS, 'the labels to rename; without them, labels have to be 0, 1, 2, ...', []),
    ],
    returns: givesCube('the cube with other labels'),
    errors: ['LabelsNotEnumerated', 'LabelMismatch', 'LabelNotAvailable', 'LabelExists'],
    chunks: 'metadata',
    evaluate: (args) => {
      const [target, source] = [listOf(args, 'target') as Label[], listOf(args, 'source') as Label[]]
      const [to, from] = target.length === 0 ? [source, target] : [target, source]
      return cubeValue(renameLabels(cubeOf(args), textOf(args, 'dimension'), to, from))
    },
  },
  {
    id: 'number_dates',
    category: 'cubes',
    summary: 'Gives the dates of a dimension as days since an instant, in their calendar',
    parameters: [
      DATA,
      parameter('dimension', TEXT, 'a temporal dimension'),
      optional('since', TEXT, 'the instant from which days are counted', '1970-01-01'),
    ],
    returns: givesCube('the cube with a dimension of numbers in place of the dates'),
    errors: ['DimensionNotAvailable'],
    chunks: 'metadata',
    evaluate: (args) => cubeValue(numberDates(cubeOf(args), textOf(args, 'dimension'), textOf(args, 'since'))),
  },
  {
    id: 'dimension_labels',
    category: 'cubes',
    summary: 'The labels of a dimension, in order.',
    parameters: [DATA, parameter('dimension', TEXT, 'the dimension')],
    returns: { summary: 'the labels', schema: { type: 'array', items: { type: ['number', 'string'] } } },
    errors: ['DimensionNotAvailable'],
    chunks: 'metadata',
    evaluate: (args) => {
      const node = cubeOf(args)
      return [...node.schema.dims[requireDimension(node, textOf(args, 'dimension'))]!.labels] as Value
    },
  },
]
