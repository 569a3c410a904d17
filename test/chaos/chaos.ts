// npm run chaos [-- --seed N] [-- --minutes M]: calls, aborts, deaths and failures in every order that a seed leads to.
import { parseArgs } from 'node:util'
import { runChaos } from './run-chaos.js'

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, minutes: { type: 'string', default: '1' } } })
const seed = Number(values.seed)
let told = performance.now()
const { problems, counts, epochs, heap } = await runChaos({
  seed,
  seconds: Number(values.minutes) * 60,
  onEpoch: (epoch, report) => {
    for (const problem of report.problems) console.error(`✗ seed ${seed}, epoch ${epoch}: ${problem}`)
    if (performance.now() - told < 60_000) return
    told = performance.now()
    console.error(`… ${epoch + 1} epochs`)
  },
})
const mb = (bytes: number) => (bytes / 1e6).toFixed(2)
console.log(
  `seed ${seed}: ${epochs} epochs, ${problems.length} problems; heap ${mb(heap.warm)} MB after the first, ${mb(heap.end)} MB at the end`,
)
for (const [what, times] of Object.entries(counts).sort()) console.log(`  ${String(times).padStart(7)}  ${what}`)
process.exitCode = problems.length > 0 ? 1 : 0
