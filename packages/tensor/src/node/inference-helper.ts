/** The script of a thread of the image engine on Node. */
import { parentPort, workerData } from 'node:worker_threads'
import { type CrewStart, serveCrew } from '../inference/run/crew.ts'

serveCrew(workerData as CrewStart, () => parentPort!.postMessage('ready'))
