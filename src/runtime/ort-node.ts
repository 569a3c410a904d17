import type { InferenceSession, TensorConstructor } from 'onnxruntime-common'
import { createFailure, inMemory, onnxPolicy, runOnnx } from './onnx.js'
import type { OpenedSession, OpenRequest } from './open-session.js'

/** What is used of onnxruntime-node: the caller imports it, since it is an optional package. */
export interface OrtNode {
  InferenceSession: { create(model: Uint8Array | string, options: InferenceSession.SessionOptions): Promise<InferenceSession> }
  Tensor: TensorConstructor
}

/** Open a model with ONNX Runtime's native CPU provider. */
export async function openOrtNode<Output>(
  { device, dtype, tokens, output, weights }: OpenRequest<Output>,
  ort: OrtNode,
  threads: number,
): Promise<OpenedSession<Output>> {
  const { file, model, externalData } = await weights()
  const options: InferenceSession.SessionOptions = { executionProviders: ['cpu'], intraOpNumThreads: threads, logSeverityLevel: 3 }
  // By path it reads the file itself, and external data beside it: no copy in JavaScript, no limit of 2 GB.
  const opening = model.path
    ? ort.InferenceSession.create(model.path, options)
    : ort.InferenceSession.create(await model.bytes(), { ...options, externalData: await inMemory(externalData) })
  const session = await opening.catch((cause: unknown) => {
    throw createFailure(cause, file)
  })
  return {
    runtime: 'ort-node',
    threads,
    policy: onnxPolicy(device, dtype, tokens),
    run: (inputs) => runOnnx(session, ort.Tensor, inputs, tokens, output),
    release: () => session.release(),
  }
}
