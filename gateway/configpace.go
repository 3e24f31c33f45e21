package gateway

import (
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// pace returns how calls are to be handed over. Whether the destination takes
// as much is known when it is opened.
func (r *resolver) pace(path string, d Destination) deliver.Pace {
	if d.InFlight < 0 || d.InFlight > deliver.MostInFlight {
		r.tell(strictyaml.Join(path, "in_flight"), "must be 1 to %d", deliver.MostInFlight)
	}
	batch, rate := strictyaml.Join(path, "batch"), strictyaml.Join(path, "rate_limit")
	r.notNegative(strictyaml.Join(batch, "calls"), float64(d.Batch.Calls))
	r.notNegative(strictyaml.Join(batch, "bytes"), float64(d.Batch.Bytes))
	r.notNegative(strictyaml.Join(batch, "age"), float64(d.Batch.Age))
	r.notNegative(strictyaml.Join(rate, "events"), d.RateLimit.Events)
	r.notNegative(strictyaml.Join(rate, "requests"), d.RateLimit.Requests)
	return deliver.Pace{InFlight: d.InFlight, Calls: d.Batch.Calls, Bytes: d.Batch.Bytes, Age: d.Batch.Age,
		Events: d.RateLimit.Events, Requests: d.RateLimit.Requests}
}

func (r *resolver) notNegative(path string, v float64) {
	if v < 0 {
		r.tell(path, "is negative")
	}
}
