import type { InferenceSession, TensorConstructor } from 'onnxruntime-common'
import type { EncodedPair } from '../core/session.js'
import { createFailure, onnxPolicy, runOnnx } from './onnx.js'
import type { OpenedSession, OpenRequest } from './open-session.js'

/** What is used of onnxruntime-node: the caller imports it, since it is an optional package. */
export interface OrtNode {
  InferenceSession: { create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> }
  Tensor: TensorConstructor
}

/** Open a model with ONNX Runtime's native CPU provider. */
export async function openOrtNode(
  { device, dtype, padTokenId, weights }: OpenRequest,
  ort: OrtNode,
  threads: number,
): Promise<OpenedSession> {
  const { file, model, externalData } = await weights()
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    externalData,
    logSeverityLevel: 3,
  }).catch((cause: unknown) => {
    throw createFailure(cause, file)
  })
  return {
    runtime: 'ort-node',
    threads,
    policy: onnxPolicy(device, dtype),
    run: (pairs: readonly EncodedPair[]) => runOnnx(session, ort.Tensor, pairs, padTokenId),
    release: () => session.release(),
  }
}
