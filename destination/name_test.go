package destination

import "testing"

func TestName(t *testing.T) {
	for call, want := range map[string]string{
		`{"userId":"u","type":"track","event":"Live Chat Message Sent","properties":{"event":"no"}}`: "Live Chat Message Sent",
		`{"event":"caf\u00e9","type":"track"}`:                                                       "café",
		`{"properties":{"type":"no"},"type":"identify"}`:                                             "identify",
		`{"type":"track"}`: "track",
		`{}`:               "", `[]`: "", `7`: "", ``: "", `{"type":7}`: "", `{"type":"track"`: "",
		`{"event":null,"type":"page"}`: "page",
	} {
		got, err := Call{JSON: []byte(call)}.Name()
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %q (%v), want %q", call, got, err, want)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add([]byte(`{"type":"track","event":"Live Chat Message Sent"}`))
	f.Fuzz(func(t *testing.T, call []byte) {
		if name, err := (Call{JSON: call}).Name(); err != nil && name != "" {
			t.Errorf("got %q and %v", name, err)
		}
	})
}
