package connectortest_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/simulate"
	"github.com/parlance-chat/parlance/internal/standin"
	"github.com/parlance-chat/parlance/livechat"
	"github.com/parlance-chat/parlance/livechat/lint"
)

// Every chat tool that the simulator can play is played through a whole
// gateway: each conversation's webhooks at once, in any order and some twice. What
// arrives is what was played, in order and once, but for what the tool cannot
// say. So any two tools that play the same give the same.
func TestEveryTool(t *testing.T) {
	p := &playground{arrived: map[string]map[string][]livechat.Event{}}
	receiver := standin.New(standin.Options{OnCall: p.take})
	segment := httptest.NewServer(receiver)
	defer segment.Close()
	tools := p.tools(t)
	p.url = serve(t, configure(t, tools, segment.URL))
	p.play(t, tools)
	p.await(tools)
	for _, tool := range tools {
		t.Run(tool.Name, func(t *testing.T) { tool.compare(t, p) })
	}
	if r := receiver.Report(); r.Repeated > 0 || r.Invalid > 0 {
		t.Errorf("got %d events twice and %d that break the specification, want none", r.Repeated, r.Invalid)
	}
	report, err := lint.Check(&p.calls)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("lint: got %v and %+v, want nothing", err, report.Findings)
	}
}

// A playground is what tools play through.
type playground struct {
	url     string
	mu      sync.Mutex // guards the fields below
	calls   bytes.Buffer
	arrived map[string]map[string][]livechat.Event // by source and conversation
}

func (p *playground) take(c standin.Call) {
	var e livechat.Event
	_ = json.Unmarshal(c.JSON, &e) // the stand-in counts what breaks the specification
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls.Write(c.JSON)
	p.calls.WriteByte('\n')
	source, id := e.Context.LiveChat.Source, e.Properties.ConversationID
	if p.arrived[source] == nil {
		p.arrived[source] = map[string][]livechat.Event{}
	}
	p.arrived[source][id] = append(p.arrived[source][id], e)
}

// settle is far longer than a slow machine needs to take what is told of one
// conversation: what comes later would be late.
const settle = 10 * time.Second

// play has tools play, a few at a time.
func (p *playground) play(t *testing.T, tools []*tool) {
	var playing sync.WaitGroup
	turns := make(chan struct{}, 4)
	for _, tool := range tools {
		turns <- struct{}{}
		playing.Go(func() {
			defer func() { <-turns }()
			tool.play(t, p.url)
		})
	}
	playing.Wait()
}

// await waits until each tool's last conversation has arrived, or enough time
// has passed.
func (p *playground) await(tools []*tool) {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if !slices.ContainsFunc(tools, func(tool *tool) bool {
			last := tool.conversations[len(tool.conversations)-1]
			return len(p.of(tool, last)) < len(connectortest.Told(tool.Type, last))
		}) {
			return
		}
	}
}

// A tool is a chat tool that plays conversations.
type tool struct {
	connector.Type
	secret, configured string // what it signs with, and what the configuration holds
	api                *httptest.Server
	conversations      [][]conversation.Activity
}

func (p *playground) tools(t *testing.T) (list []*tool) {
	conversations := scripts()
	private, public := rsaKeys(t)
	for _, typ := range all.Types() {
		if typ.Name == "custom" {
			continue // whatever its program reads
		}
		tool := &tool{Type: typ, conversations: conversations, secret: connectortest.Secret, configured: connectortest.Secret}
		if s := typ.Gives.Signature; strings.HasPrefix(s, "RSA") && !strings.Contains(s, "token") {
			tool.secret, tool.configured = private, public
		}
		api, answers := typ.New(connector.Options{}).(connector.Answerer)
		if answers || typ.API != nil && !typ.API.Optional {
			tool.conversations = conversations[:3] // the gateway asks ten times a second
			tool.api = httptest.NewServer(serveAPI(api, conversations))
			t.Cleanup(tool.api.Close)
		}
		list = append(list, tool)
	}
	return list
}

func rsaKeys(t *testing.T) (private, public string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	write := func(kind string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	private = write("PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(&key.PublicKey)
	return private, write("PUBLIC KEY", der, err)
}

// scripts are conversations of every kind that the simulator plays, each to an
// end. Their times are whole seconds, which is all that some tools tell.
func scripts() (list [][]conversation.Activity) {
	for number := int64(101); number <= 116; number++ {
		began := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
		var history []conversation.Activity
		closed := false
		add := func(at time.Duration, a conversation.Activity) {
			a.Time, a.StartedAt = began.Add(at.Truncate(time.Second)), began
			history = append(history, a)
		}
		lines := simulate.Script(7, number)
		for _, l := range lines {
			add(l.At, l.Activity)
			closed = closed || l.Type == conversation.Closed
		}
		if !closed { // or a tool that tells at the end would tell nothing
			last := lines[len(lines)-1]
			last.Activity.ID, last.Type, last.By, last.Message = "closed", conversation.Closed, conversation.HumanAgent, conversation.Text{}
			last.Agent = conversation.Agent{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}
			add(last.At+time.Minute, last.Activity)
		}
		list = append(list, history)
	}
	return list
}

// serveAPI plays a tool's API; nil knows nothing.
func serveAPI(api connector.Answerer, conversations [][]conversation.Activity) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, history := range conversations {
			if api == nil {
				break
			}
			if b := api.Answer(history, r.URL.RequestURI()); b != nil {
				_, _ = w.Write(b) // the gateway asks again
				return
			}
		}
		http.NotFound(w, r)
	})
}

// configure returns a configuration with a source for each tool, as a user
// writes it.
func configure(t *testing.T, tools []*tool, segment string) gateway.Config {
	var b strings.Builder
	fmt.Fprintf(&b, "settle: %s\ndestinations:\n  segment: {type: segment, write_key: key, endpoint: %q}\nsources:\n", settle, segment)
	for _, tool := range tools {
		fmt.Fprintf(&b, "  %s:\n    type: %s\n    agent_ids: [\"7\", \"8\", \"9\", \"12\"]\n    bot_ids: [\"1\"]\n", tool.Name, tool.Name)
		if tool.Signs == connector.Never {
			fmt.Fprintf(&b, "    path: %s\n", tool.path())
		} else {
			fmt.Fprintf(&b, "    secret: %q\n", tool.configured)
		}
		if tool.api != nil {
			fmt.Fprintf(&b, "    api_url: %s\n    api_token: token\n", tool.api.URL)
		}
	}
	c, err := gateway.Parse([]byte(b.String()), "parlance.yaml", func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	c.Data, c.Listen, c.Log = t.TempDir(), gateway.NoListener, slog.New(slog.DiscardHandler)
	return *c
}

// serve runs a gateway until the test ends, and returns its URL.
func serve(t *testing.T, c gateway.Config) string {
	g, err := gateway.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	server := httptest.NewServer(g.Handler())
	t.Cleanup(func() {
		server.Close()
		stop()
		if err := errors.Join(<-done, g.Close()); err != nil {
			t.Error(err)
		}
	})
	return server.URL
}

func (tool *tool) path() string {
	if tool.Signs == connector.Never {
		return tool.Name + "-that-nobody-can-guess"
	}
	return tool.Name
}

// of returns the events of a conversation, whose id some tools make of several.
func (p *playground) of(tool *tool, history []conversation.Activity) []livechat.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := history[0].Conversation
	for _, e := range p.arrived[tool.Name] {
		if got := e[0].Properties.ConversationID; got == id || tool.Gives.ConversationID != connector.Yes && strings.HasSuffix(got, id) {
			return e
		}
	}
	return nil
}

func (tool *tool) faker(url, secret string) connector.Faker {
	o := connector.Options{URL: url + "/in/" + tool.path(), BotIDs: []string{"1"}}
	if secret != "" {
		o.Secrets = []string{secret}
	}
	return tool.New(o).(connector.Faker)
}

// play sends what the tool sends, and checks the answers. What is told of one
// conversation is sent at once, but to a source whose API has to be asked, which
// takes longer than the settle time.
func (tool *tool) play(t *testing.T, url string) {
	faker := tool.faker(url, tool.secret)
	for i, history := range tool.conversations {
		random := mathrand.New(mathrand.NewPCG(1, uint64(i)))
		var sending sync.WaitGroup
		for n := range history {
			for _, r := range faker.Fake(history[:n+1]) {
				for range 1 + random.IntN(4)/3 {
					sending.Go(func() { tool.deliver(t, url, r) })
					if tool.api != nil {
						sending.Wait()
					}
				}
			}
		}
		sending.Wait()
	}
	tool.forge(t, url)
}

func (tool *tool) deliver(t *testing.T, url string, r connector.Request) {
	status, body := tool.send(t, url, r)
	if status != http.StatusOK || tool.Answer != "" && body != tool.Answer {
		t.Errorf("%s: got %d %q, want 200 %q", tool.Name, status, body, tool.Answer)
	}
}

// forge checks that nobody else gets in where the tool signs.
func (tool *tool) forge(t *testing.T, url string) {
	if tool.Signs == connector.Never {
		return
	}
	forged := map[string][]connector.Request{}
	first := tool.conversations[0]
	for n := range first {
		forged["another secret"] = append(forged["another secret"], tool.faker(url, "YW5vdGhlcg").Fake(first[:n+1])...)
		forged["no secret"] = append(forged["no secret"], tool.faker(url, "").Fake(first[:n+1])...)
		if !strings.Contains(strings.ToLower(tool.Gives.Signature), "token") {
			forged["an altered body"] = append(forged["an altered body"], tool.faker(url, tool.secret).Fake(first[:n+1])...)
		}
	}
	for i := range forged["an altered body"] {
		b := forged["an altered body"][i].Body
		b[len(b)/2] ^= 1
	}
	for how, requests := range forged {
		for _, r := range requests {
			if status, _ := tool.send(t, url, r); status != http.StatusUnauthorized {
				t.Errorf("%s, %s: got %d, want 401", tool.Name, how, status)
			}
		}
	}
}

func (tool *tool) send(t *testing.T, url string, r connector.Request) (status int, body string) {
	address := url + "/in/" + tool.path()
	if _, query, ok := strings.Cut(r.URL, "?"); ok {
		address += "?" + query
	}
	req, err := http.NewRequest(cmp.Or(r.Method, http.MethodPost), address, bytes.NewReader(r.Body))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(b)
}

// compare compares what arrived with what was played.
func (tool *tool) compare(t *testing.T, p *playground) {
	for _, history := range tool.conversations {
		want, got := connectortest.Told(tool.Type, history), p.of(tool, history)
		if len(got) != len(want) {
			t.Errorf("conversation %s: got %d events, want %d\ngot  %v\nwant %v", history[0].Conversation, len(got), len(want), connectortest.Kinds(got), connectortest.Kinds(want))
			continue
		}
		for i := range want {
			problem := cmp.Or(connectortest.Differ(tool.Gives, got[i], want[i]), tool.invented(got[i], want[i]))
			if strings.Contains(got[i].Properties.MessageBody, "Internal:") {
				problem = "a private note came out"
			}
			if problem != "" {
				t.Errorf("conversation %s, event %d of %v: %s\ngot  %+v\nwant %+v", history[0].Conversation, i, connectortest.Kinds(want), problem, got[i], want[i])
				break
			}
		}
	}
}

// invented says which property of an event is neither left out nor what was
// played. IDs are the tool's own; connectortest compares those that it can.
func (tool *tool) invented(got, want livechat.Event) string {
	p, q := got.Properties, want.Properties
	human := got.Context.LiveChat.AgentType != "bot" // whose names tools have of their own
	for name, pair := range map[string][2]string{
		"message_body":   {p.MessageBody, q.MessageBody},
		"agent_name":     {p.AgentName, q.AgentName},
		"agent_username": {p.AgentUsername, q.AgentUsername},
		"userId":         {got.UserID, want.UserID},
	} {
		if name == "userId" && (tool.Name == "sendbird" || tool.Name == "stream-chat") {
			continue // whose users have the ids that the company gave them
		}
		if pair[0] != "" && pair[0] != pair[1] && (human || !strings.HasPrefix(name, "agent_")) {
			return name + " is invented"
		}
	}
	return ""
}
