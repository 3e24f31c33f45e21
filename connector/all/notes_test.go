package all

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
)

// optional are the marks of private notes that other messages do not have at
// all, so that a note without its mark is a message.
var optional = map[string][]string{
	"freshchat":   {"/data/message/botsPrivateNote"},
	"rocketchat":  {"/messages/closingMessage"},
	"smartsupp":   {"/data/message/type"},
	"stream-chat": {"/message/restricted_visibility"},
	"tiledesk":    {"/payload/attributes", "/payload/attributes/subtype"},
	// "" is what Live Helper Chat writes where there is nothing to tell.
	"livehelperchat": {"/message/meta_msg"},
}

// nonsense is what a tool might write in place of a value that we know. Neither
// true nor false is: of what says whether something is private, one is right.
var nonsense = []any{nil, "", "xyz", "true", "false", "0", "1", 0, 1, -1, map[string]any{}, []any{}}

// A recorded private note stays private whatever else stands in place of any of
// its values, if one is missing, and if a key is written in another case.
func TestNotesStayPrivate(t *testing.T) {
	var tried []string
	for _, typ := range Types() {
		c := typ.New(connector.Options{AgentIDs: []string{"agent-*", "7", "8"}, BotIDs: []string{"900"}})
		files, err := filepath.Glob(filepath.Join("..", strings.ReplaceAll(typ.Name, "-", ""), "testdata", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			r := &connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Received: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
			if b, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".headers"); err == nil {
				for line := range strings.Lines(string(b)) {
					name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
					r.Header.Set(name, value)
				}
			}
			if r.Body, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
			p, err := c.Parse(r)
			if err != nil || !slices.Contains(p.Dropped, "private_note") {
				continue
			}
			tried = append(tried, typ.Name)
			stays(t, typ, c, r, bodies(p))
		}
	}
	if n := len(slices.Compact(tried)); n < 20 {
		t.Errorf("got notes of %d tools only: %q", n, tried)
	}
}

// stays checks that whatever becomes of a body, it says no more than was public.
func stays(t *testing.T, typ connector.Type, c connector.Connector, r *connector.Request, public []string) {
	var doc any
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	change(doc, "", func(path string, what any) {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		changed := *r
		changed.Body = b
		p, err := c.Parse(&changed)
		if err != nil || slices.Contains(optional[typ.Name], path) {
			return
		}
		for _, body := range bodies(p) {
			if !slices.Contains(public, body) && !slices.Contains(nonsense, any(body)) {
				t.Errorf("%s: with %#v at %s a private note is told", typ.Name, what, path)
			}
		}
	})
}

func bodies(p connector.Parsed) (list []string) {
	for _, a := range p.Activities {
		list = append(list, a.Message.Body)
	}
	return list
}

// change calls f with everything in v changed once.
func change(v any, path string, f func(path string, what any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			was, at := v[key], path+"/"+key
			change(was, at, f)
			for _, what := range append([]any{[]any{was}, map[string]any{key: was}}, nonsense...) {
				v[key] = what
				f(at, what)
			}
			if s, ok := was.(string); ok && !strings.Contains(s, " ") { // else it is what somebody wrote
				for _, what := range []string{strings.ToUpper(s), strings.ToLower(s), s + " ", s + "s", strings.ReplaceAll(s, "_", "-")} {
					if what != s {
						v[key] = what
						f(at, what)
					}
				}
			}
			delete(v, key)
			f(at, "nothing")
			if other := strings.ToUpper(key); other != key && v[other] == nil {
				v[other] = was
				f(at, "its key in capitals")
				delete(v, other)
			}
			v[key] = was
		}
	case []any:
		for _, element := range v {
			change(element, path, f)
		}
	}
}
