package spell

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"secret", "settle", "sources", "write_key"}
	for word, want := range map[string]string{"secrte": "secret", "Secret": "secret", "writekey": "write_key", "source": "sources", "banana": "", "": ""} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
