// Package all is the list of destinations.
package all

import (
	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/amplitude"
	"github.com/parlance-chat/parlance/destination/clickhouse"
	"github.com/parlance-chat/parlance/destination/customerio"
	"github.com/parlance-chat/parlance/destination/dreamdata"
	"github.com/parlance-chat/parlance/destination/file"
	"github.com/parlance-chat/parlance/destination/ga4"
	"github.com/parlance-chat/parlance/destination/hightouch"
	"github.com/parlance-chat/parlance/destination/jitsu"
	"github.com/parlance-chat/parlance/destination/kafka"
	"github.com/parlance-chat/parlance/destination/mixpanel"
	"github.com/parlance-chat/parlance/destination/nats"
	"github.com/parlance-chat/parlance/destination/parquet"
	"github.com/parlance-chat/parlance/destination/postgres"
	"github.com/parlance-chat/parlance/destination/posthog"
	"github.com/parlance-chat/parlance/destination/rudderstack"
	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/destination/stdout"
	"github.com/parlance-chat/parlance/destination/webhook"
)

// Types returns every type of destination.
func Types() []destination.Type {
	return []destination.Type{
		segment.Type(),
		rudderstack.Type(),
		jitsu.Type(),
		customerio.Type(),
		hightouch.Type(),
		dreamdata.Type(),
		posthog.Type(),
		mixpanel.Type(),
		amplitude.Type(),
		ga4.Type(),
		postgres.Type(),
		clickhouse.Type(),
		kafka.Type(),
		parquet.Type(),
		nats.Type(),
		webhook.Type(),
		file.Type(),
		stdout.Type(),
	}
}
