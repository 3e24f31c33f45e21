package all_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/conversation"
)

// chat is a typical conversation.
func chat() (list []conversation.Activity) {
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ann := conversation.Agent{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}
	for i, said := range []string{
		"Hello, I ordered two mugs last week (order 10482), and only one of them has come. Where is the other one?",
		"Good morning! Let me have a look, one moment please.",
		"Thank you.",
		"The second parcel left our warehouse yesterday. It should be with you tomorrow; here is the number to follow it: 00340434161094042557.",
		"Great, that was quick. Have a nice day!",
		"You too!",
		"",
	} {
		a := conversation.Activity{Type: conversation.Message, By: conversation.Customer, Conversation: "1017", Channel: "chat",
			Time: began.Add(time.Duration(i) * 40 * time.Second), StartedAt: began, Message: conversation.Text{ID: fmt.Sprint(90001 + i), Body: said},
			Customer: conversation.Person{UserID: "u-17", ContactID: "4017", Email: "mia@example.com", Name: "Mia Berg"}}
		switch {
		case said == "":
			a.Type, a.By, a.Agent, a.Message = conversation.Closed, conversation.HumanAgent, ann, conversation.Text{}
		case i%2 == 1:
			a.By, a.Agent = conversation.HumanAgent, ann
		}
		a.ID = fmt.Sprintf("%s:%d", a.Type, i)
		list = append(list, a)
	}
	return list
}

// typical is the longest webhook with a message that a tool sends of it: what
// each message is told by, or the whole transcript.
func typical(f connector.Faker) (longest *connector.Request) {
	all := chat()
	for n := range all {
		for _, r := range f.Fake(all[:n+1]) {
			answers(f, all[:n+1], &r)
			p, err := f.Parse(&r)
			if err != nil || !slices.ContainsFunc(p.Activities, func(a conversation.Activity) bool { return a.Type == conversation.Message }) {
				continue
			}
			if longest == nil || len(r.Body) > len(longest.Body) {
				longest = &r
			}
		}
	}
	return longest
}

// answers gives r what the tool's API says.
func answers(f connector.Faker, history []conversation.Activity, r *connector.Request) {
	api, ok := f.(interface {
		Answer(history []conversation.Activity, path string) []byte
	})
	if r.Answers = map[string][]byte{}; !ok {
		return
	}
	for range 8 {
		p, err := f.Parse(r)
		if err != nil || len(p.Lookups) == 0 {
			return
		}
		for _, l := range p.Lookups {
			r.Answers[l.Path] = api.Answer(history, l.Path)
		}
	}
}

// texts is all JSON that reading a webhook takes: its body, or what its form
// holds, and what the tool's API says.
func texts(r *connector.Request) (list [][]byte) {
	switch form, err := url.ParseQuery(string(r.Body)); {
	case json.Valid(r.Body):
		list = append(list, r.Body)
	case err == nil:
		b, _ := json.Marshal(form) // maps of strings always marshal
		list = append(list, b)
		for _, values := range form {
			if json.Valid([]byte(values[0])) {
				list[0] = []byte(values[0])
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.Answers)) {
		if len(r.Answers[path]) > 0 {
			list = append(list, r.Answers[path])
		}
	}
	return list
}

// size is how many bytes reading a webhook takes.
func size(r *connector.Request) int {
	n := len(r.Body)
	for _, answer := range r.Answers {
		n += len(answer)
	}
	return n
}

// read reads r n times, and returns how many times its bytes that allocates.
func read(t testing.TB, f connector.Faker, r *connector.Request, n int) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		if _, err := f.Parse(r); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(n) / float64(size(r))
}

// fakers calls f with every tool that the simulator can play, and with its
// typical webhook.
func fakers(t testing.TB, f func(typ connector.Type, c connector.Faker, r *connector.Request)) {
	for _, typ := range all.Types() {
		c, ok := typ.New(connector.Options{Secrets: []string{"636f6e6e6563746f722d74657374"}, AgentIDs: []string{"agent-*", "7"}}).(connector.Faker)
		if !ok {
			continue
		}
		r := typical(c)
		if r == nil {
			t.Errorf("%s: got no webhook with a message", typ.Name)
			continue
		}
		f(typ, c, r)
	}
}

// BenchmarkParse reads the typical webhook of every tool that the simulator can
// play. Beside webhooks/s it tells how many times its bytes reading allocates,
// and how many times longer it takes than encoding/json does to decode the same
// bytes into an any.
func BenchmarkParse(b *testing.B) {
	fakers(b, func(typ connector.Type, c connector.Faker, r *connector.Request) {
		b.Run(typ.Name, func(b *testing.B) {
			texts := texts(r)
			b.ResetTimer()
			allocated := read(b, c, r, b.N)
			b.StopTimer()
			took, start := b.Elapsed(), time.Now()
			for range b.N {
				for _, text := range texts {
					var v any
					if err := json.Unmarshal(text, &v); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N)/took.Seconds(), "webhooks/s")
			b.ReportMetric(float64(size(r)), "bytes")
			b.ReportMetric(allocated, "allocated/bytes")
			b.ReportMetric(float64(took)/float64(time.Since(start)), "time/json")
		})
	})
}
