package kafka

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/parlance-chat/parlance/destination"
)

func TestExamine(t *testing.T) {
	may := func(of kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{Resource: of, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true}
	}
	topic := kmsg.ACLResourceTypeTopic
	c := run(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("SCRAM-SHA-256", "admin", "admin"),
		kfake.User("PLAIN", "reader", "pw", may(topic, "chats", kmsg.ACLOperationDescribe)),
		kfake.User("SCRAM-SHA-512", "writer", "pw", may(topic, "chats", kmsg.ACLOperationWrite), may(topic, "chats", kmsg.ACLOperationDescribeConfigs)))
	if err := c.CreateTopic("small", 1, map[string]string{"max.message.bytes": "2000"}); err != nil {
		t.Fatal(err)
	}
	as := func(sasl, user, password, topic string) func(*Settings) {
		return func(s *Settings) {
			s.SASL, s.User, s.Password = sasl, user, "pw"
			if password != "" {
				s.Password = "admin"
			}
			s.Topic = topic
		}
	}
	for name, tt := range map[string]struct {
		s      Settings
		want   string // levels
		says   string
		writes bool
	}{
		"all well":      {settings(c, as("scram-sha-256", "admin", "admin", "chats")), "[0 0 0 0]", "3 partitions, 1 replicas", true},
		"may write":     {settings(c, as("scram-sha-512", "writer", "", "chats")), "[0 0 0 0]", "1048588 bytes", true},
		"may not write": {settings(c, as("plain", "reader", "", "chats")), "[1 0 0 2 0]", "may not write", false},
		"forbidden":     {settings(c, as("plain", "reader", "", "small")), "[1 0 2]", "allow the user to Describe and Write", false},
		"no topic":      {settings(c, as("scram-sha-256", "admin", "admin", "absent")), "[0 2]", "create_topic", false},
		"no topic yet":  {settings(c, as("scram-sha-256", "admin", "admin", "coming"), func(s *Settings) { s.CreateTopic = true }), "[0 0]", "is created", true},
		"template":      {settings(c, as("scram-sha-256", "admin", "admin", "x{workspace}")), "[0 0]", "depends on the call", false},
		"small":         {settings(c, as("scram-sha-256", "admin", "admin", "small")), "[0 0 0 1]", "2000 bytes", true},
		"nobody there":  {settings(c, func(s *Settings) { s.Brokers = []string{"127.0.0.1:1"} }), "[2]", "refused", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, tt.s)
			var levels []int
			var text strings.Builder
			for _, f := range d.Examine(t.Context()) {
				levels = append(levels, int(f.Level))
				fmt.Fprintln(&text, f.Text, "|", f.Do)
				if (f.Level == destination.Good) != (f.Do == "") {
					t.Errorf("%q: level %d with %q to do", f.Text, f.Level, f.Do)
				}
			}
			if fmt.Sprint(levels) != tt.want || !strings.Contains(text.String(), tt.says) || strings.Contains(text.String(), "pw") {
				t.Errorf("got %v:\n%swant %s and %q", levels, &text, tt.want, tt.says)
			}
			if err := d.Send(t.Context(), attempt(0, 1)); (err == nil) != tt.writes {
				t.Errorf("then Send said %v", err)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	right := Settings{Brokers: []string{"a:1"}, Topic: "chats-{workspace}.{source}", Compression: "none", TLS: true, SASL: "plain", User: "u", Password: "hidden"}
	if err := right.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Settings){
		"brokers: is missing": func(s *Settings) { s.Brokers = nil },
		"brokers: write":      func(s *Settings) { s.Brokers = []string{"kafka://a:1"} },
		"brokers: write ":     func(s *Settings) { s.Brokers = []string{"a"} },
		"topic: is missing":   func(s *Settings) { s.Topic = "" },
		"topic: write":        func(s *Settings) { s.Topic = "a/b" },
		"and no event":        func(s *Settings) { s.Topic = "chats.{event}" },
		"compression":         func(s *Settings) { s.Compression = "rar" },
		"tls: is not true":    func(s *Settings) { s.TLS, s.CA = false, "x" },
		"sasl: is missing":    func(s *Settings) { s.SASL = "" },
		"sasl: \"gssapi\"":    func(s *Settings) { s.SASL = "gssapi" },
		"user: write":         func(s *Settings) { s.User = "" },
		"ca: holds":           func(s *Settings) { s.CA = "x" },
	} {
		s := right
		change(&s)
		if _, err := Open(s); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want one that says %s", err, want)
		}
	}
}

func TestTopicName(t *testing.T) {
	s := Settings{Topic: "chats.{workspace}.{source}"}
	for want, c := range map[string]destination.Call{
		"chats.acme.desk-1": {Workspace: "acme", Source: "desk-1"},
		"chats.a_b.d_sk":    {Workspace: "a/b", Source: "désk"},
		"chats._._":         {},
		"chats." + strings.Repeat("x", 249-len("chats.")): {Workspace: strings.Repeat("x", 300)},
	} {
		if got := s.topicOf(c); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
