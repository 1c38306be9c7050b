/** Property tests draw anew on every run of a developer; in CI always the same, so that it tells of the change alone. */
import { configureGlobal, readConfigureGlobal } from 'fast-check'

if (process.env.CI !== undefined) configureGlobal({ ...readConfigureGlobal(), seed: 20_261_121 })
