import { parentPort, workerData } from 'node:worker_threads';
import { type ChainPart, verifyPart } from './audit-reader.ts';

/** Verifies a part of an audit chain beside the thread that verifies the other part. */
parentPort?.postMessage(verifyPart(workerData as ChainPart));
