package gateway

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/jq"
	"github.com/parlance-chat/parlance/internal/strictyaml"
	"github.com/parlance-chat/parlance/livechat"
)

// destination resolves one destination of a workspace. It reports whether the
// next of the Segment family needs messageIds of its own.
func (r *resolver) destination(path string, w Workspace, d Destination, salted bool) bool {
	t := destinationType(r.destinations, d.Type)
	if t == nil {
		var known []string
		for _, t := range r.destinations {
			known = append(known, t.Name)
		}
		r.unknownType(path, d.Type, known, "there are "+strings.Join(known, ", "))
		return false
	}
	settings := t.Settings()
	if d.Settings != nil {
		if given := reflect.ValueOf(d.Settings); given.Type() != reflect.TypeOf(settings) || given.IsNil() {
			r.tell(path, "has settings of type %T, want %T", d.Settings, settings)
			return t.Segment
		}
		settings = d.Settings
	}
	takes := r.limits(path, t, settings)
	r.place(path, t, settings)
	policy := d.Policy.or(Policy{Perspective: t.Perspective}).or(w.Policy)
	out := ResolvedDestination{
		Workspace: w.Name,
		Name:      d.Name,
		Type:      ReceiverType(d.Type),
		Settings:  settings,
		Policy:    deliver.Policy{MessageBody: deliver.MessageBody(policy.MessageBody), Perspective: deliver.Perspective(policy.Perspective)},
	}
	out.Pace = r.pace(path, d, takes)
	out.Start = r.start(strictyaml.Join(path, "start"), d.Start)
	if t.Segment && salted {
		out.Policy.Salt = d.Name
	}
	r.filter(strictyaml.Join(path, "only"), w, d.Only)
	r.filter(strictyaml.Join(path, "except"), w, d.Except)
	out.Policy.Only, out.Policy.Except = d.Only.deliver(), d.Except.deliver()
	if d.Transform != "" {
		var err error
		if out.Policy.Transform, err = jq.Compile(string(d.Transform), nil); err != nil {
			r.tell(strictyaml.Join(path, "transform"), "%v", err)
		}
	}
	r.out.Destinations = append(r.out.Destinations, out)
	return t.Segment
}

// A Start is where a destination begins that is new. The zero value is with
// what comes next.
type Start struct {
	Kept  bool      // it begins with what is kept
	Since time.Time // of that, with what was committed since then
}

func (r *resolver) start(path, s string) Start {
	switch s {
	case "", "now":
		return Start{}
	case "beginning":
		return Start{Kept: true}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return Start{Kept: true, Since: t}
		}
	}
	r.tell(path, "must be now, beginning, or a date or time such as 2026-03-02 or 2026-03-02T09:00:00Z")
	return Start{}
}

// limits checks the settings of a destination, and returns how much it takes:
// any number, for all that is known, where the settings are wrong.
func (r *resolver) limits(path string, t *destination.Type, settings any) destination.Limits {
	unknown := destination.Limits{InFlight: deliver.MostInFlight}
	if !r.settings(path, settings) {
		return unknown
	}
	d, err := t.Open(settings)
	if err != nil {
		r.tell(path, "%v", err)
		return unknown
	}
	limits := d.Limits()
	_ = d.Close() // nothing went through it
	return limits
}

// settings has the settings of a destination check themselves, and reports
// whether they are right. Each error that begins with a key and a colon is told
// at that key.
func (r *resolver) settings(path string, settings any) bool {
	checked, ok := settings.(interface{ Check() error })
	if !ok {
		return true
	}
	err := checked.Check()
	if err == nil {
		return true
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	keys := strictyaml.Keys(settings)
	for _, err := range errs {
		key, text, ok := strings.Cut(err.Error(), ": ")
		if !ok || !slices.Contains(keys, key) {
			r.tell(path, "%s", err)
			continue
		}
		r.tell(strictyaml.Join(path, key), "%s", text)
	}
	return false
}

// place checks that no two destinations write over each other.
func (r *resolver) place(path string, t *destination.Type, settings any) {
	if t.Place == nil || t.Place(settings) == "" {
		return
	}
	place := t.Name + " " + t.Place(settings)
	if other, ok := r.places[place]; ok {
		r.tell(path, "writes to the same place as %s; give one of them another", other)
	}
	r.places[place] = path
}

// destinationType returns the type with a name, or nil.
func destinationType(types []destination.Type, name string) *destination.Type {
	for i, t := range types {
		if t.Name == name {
			return &types[i]
		}
	}
	return nil
}

// pace returns how calls are to be handed over to a destination that takes so
// much.
func (r *resolver) pace(path string, d Destination, takes destination.Limits) deliver.Pace {
	if d.InFlight < 0 || d.InFlight > deliver.MostInFlight {
		r.tell(strictyaml.Join(path, "in_flight"), "must be 1 to %d", deliver.MostInFlight)
	}
	batch, rate := strictyaml.Join(path, "batch"), strictyaml.Join(path, "rate_limit")
	r.notNegative(strictyaml.Join(batch, "calls"), float64(d.Batch.Calls))
	r.notNegative(strictyaml.Join(batch, "bytes"), float64(d.Batch.Bytes))
	r.notNegative(strictyaml.Join(batch, "age"), float64(d.Batch.Age))
	r.notNegative(strictyaml.Join(rate, "events"), d.RateLimit.Events)
	r.notNegative(strictyaml.Join(rate, "requests"), d.RateLimit.Requests)
	p := deliver.Pace{InFlight: d.InFlight, Calls: d.Batch.Calls, Bytes: d.Batch.Bytes, Age: d.Batch.Age,
		Events: d.RateLimit.Events, Requests: d.RateLimit.Requests}
	if err := p.Check(takes); err != nil {
		key, text, _ := strings.Cut(err.Error(), ": ")
		r.tell(path+"."+key, "%s", text)
	}
	return p
}

func (r *resolver) notNegative(path string, v float64) {
	if v < 0 {
		r.tell(path, "is negative")
	}
}

// filter checks that what a filter names can be: one that names nobody would
// hold every event back, or none, and nothing would tell.
func (r *resolver) filter(path string, w Workspace, f Filter) {
	var sources []string
	passes := false // whether events may be called anything
	for _, s := range w.Sources {
		sources = append(sources, s.Name)
		passes = passes || s.Type == typeTracking
	}
	r.known(strictyaml.Join(path, "sources"), f.Sources, sources, "is no source of this workspace")
	if !passes {
		r.known(strictyaml.Join(path, "events"), f.Events, derived(), "is no event of these sources; there are Started, Sent, Received, Ended and identify")
	}
}

// derived are the names, the short ones too, of what becomes of activities.
func derived() []string {
	names := []string{"identify"}
	for _, k := range livechat.Kinds() {
		short := string(k)[strings.LastIndex(string(k), " ")+1:]
		names = append(names, short, string(k))
	}
	return names
}

// known tells of each word of a list that is none of those known.
func (r *resolver) known(path string, list, known []string, text string) {
	for i, word := range list {
		if !slices.Contains(known, word) {
			r.tell(fmt.Sprintf("%s[%d]", path, i), "%s%s", text, meant(word, known))
		}
	}
}

// deliver returns the filter in the words of package deliver, nil if it is empty.
func (f Filter) deliver() *deliver.Filter {
	if f.Sources == nil && f.Channels == nil && f.Events == nil {
		return nil
	}
	return &deliver.Filter{Sources: f.Sources, Channels: f.Channels, Events: f.Events}
}
