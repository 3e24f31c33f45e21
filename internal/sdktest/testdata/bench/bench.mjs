// Usage: node bench.mjs SDK URL CALLS
// Tells an SDK, which has its own defaults, as many calls, and prints how many
// milliseconds it took until the receiver had all.

const event = 'Live Chat Message Sent'

// Each makes a client, and returns what hands calls over. Where a size is
// given, more calls at once would be lost or slower.
const sdks = {
  async segment(host) {
    const { Analytics } = await import('@segment/analytics-node')
    return family(new Analytics({ writeKey: 'k', host }))
  },
  async customerio(host) {
    const { Analytics } = await import('@customerio/cdp-analytics-node')
    return family(new Analytics({ writeKey: 'k', host }))
  },
  async rudderstack(dataPlaneUrl) {
    const { default: Analytics } = await import('@rudderstack/rudder-sdk-node')
    const client = new Analytics('k', { dataPlaneUrl })
    return slices(20, async (calls) => { // each call measures all that wait
      const taken = calls.map((call) => new Promise((done, failed) => {
        client.track({ ...call, event }, (err) => (err ? failed(err) : done()))
      }))
      await client.flush()
      await Promise.all(taken)
    })
  },
  async jitsu(host) { // a request a call
    const { jitsuAnalytics } = await import('@jitsu/js')
    const client = jitsuAnalytics({ host, writeKey: 'k:s', s2s: true, errorPolicy: 'rethrow' })
    return slices(1, ([{ userId, properties }]) => client.track(event, properties, { userId }))
  },
  async posthog(host) {
    const { PostHog } = await import('posthog-node')
    const client = new PostHog('k', { host })
    return slices(1000, async (calls) => { // its queue drops what is more
      for (const { userId, properties } of calls) client.capture({ distinctId: userId, event, properties })
      await client.flush()
    })
  },
  async mixpanel(url) {
    const { default: Mixpanel } = await import('mixpanel')
    const { hostname: host, port } = new URL(url)
    const client = Mixpanel.init('t', { key: 'k', protocol: 'http', host, port, verbose: true })
    return slices(1000, (calls) => new Promise((done, failed) => { // it sends all at once
      const events = calls.map(({ userId, properties }) => ({ event, properties: { ...properties, distinct_id: userId, time: new Date() } }))
      client.import_batch(events, {}, (errors) => (errors?.length ? failed(errors[0]) : done()))
    }))
  },
  async amplitude(url) {
    const { init, track, flush } = await import('@amplitude/analytics-node')
    await init('k', { serverUrl: url + '/2/httpapi' }).promise
    return slices(1000, async (calls) => {
      for (const { userId, properties } of calls) track(event, properties, { user_id: userId })
      await flush().promise
    })
  },
  async ga4(url) { // for which Google has no SDK: what its documentation shows
    return slices(1, async ([{ userId, properties }]) => {
      const response = await fetch(url + '/mp/collect?measurement_id=G-1&api_secret=s', {
        method: 'POST',
        body: JSON.stringify({ client_id: userId, user_id: userId, events: [{ name: 'live_chat_message_sent', params: properties }] }),
      })
      await response.arrayBuffer() // or the connection is not used again
    })
  },
}

// family hands over to Segment's SDK and what was made of it.
function family(client) {
  client.on('error', (err) => { throw err })
  return async (calls) => {
    for (const call of calls) client.track({ ...call, event })
    await client.closeAndFlush({ timeout: 120_000 })
  }
}

// slices hands over so many calls at a time.
function slices(size, send) {
  return async (calls) => {
    for (let n = 0; n < calls.length; n += size) await send(calls.slice(n, n + size))
  }
}

const [sdk, url, total] = process.argv.slice(2)
const calls = Array.from({ length: Number(total) }, (_, n) => ({
  userId: `u-${n % 500}`,
  properties: { conversation_id: `${n % 500}`, conversation_duration: n, message_id: `m${n}`, message_body: 'Where is my order?' },
}))
const send = await sdks[sdk](url)
const began = performance.now()
await send(calls)
console.log(performance.now() - began)
process.exit() // and wait for none of their timers
