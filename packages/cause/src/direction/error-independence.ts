/** Whether the errors of a model are independent of each other, two by two. */
import { hsicSample, hsicTest } from './hsic.ts'

/** Errors beyond this number of samples are thinned evenly: kernel matrices grow with the square. */
const MOST_SAMPLES = 1500

/** Symmetric p-values, 1 on the diagonal. `at` is told the fraction done. */
export async function independenceOf(
  errors: readonly Float64Array[],
  at: (fraction: number) => void | Promise<void> = () => undefined,
): Promise<Float64Array[]> {
  const step = Math.ceil((errors[0]?.length ?? 0) / MOST_SAMPLES)
  const pValues = errors.map(() => new Float64Array(errors.length).fill(1))
  const samples = errors.map((row) => hsicSample([row.filter((_, i) => i % step === 0)]))
  for (const [i, a] of samples.entries()) {
    for (const [j, b] of samples.entries()) {
      if (j <= i) continue
      const { pValue } = hsicTest(a, b)
      pValues[i]![j] = pValue
      pValues[j]![i] = pValue
    }
    await at((i + 1) / errors.length)
  }
  return pValues
}
