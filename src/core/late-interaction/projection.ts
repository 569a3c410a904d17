/** What a dense layer's sums are put through, by the names that Torch has for them. */
export const ACTIVATIONS = ['Identity', 'ReLU', 'GELU', 'SiLU', 'Tanh', 'Sigmoid'] as const
export type DenseActivation = (typeof ACTIVATIONS)[number]

/** Makes token embeddings of an encoder's states, where its graph ends before that: plain data. */
export interface DenseLayer {
  inputs: number
  outputs: number
  /** `outputs` × `inputs`. */
  weight: Float32Array
  bias?: Float32Array
  activation: DenseActivation
  /** What is added at the end: the input itself, or what these weights make of it. */
  residual?: 'input' | Float32Array
}

const FUNCTIONS: Record<DenseActivation, (x: number) => number> = {
  Identity: (x) => x,
  ReLU: (x) => Math.max(0, x),
  GELU: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  SiLU: (x) => x / (1 + Math.exp(-x)),
  Tanh: Math.tanh,
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
}

/** @param states tokens × the first layer's inputs @returns tokens × the last layer's outputs */
export function project(states: Float32Array, layers: readonly DenseLayer[]): Float32Array {
  return layers.reduce(applyLayer, states)
}

function applyLayer(states: Float32Array, { inputs, outputs, weight, bias, activation, residual }: DenseLayer): Float32Array {
  const tokens = states.length / inputs
  const result = new Float32Array(tokens * outputs)
  const act = FUNCTIONS[activation]
  for (let token = 0; token < tokens; token++) {
    const row = states.subarray(token * inputs, (token + 1) * inputs)
    for (let output = 0; output < outputs; output++) {
      let sum = act(product(row, weight, output) + (bias?.[output] ?? 0))
      if (residual) sum += residual === 'input' ? (row[output] as number) : product(row, residual, output)
      result[token * outputs + output] = sum
    }
  }
  return result
}

function product(row: Float32Array, weight: Float32Array, output: number): number {
  const start = output * row.length
  let sum = 0
  for (let i = 0; i < row.length; i++) sum += (row[i] as number) * (weight[start + i] as number)
  return sum
}

/** The error function, to 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x))
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return Math.sign(x) * (1 - sum * Math.exp(-x * x))
}
