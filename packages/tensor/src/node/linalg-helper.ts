/** The script of a helper thread on Node. */
import { parentPort, workerData } from 'node:worker_threads'
import { type HelperStart, serveKernels } from '../linalg/threads/helpers.ts'

parentPort!.postMessage('ready')
serveKernels(workerData as HelperStart)
