package lint

import (
	"slices"
	"strings"
	"unicode"

	"github.com/parlance-chat/parlance/livechat"
)

// maxName is the length in bytes above which nothing is a near miss.
const maxName = 100

// nearestEvent returns the event that name almost names: in another case or
// with other separators, with a letter wrong, or in other words for a chat
// that starts or ends or a message sent or received. Names without the word
// chat are nobody's near miss: Segment's own AI Copilot specification has
// "Conversation Started" and "Message Sent".
func nearestEvent(name string) (livechat.Kind, bool) {
	if len(name) > maxName {
		return "", false
	}
	ws := words(name)
	joined := strings.Join(ws, "")
	for _, k := range livechat.Kinds() {
		if oneEdit(joined, strings.Join(words(string(k)), "")) {
			return k, true
		}
	}
	if !slices.Contains(ws, "chat") {
		return "", false
	}
	var found livechat.Kind
	for _, w := range ws {
		k, isVerb := verb(w)
		switch {
		case isVerb && found == "":
			found = k
		case isVerb || !isNoun(w):
			return "", false
		}
	}
	return found, found != ""
}

func verb(w string) (livechat.Kind, bool) {
	for _, v := range []struct {
		kind  livechat.Kind
		words []string
	}{
		{livechat.Started, []string{"started", "start", "begun", "began", "opened", "open", "initiated", "created"}},
		{livechat.Ended, []string{"ended", "end", "closed", "close", "finished", "completed", "resolved", "terminated"}},
		{livechat.Sent, []string{"sent", "send"}},
		{livechat.Received, []string{"received", "receive"}},
	} {
		if slices.ContainsFunc(v.words, func(v string) bool { return alike(w, v) }) {
			return v.kind, true
		}
	}
	return "", false
}

func isNoun(w string) bool {
	return slices.ContainsFunc([]string{"live", "chat", "conversation", "message", "session", "a", "the", "new"},
		func(noun string) bool { return alike(w, noun) })
}

// alike allows for one wrong letter in a word long enough to be known by the
// others.
func alike(w, known string) bool {
	return w == known || len(known) >= 5 && oneEdit(w, known)
}

// nearestProperty returns the property of the specification that key almost
// names.
func nearestProperty(key string) (string, bool) {
	if len(key) > maxName {
		return "", false
	}
	joined := strings.Join(words(key), "")
	for _, p := range properties() {
		if key != p && oneEdit(joined, strings.ReplaceAll(p, "_", "")) {
			return p, true
		}
	}
	return "", false
}

func properties() []string {
	return []string{"agent_id", "agent_name", "agent_username", "conversation_duration", "conversation_id", "message_body", "message_id"}
}

// words splits a name at its capitals and at whatever is not a letter.
func words(name string) []string {
	var ws []string
	var w []rune
	flush := func() {
		if len(w) > 0 {
			ws, w = append(ws, string(w)), nil
		}
	}
	upper := false // the last letter was a capital, so that "ID" stays one word
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			flush()
			upper = false
			continue
		case unicode.IsUpper(r) && !upper:
			flush()
		}
		upper = unicode.IsUpper(r)
		w = append(w, unicode.ToLower(r))
	}
	flush()
	for i, w := range ws {
		if w == "livechat" {
			return slices.Replace(ws, i, i+1, "live", "chat")
		}
	}
	return ws
}

// oneEdit reports whether a and b are equal or differ by one letter that is
// wrong, missing, too much or swapped with the next.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i >= len(a)-1 || a[i+1:] == b[i+1:] {
		return true
	}
	return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
