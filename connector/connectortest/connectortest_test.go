package connectortest_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/connector/connectortest/toy"
	"github.com/parlance-chat/parlance/conversation"
)

// broken is the toy connector with something wrong.
type broken struct {
	*toy.Connector
	told   atomic.Int64
	parse  func(*broken, *connector.Request, *connector.Parsed)
	verify func(connector.Options, *connector.Request, error) error
	o      connector.Options
}

func (c *broken) Parse(r *connector.Request) (connector.Parsed, error) {
	p, err := c.Connector.Parse(r)
	if c.parse != nil {
		c.parse(c, r, &p)
	}
	return p, err
}

func (c *broken) Verify(r *connector.Request) error {
	err := c.Connector.Verify(r)
	if c.verify != nil {
		return c.verify(c.o, r, err)
	}
	return err
}

// each makes a defect of what is done to each activity.
func each(f func(c *broken, r *connector.Request, a *conversation.Activity)) func(*broken, *connector.Request, *connector.Parsed) {
	return func(c *broken, r *connector.Request, p *connector.Parsed) {
		for i := range p.Activities {
			f(c, r, &p.Activities[i])
		}
	}
}

// defects are what a connector can get wrong, and where Test says so with
// what words.
var defects = []struct {
	name   string
	where  string
	says   string
	parse  func(*broken, *connector.Request, *connector.Parsed)
	verify func(connector.Options, *connector.Request, error) error
	typ    func(*connector.Type)
}{
	{name: "none"},
	{name: "a private note comes out", where: "played", says: "events, want", parse: func(_ *broken, r *connector.Request, p *connector.Parsed) {
		if slices.Contains(p.Dropped, "private_note") {
			said := strings.ReplaceAll(string(r.Body), `"private":true`, `"private":false`)
			*p, _ = toy.Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(said)})
		}
	}},
	{name: "unsigned webhooks pass", where: "nonsense", says: "unsigned", verify: func(_ connector.Options, r *connector.Request, err error) error {
		if r.Header.Get("X-Toy-Signature") == "" {
			return nil
		}
		return err
	}},
	{name: "without a secret everything passes", where: "signed", says: "no secret: got <nil>", verify: func(o connector.Options, _ *connector.Request, err error) error {
		if len(o.Secrets) == 0 {
			return nil
		}
		return err
	}},
	{name: "the body is not signed", where: "signed", says: "a changed body", verify: func(o connector.Options, r *connector.Request, err error) error {
		if strings.HasPrefix(r.Header.Get("X-Toy-Signature"), "sha256=") && len(r.Header.Get("X-Toy-Signature")) == 71 && slices.Contains(o.Secrets, connectortest.Secret) {
			return nil
		}
		return err
	}},
	{name: "time is not the tool's", where: "played", says: "timestamp", parse: each(func(_ *broken, _ *connector.Request, a *conversation.Activity) {
		a.Time, a.StartedAt = a.Time.Add(time.Hour), a.StartedAt.Add(time.Hour)
	})},
	{name: "durations are wrong", where: "played", says: "conversation_duration", parse: each(func(_ *broken, _ *connector.Request, a *conversation.Activity) {
		if a.By == conversation.HumanAgent {
			a.Time = a.Time.Add(time.Second)
		}
	})},
	{name: "bots pass for people", where: "played", says: "agent_type", parse: each(func(_ *broken, _ *connector.Request, a *conversation.Activity) {
		if a.By == conversation.Bot {
			a.By = conversation.HumanAgent
		}
	})},
	{name: "closings are not told", where: "played", says: "events, want", parse: func(_ *broken, _ *connector.Request, p *connector.Parsed) {
		p.Activities = slices.DeleteFunc(p.Activities, func(a conversation.Activity) bool { return a.Type == conversation.Closed })
	}},
	{name: "who wrote is forgotten", where: "played", says: "agent_id", parse: each(func(_ *broken, _ *connector.Request, a *conversation.Activity) {
		a.Agent = conversation.Agent{}
	})},
	{name: "the tool's own contact id passes for the company's", where: "played", says: "userId", parse: each(func(_ *broken, _ *connector.Request, a *conversation.Activity) {
		a.Customer.UserID = a.Customer.ContactID
	})},
	{name: "what is promised is not given", where: "played", says: "agent_username", typ: func(t *connector.Type) { t.Gives.AgentUsername = connector.Yes }},
	{name: "another id every time", where: "message.json", says: "says something else", parse: each(func(c *broken, _ *connector.Request, a *conversation.Activity) {
		a.ID += string(rune('a' + c.told.Add(1)%20))
	})},
	{name: "the message has no id", where: "played", says: "a message without author or ID", parse: each(func(_ *broken, _ *connector.Request, a *conversation.Activity) {
		a.Message.ID = ""
	})},
	{name: "nonsense makes it panic", where: "nonsense", says: "panic", parse: func(_ *broken, r *connector.Request, _ *connector.Parsed) {
		if string(r.Body) == "[]" {
			panic("index out of range")
		}
	}},
}

// Test finds what a connector can get wrong.
func TestDefects(t *testing.T) {
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestBroken$/"+d.where, "-test.v")
			cmd.Env = append(os.Environ(), "DEFECT="+d.name)
			out, err := cmd.CombinedOutput()
			if d.says == "" && err != nil || d.says != "" && (err == nil || !strings.Contains(string(out), d.says) || !strings.Contains(string(out), "TestBroken/"+d.where)) {
				t.Errorf("got %v and\n%.3000s\nwant a failure of %s that says %q", err, out, d.where, d.says)
			}
		})
	}
}

// TestBroken runs Test on a broken connector, as TestDefects asks it to.
func TestBroken(t *testing.T) {
	for _, d := range defects {
		if d.name != os.Getenv("DEFECT") {
			continue
		}
		typ := toy.Type()
		typ.New = func(o connector.Options) connector.Connector {
			return &broken{Connector: toy.Type().New(o).(*toy.Connector), parse: d.parse, verify: d.verify, o: o}
		}
		if d.typ != nil {
			d.typ(&typ)
		}
		connectortest.Test(t, typ, "toy/testdata")
	}
}
