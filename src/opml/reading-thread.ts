import { parentPort, workerData } from 'node:worker_threads'
import { readHere } from './reading.ts'

parentPort?.postMessage(readHere(String(workerData)))
