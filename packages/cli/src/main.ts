/** The program `ecotope`. */
import { enableCompileCache } from 'node:module'

// Before any other code is loaded: what is compiled is kept on disk, and the next start takes a third of the time.
enableCompileCache()

const [{ runProcess }, { application }] = await Promise.all([import('./process.ts'), import('./application.ts')])
await runProcess(process.argv.slice(2), application)
