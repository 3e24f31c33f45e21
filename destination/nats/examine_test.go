package nats

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

func TestExamine(t *testing.T) {
	const good, problem = destination.Good, destination.Problem
	users := func(allow ...string) *server.Options {
		return &server.Options{JetStream: true, StoreDir: t.TempDir(), Users: []*server.User{
			{Username: "admin", Password: "hidden"},
			{Username: "few", Password: "hidden", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: allow}}},
		}}
	}
	info := "$JS.API.STREAM.INFO.chats"
	open1 := run(t, *users("parlance.*.*.*", info, "$SYS.REQ.USER.INFO"))
	closed := run(t, *users("other.>", info, "$SYS.REQ.USER.INFO"))
	mute := run(t, *users("parlance.>", info))
	plain := run(t, server.Options{})
	for _, s := range []*server.Server{open1, closed, mute} {
		manage(t, s, func(js jetstream.JetStream) { stream(t, js, 1) })
	}
	as := func(user string) func(*Settings) {
		return func(s *Settings) { s.Create, s.User, s.Password = false, user, "hidden" }
	}
	for name, tt := range map[string]struct {
		s    Settings
		want []any
	}{
		"all well":        {settings(open1, as("admin")), []any{good, "lets us in", good, "chats is there", good, "takes parlance.*.*.*", good, "may publish"}},
		"few rights":      {settings(open1, as("few")), []any{good, "", good, "", good, "", good, "may publish"}},
		"no right":        {settings(closed, as("few")), []any{good, "", good, "", good, "", problem, "may not publish"}},
		"cannot be asked": {settings(mute, as("few")), []any{good, "", good, "", good, "", good, "does not tell"}},
		"wrong password":  {settings(open1, as("admin"), func(s *Settings) { s.Password = "other" }), []any{problem, "password right"}},
		"no JetStream":    {settings(plain), []any{good, "", problem, "no JetStream answers"}},
		"no stream":       {settings(open1, as("admin"), func(s *Settings) { s.Stream = "absent" }), []any{good, "", problem, "create: true"}},
		"no stream yet":   {settings(open1, as("admin"), func(s *Settings) { s.Stream, s.Create = "absent", true }), []any{good, "", good, "is created", good, "may publish"}},
		"other subject":   {settings(open1, as("admin"), func(s *Settings) { s.Subject = "chats.{event}" }), []any{good, "", good, "", problem, "does not take chats.*", good, ""}},
		"nobody there":    {settings(plain, func(s *Settings) { s.Servers = []string{"nats://127.0.0.1:1"} }), []any{problem, "no servers"}},
	} {
		destinationtest.Findings(t, name, open(t, tt.s).Examine(t.Context()), tt.want...)
	}
	manage(t, open1, func(js jetstream.JetStream) {
		if _, err := js.Publish(t.Context(), "parlance.a.b.c", nil); err != nil {
			t.Fatal(err)
		}
	})
	destinationtest.Findings(t, "full", open(t, settings(open1, as("admin"))).Examine(t.Context()), good, "", good, "", good, "", problem, "is full", good, "")
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		filter, subject string
		want            bool
	}{
		{"a.b", "a.b", true}, {"a.*", "a.b", true}, {"a.*", "a.*", true}, {"a.>", "a.*.c", true}, {">", "a", true},
		{"a.b", "a.*", false}, {"a.*", "a.b.c", false}, {"a.b.c", "a.b", false}, {"a.>", "a", false}, {"b.>", "a.b", false},
	} {
		if got := covers(tt.filter, tt.subject); got != tt.want {
			t.Errorf("%s of %s: got %t", tt.filter, tt.subject, got)
		}
	}
}

// manage does something with a server's JetStream, as its administrator.
func manage(t *testing.T, s *server.Server, f func(jetstream.JetStream)) {
	t.Helper()
	nc, err := nats.Connect(s.ClientURL(), nats.UserInfo("admin", "hidden"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	f(js)
}
