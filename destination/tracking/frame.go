package tracking

import (
	"crypto/sha256"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/livechat"
)

// A Part is what a platform with a format of its own gets of a call. Most calls
// have one.
type Part struct {
	Object *Object
	Frame  Frame // zero is the profile's
}

// A Frame is what stands around the parts in a request. Consecutive parts with
// the same go together.
type Frame struct {
	URL           string // in place of the profile's; it may hold the key
	Before, After string // the list of parts, with their brackets
	Plain         bool   // the platform takes no gzip
}

// parts returns what the platform gets of a call.
func (d *Destination) parts(c destination.Call) (list []call, err error) {
	o, err := parse(c.JSON)
	if err != nil {
		return nil, errNotOurs
	}
	parts, err := d.p.Parts(o)
	if err != nil {
		return nil, err
	}
	for i, p := range parts {
		list = append(list, call{id: c.MessageID, json: p.Object.json(), frame: p.Frame, more: i < len(parts)-1})
	}
	return list, nil
}

// NoCounterpart refuses a call of a type that the platform has nothing like.
func NoCounterpart(kind string) error {
	return &destination.Refusal{Reason: "the platform has no counterpart of a " + kind + " call"}
}

// frame returns what stands around the calls of a batch.
func (p *Profile) frame(a destination.Attempt, b batch) Frame {
	f := b.frame
	if p.Parts == nil {
		f.Before, f.After = `{"batch":[`, `],"sentAt":"`+livechat.FormatTime(a.SentAt)+`"`+string(p.envelope(b))+"}"
	} else if f == (Frame{}) {
		f = p.Frame
	}
	if f.URL == "" {
		f.URL = p.URL
	}
	return f
}

// write writes the calls of a batch.
func (f *Frame) write(w io.Writer, calls []call) error {
	_, err := io.WriteString(w, f.Before)
	for i, c := range calls {
		if i > 0 && err == nil {
			_, err = io.WriteString(w, ",")
		}
		if err == nil {
			_, err = w.Write(c.json)
		}
	}
	if err == nil {
		_, err = io.WriteString(w, f.After)
	}
	return err
}

// Time returns when a call happened: its timestamp, or where it has none, when
// it was sent.
func (o *Object) Time() time.Time {
	for _, key := range []string{"timestamp", "sentAt"} {
		if text, ok := o.Text(key); ok {
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				return at
			}
		}
	}
	return time.Time{}
}

// UUID returns a text that is a UUID as it is, and another as one that is
// derived from it: some platforms take no other ids.
func UUID(text string) string {
	if len(text) == 36 && uuid.Validate(text) == nil {
		return text
	}
	return derived([]byte(text))
}

// derived returns a UUID of what is hashed.
func derived(b []byte) string {
	h := sha256.Sum256(b)
	u := uuid.UUID(h[:16])
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}
