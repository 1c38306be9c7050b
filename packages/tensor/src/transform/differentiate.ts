/**
 * Derivatives of functions over trees of tensors, as in JAX. All of them are built from the one table of
 * vector-Jacobian products, whose rules are written in primitives; so they nest to any order.
 */

import { InputError } from '@ecotope/core'
import { apply, constant, input } from '../apply.ts'
import { add, mul, sum } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import { showShape, sizeOf } from '../shape.ts'
import { pullbackAll } from '../vjp/index.ts'
import { substitute } from './substitute.ts'
import { leavesOf, mapTree, matchTrees, withLeaves } from './tree.ts'

/** An argument as nodes of its own: derivatives stop there, also where `fn` closes over the same tensors. */
const separate = <T>(tree: T): T => mapTree(tree, (leaf) => apply('identity', [leaf], {}))

export interface GradOptions<I extends number> {
  /** The argument that is differentiated. Default 0, the first. */
  readonly argument?: I
}

/** As `grad`, together with the function's value. */
export function valueAndGrad<A extends readonly unknown[], I extends number = 0>(
  fn: (...args: A) => Tensor,
  options: GradOptions<I> = {},
): (...args: A) => { readonly value: Tensor; readonly gradient: A[I] } {
  const at = options.argument ?? 0
  return (...args) => {
    if (at >= args.length) {
      throw new InputError('ParameterOutOfRange', `grad: there is no argument ${at} among ${args.length}`)
    }
    const wrt = separate(args[at])
    const value = fn(...(args.map((arg, i) => (i === at ? wrt : arg)) as unknown as A))
    if (sizeOf(value.shape) !== 1) {
      throw new InputError('ShapeMismatch', `grad: the function must give a scalar, not ${showShape(value.shape)}`, {
        hint: 'Take the sum or mean, or use vjp for a function with several values.',
      })
    }
    const gradients = pullbackAll([value], [constant(1, value.shape)], leavesOf(wrt))
    return { value, gradient: withLeaves(wrt, gradients) as A[I] }
  }
}

/**
 * The gradient of a function that gives a scalar, with respect to one argument: a tree of the argument's form.
 * Whatever `fn` closes over, and its other arguments, count as constant.
 */
export function grad<A extends readonly unknown[], I extends number = 0>(
  fn: (...args: A) => Tensor,
  options: GradOptions<I> = {},
): (...args: A) => A[I] {
  const both = valueAndGrad(fn, options)
  return (...args) => both(...args).gradient
}

/** The value of `fn` and its pullback: from a cotangent of the value's form to the gradient of every argument. */
export function vjp<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  ...primals: A
): { readonly value: R; readonly pullback: (cotangent: R) => A } {
  const wrt = separate(primals)
  const value = fn(...wrt)
  return {
    value,
    pullback: (cotangent) => {
      const { expected, actual } = matchTrees('vjp', value, cotangent)
      return withLeaves(wrt, pullbackAll(expected, actual, leavesOf(wrt)))
    },
  }
}

/**
 * The value of `fn` and its derivative along `tangents`, a tree of the arguments' form. Two reverse passes (Townsend
 * 2017, "A new trick for calculating Jacobian vector products"): the first is linear in its cotangent, and the
 * gradient with respect to that cotangent is the forward derivative.
 */
export function jvp<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  primals: A,
  tangents: A,
): { readonly value: R; readonly tangent: R } {
  const { actual: along } = matchTrees('jvp', primals, tangents)
  const wrt = separate(primals)
  const value = fn(...wrt)
  const outputs = leavesOf(value)
  const cotangents = outputs.map(({ shape }, i) => input(`cotangent.${i}`, { shape }))
  const pulled = pullbackAll(outputs, cotangents, leavesOf(wrt))
  const inner = pulled.map((g, i) => sum(mul(g, along[i]!))).reduce(add)
  const forward = pullbackAll([inner], [constant(1)], cotangents)
  // Nothing depends on the cotangents' values, but some nodes may still refer to them.
  const zeros = new Map(cotangents.map((leaf) => [leaf as Tensor, constant(0, leaf.shape)]))
  return { value, tangent: withLeaves(value, substitute(forward, zeros)) }
}

/** The product of the Hessian of a scalar function with `tangents`: reverse over reverse (Pearlmutter 1994). */
export function hessianVectorProduct<A extends readonly unknown[]>(
  fn: (...args: A) => Tensor,
  primals: A,
  tangents: A,
): A {
  const { actual: along } = matchTrees('hessianVectorProduct', primals, tangents)
  const slope = (args: A): Tensor => {
    const gradients = leavesOf(grad((inner: A) => fn(...inner))(args))
    return gradients.map((g, i) => sum(mul(g, along[i]!))).reduce(add)
  }
  return grad(slope)(primals)
}
