/** The program `ecotope`. */
import { application } from './application.ts'
import { runProcess } from './process.ts'

await runProcess(process.argv.slice(2), application)
