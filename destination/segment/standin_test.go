package segment

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/standin"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// What Segment refuses, its stand-in refuses, and we take for what it is.
func TestStandIn(t *testing.T) {
	call := func(id, more string) destination.Call {
		return destination.Call{MessageID: id, JSON: fmt.Appendf(nil, `{"type":"identify","userId":"u","messageId":%q%s}`, id, more)}
	}
	many := make([]destination.Call, 2501)
	for i := range many {
		many[i] = call(fmt.Sprint(i), "")
	}
	large := `,"traits":{"note":"` + strings.Repeat("x", 20<<10) + `"}`
	var heavy []destination.Call
	for i := range 30 {
		heavy = append(heavy, call(fmt.Sprint(i), large))
	}
	for name, tt := range map[string]struct {
		key   string
		calls []destination.Call
		want  string
	}{
		"all well":                    {key, []destination.Call{call("a", ""), call("b", "")}, "ok"},
		"known by messageId":          {key, []destination.Call{call("a", ""), call("a", "")}, "ok"},
		"a call of more than 32 KB":   {key, []destination.Call{call("a", large+`,"more":"`+strings.Repeat("x", 20<<10)+`"`)}, "refusal"},
		"a batch of more than 500 KB": {key, heavy, "refusal"},
		"more than 2,500 calls":       {key, many, "refusal"},
		"no JSON":                     {key, []destination.Call{{JSON: []byte(`{"type":`)}}, "refusal"},
		"a call that is no object":    {key, []destination.Call{{JSON: []byte(`7`)}}, "refusal"},
		"another write key":           {"other", []destination.Call{call("a", "")}, "pause"},
	} {
		s := standin.New(standin.Options{WriteKey: key})
		server := httptest.NewServer(s)
		err := sendTo(t, server.URL, tt.key, tt.calls)
		server.Close()
		if got := class(err); got != tt.want {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, tt.want)
		}
		if taken := s.Report().Calls > 0; taken != (tt.want == "ok") {
			t.Errorf("%s: got %+v", name, s.Report())
		}
	}
}

func sendTo(t *testing.T, url, key string, calls []destination.Call) error {
	t.Helper()
	d, err := Open(Settings{WriteKey: strictyaml.Secret(key), Region: "us", Endpoint: url})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Send(t.Context(), destination.Attempt{Calls: calls})
}
