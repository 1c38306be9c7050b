import { inlineExecutor } from '../../src/execute/inline.ts'
import { executorConformance } from './conformance.ts'

executorConformance({ name: 'inline', create: inlineExecutor, isolated: false })
