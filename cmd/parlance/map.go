package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/recording"
	"github.com/parlance-chat/parlance/livechat"
)

func mapCommand() *cobra.Command {
	var try, headers []string
	var source, typ, program string
	cmd := &cobra.Command{
		Use:   "map --try FILE",
		Short: "Show what would become of webhooks: activities, events, and what is missing",
		Long: `Show what would become of webhooks: activities, events, and what is missing.

They are read as the source of the configuration would read them; or by --type
alone, or by a jq program alone. Nothing is sent or kept, and signatures do not
count.`,
		Example: `  parlance map --source desk --try webhook.json
  parlance map --program desk.jq --try webhook.json --try next.json
  parlance map --type intercom --try captured.jsonl`,
		Args: noArgs,
	}
	file := configFlag(cmd)
	workspace := cmd.Flags().StringP("workspace", "w", "default", "workspace")
	cmd.Flags().StringArrayVar(&try, "try", nil, "file with a webhook's body, or several as JSON Lines; - is standard input (repeatable)")
	cmd.Flags().StringVar(&source, "source", "", "name of the source")
	cmd.Flags().StringVar(&typ, "type", "", "type of chat tool, in place of a source")
	cmd.Flags().StringVar(&program, "program", "", "file with a jq program, in place of a source")
	cmd.Flags().StringArrayVar(&headers, "header", nil, "header of the webhook, 'NAME: VALUE' (repeatable)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(try) == 0 {
			return usage(cmd, "name a file with --try")
		}
		r, err := mapReader(cmd, file, *workspace, source, typ, program)
		if err != nil {
			return err
		}
		signal.Reset(os.Interrupt, syscall.SIGTERM) // a read of the terminal heeds no context
		m := mapper{r, cmd.OutOrStdout(), headers}
		for _, path := range try {
			err := recording.Read(path, cmd.InOrStdin(), func(p recording.Place, req *connector.Request) error {
				return m.show(fmt.Sprintf("%s:%d", path, p.N), req)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// mapReader returns a reader of the source, or of one made up of flags.
func mapReader(cmd *cobra.Command, file *configFile, workspace, source, typ, program string) (*gateway.Reader, error) {
	if source != "" {
		config, err := file.read(gateway.Load)
		if err != nil {
			return nil, err
		}
		return config.Reader(workspace, source)
	}
	s := gateway.Source{Name: "try", Type: typ}
	switch {
	case program != "":
		b, err := os.ReadFile(program)
		if err != nil {
			return nil, err
		}
		s.Type, s.Program, s.Unsigned, s.Path = "custom", gateway.Text(b), true, "a-path-that-nobody-calls"
	case typ == "":
		return nil, usage(cmd, "name a source with --source, or a --type or --program")
	default:
		types := all.Types()
		i := slices.IndexFunc(types, func(t connector.Type) bool { return t.Name == typ })
		if i < 0 {
			return nil, usage(cmd, "no chat tool %q; 'parlance connectors' lists them", typ)
		}
		placeholders(&s, types[i])
	}
	return (&gateway.Config{Sources: []gateway.Source{s}}).Reader("default", "try")
}

// placeholders stand for what a source of a tool must have to be one: nothing is
// verified, and no API asked.
func placeholders(s *gateway.Source, t connector.Type) {
	if t.Signs == connector.Never {
		s.Path = "a-path-that-nobody-calls"
	} else {
		s.Secrets = []gateway.Secret{"none"}
		for _, secret := range []string{"none", "00", anyKey} {
			if t.Check == nil || t.Check(connector.Options{Secrets: []string{secret}}) == nil {
				s.Secrets = []gateway.Secret{gateway.Secret(secret)}
				break
			}
		}
	}
	if t.API != nil && !t.API.Optional {
		s.APIToken, s.APIURL = "none", cmp.Or(t.API.URL, "https://api.example.com")
	}
}

// anyKey is a public key of nobody's, for tools whose secret is one.
const anyKey = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDlC0/KQF7m2xkJakaWZ0pR2puiDSmP4oUxH1uqxpS3cFpWoSPHW9ldsKX7NVtn7XEIxBbBsB" +
	"x81IBuy+MLpc0zMA3CL74lPOw7AhX+aao2Pl8IE3J4qR8Cu3rxsQn/u1yGcftsPZPOKMwnYauTiruQklzXwgkkt8IkQnzA2vsdhQIDAQAB"

// A mapper shows what becomes of webhooks, as one conversation after the other.
type mapper struct {
	reader  *gateway.Reader
	out     io.Writer
	headers []string
}

func (m *mapper) show(name string, r *connector.Request) error {
	for _, h := range m.headers {
		key, value, _ := strings.Cut(h, ":")
		r.Header.Set(key, strings.TrimSpace(value))
	}
	if r.Received.IsZero() {
		r.Received = time.Now() // as if it came now
	}
	m.reader.Scrub(r)
	p, err := m.reader.Read(r)
	fmt.Fprintf(m.out, "%s\n", name)
	if err != nil {
		_, err = fmt.Fprintf(m.out, "  unreadable: %v\n", err)
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(r.Answers)) {
		fmt.Fprintf(m.out, "  asks the tool's API, which is not done here, so as if it knew nothing: %s\n", path)
	}
	for _, reason := range p.Dropped {
		fmt.Fprintf(m.out, "  dropped: %s\n", reason)
	}
	for _, a := range p.Activities {
		if err := m.line("activity", a); err != nil {
			return err
		}
	}
	m.reader.Meet(p)
	for _, o := range m.reader.Tell(p.Activities...) {
		if o.Identify != nil {
			if err := m.line("identify", o.Identify); err != nil {
				return err
			}
		}
		for _, e := range o.Events {
			if err := m.event(e); err != nil {
				return err
			}
		}
	}
	for _, a := range p.Agents {
		if err := m.line("agent", a); err != nil {
			return err
		}
	}
	for _, c := range p.Contacts {
		if err := m.line("contact", c); err != nil {
			return err
		}
	}
	if p.Reply != "" || p.Visit != "" {
		fmt.Fprintln(m.out, "  handshake: the gateway ends it")
		return nil
	}
	if len(p.Activities)+len(p.Agents)+len(p.Contacts)+len(p.Dropped) == 0 {
		fmt.Fprintln(m.out, "  nothing: it is of no interest")
	}
	return nil
}

func (m *mapper) line(what string, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = fmt.Fprintf(m.out, "  %s %s\n", what, b)
	}
	return err
}

// event shows an event, and says where what it lacks would come from.
func (m *mapper) event(e livechat.Event) error {
	if err := m.line("event", e); err != nil {
		return err
	}
	p := e.Properties
	for _, lack := range []struct{ value, property, from string }{
		{e.UserID, "userId", "customer.user_id"}, {p.AgentID, "agent_id", "agent.id"}, {p.AgentName, "agent_name", "agent.name"},
		{p.AgentUsername, "agent_username", "agent.username"}, {p.MessageBody, "message_body", "message.body"}, {p.MessageID, "message_id", "message.id"},
	} {
		if lack.value == "" {
			fmt.Fprintf(m.out, "    lacks %s: no activity so far has %s\n", lack.property, lack.from)
		}
	}
	for _, problem := range e.Validate() {
		fmt.Fprintf(m.out, "    breaks the specification: %s\n", problem)
	}
	return nil
}
