// Usage: node bench.mjs URL CALLS CALLS_IN_A_BATCH
// Prints how many milliseconds it took until all calls were taken.
import { Analytics } from '@segment/analytics-node'

const [host, calls, maxEventsInBatch] = process.argv.slice(2)
const analytics = new Analytics({ writeKey: 'k', host, maxEventsInBatch: Number(maxEventsInBatch) })
analytics.on('error', (err) => { console.error(err); process.exitCode = 1 })

const began = performance.now()
for (let n = 0; n < Number(calls); n++) {
  analytics.track({
    userId: `u-${n % 50}`, event: 'Live Chat Message Sent',
    properties: { conversation_id: `${n % 50}`, message_id: `m${n}`, message_body: 'Where is my order?', conversation_duration: n },
  })
}
await analytics.closeAndFlush({ timeout: 120000 })
console.log(performance.now() - began)
