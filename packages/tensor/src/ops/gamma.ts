import type { Tensor } from '../primitive.ts'

export function randomGamma(_key: string, concentration: Tensor): Tensor {
  return concentration
}
