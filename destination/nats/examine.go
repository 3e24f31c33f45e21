package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/phrase"
)

// rightsTimeout is how long the server may take to tell our rights: to who may
// not ask, it says nothing.
const rightsTimeout = 2 * time.Second

// Examine implements destination.Examiner.
func (d *Destination) Examine(ctx context.Context) (found []destination.Finding) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	e := &Destination{s: d.s} // a connection of its own, for attempts may be under way
	e.s.Create = false
	defer e.Close()
	err := e.connect(ctx)
	if e.nc == nil || !e.nc.IsConnected() {
		return []destination.Finding{destination.Found(means(err, e.forbidden.Load()))}
	}
	found = append(found, good("NATS %s answers and lets us in", e.nc.ConnectedServerVersion()))
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound) && d.s.Create:
		found = append(found, good("there is no stream %s yet; it is created with the first call", d.s.Stream))
	case err != nil:
		return append(found, destination.Found(means(err, e.forbidden.Load())))
	default:
		found = append(found, e.examineStream(ctx)...)
	}
	return append(found, e.examineRights(ctx))
}

// examineStream looks at what is kept of the stream, and where.
func (d *Destination) examineStream(ctx context.Context) []destination.Finding {
	stream, err := d.js.Stream(ctx, d.s.Stream)
	if err != nil {
		return []destination.Finding{destination.Found(means(err, d.forbidden.Load()))}
	}
	info := stream.CachedInfo()
	c := info.Config
	found := []destination.Finding{good("stream %s is there, with %s, and knows messageIds for %s", d.s.Stream, phrase.Count(int64(c.Replicas), "replica"), phrase.Span(c.Duplicates))}
	subject := wildcard(d.s.Subject)
	if !anyCovers(c.Subjects, subject) {
		return append(found, destination.Finding{
			Level: destination.Problem, Text: fmt.Sprintf("stream %s does not take %s, but %s", d.s.Stream, subject, strings.Join(c.Subjects, ", ")),
			Do: "add the subject to the stream, or change subject",
		})
	}
	found = append(found, good("stream %s takes %s", d.s.Stream, subject))
	if full := c.MaxMsgs > 0 && info.State.Msgs >= uint64(c.MaxMsgs) || c.MaxBytes > 0 && info.State.Bytes >= uint64(c.MaxBytes); full && c.Discard == jetstream.DiscardNew {
		found = append(found, destination.Finding{Level: destination.Problem, Text: fmt.Sprintf("stream %s is full", d.s.Stream), Do: "raise its limits, or have it discard the old"})
	}
	return found
}

// examineRights asks whether we may publish to the subject.
func (d *Destination) examineRights(ctx context.Context) destination.Finding {
	ctx, cancel := context.WithTimeout(ctx, rightsTimeout)
	defer cancel()
	var said struct {
		Data struct {
			Permissions struct {
				Publish struct{ Allow, Deny []string }
			}
		}
	}
	subject := wildcard(d.s.Subject)
	m, err := d.nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: "$SYS.REQ.USER.INFO"})
	if err == nil {
		err = json.Unmarshal(m.Data, &said)
	}
	if err != nil {
		return good("whether we may publish to %s, the server does not tell", subject)
	}
	may := said.Data.Permissions.Publish
	if len(may.Allow) > 0 && !anyCovers(may.Allow, subject) || anyCovers(may.Deny, subject) {
		return destination.Finding{Level: destination.Problem, Text: "we may not publish to " + subject, Do: "allow the user to"}
	}
	return good("we may publish to %s", subject)
}

func anyCovers(filters []string, subject string) bool {
	return slices.ContainsFunc(filters, func(f string) bool { return covers(f, subject) })
}

// covers reports whether a filter lets through all that a subject with
// wildcards stands for.
func covers(filter, subject string) bool {
	of, parts := strings.Split(filter, "."), strings.Split(subject, ".")
	for i, f := range of {
		switch {
		case f == ">":
			return i < len(parts)
		case i >= len(parts) || f != "*" && f != parts[i]:
			return false
		}
	}
	return len(of) == len(parts)
}

func good(format string, args ...any) destination.Finding {
	return destination.Finding{Text: fmt.Sprintf(format, args...)}
}
