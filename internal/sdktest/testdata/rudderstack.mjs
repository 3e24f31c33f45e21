// Usage: node rudderstack.mjs URL WRITE_KEY
import Analytics from '@rudderstack/rudder-sdk-node'

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics(writeKey, { dataPlaneUrl: host, flushAt: 100, flushInterval: 200, gzip: true })

analytics.identify({ userId: 'u-1', traits: { plan: 'gold', seats: 1.5 } })
analytics.track({ userId: 'u-1', event: 'Order Completed', properties: { total: 19.9, items: [1, 2] } })
analytics.page({ userId: 'u-1', name: 'Docs', properties: { path: '/docs' } })
analytics.screen({ userId: 'u-1', name: 'Home' })
analytics.group({ userId: 'u-1', groupId: 'g-1', traits: { name: 'Example' } })
analytics.alias({ userId: 'u-2', previousId: 'u-1' })
analytics.track({
  userId: 'u-1', event: 'Live Chat Message Sent',
  properties: { conversation_id: '17', message_id: 'm1', message_body: 'hello', conversation_duration: 0 },
})
analytics.track({ userId: 'u-1', event: 'Live Chat Message Sent', properties: { conversationId: '17' } })
await analytics.flush()
process.exit(0)
