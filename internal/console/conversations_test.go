package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// A talk is a conversation as it is told to a gateway.
type talk struct {
	id   string
	at   time.Time
	list []conversation.Activity
}

func (k *talk) add(after time.Duration, a conversation.Activity) {
	a.ID, a.Conversation, a.Time, a.Type = fmt.Sprint(len(k.list)), k.id, k.at.Add(after), conversation.Message
	if a.Message.Body == "" {
		a.Type = conversation.Closed
	}
	a.Message.ID = a.ID
	a.ConversationURL = "https://chat.example.com/c/" + url.PathEscape(k.id)
	k.list = append(k.list, a)
}

func (k *talk) customer(after time.Duration, user, body string) {
	k.add(after, conversation.Activity{By: conversation.Customer, Message: conversation.Text{Body: body}, Customer: conversation.Person{UserID: user}})
}

func (k *talk) agent(after time.Duration, name, body string) {
	k.add(after, conversation.Activity{By: conversation.HumanAgent, Message: conversation.Text{Body: body}, Agent: conversation.Agent{ID: strings.ToLower(name), Name: name}})
}

func (k *talk) bot(after time.Duration, body string) {
	k.add(after, conversation.Activity{By: conversation.Bot, Message: conversation.Text{Body: body}, Agent: conversation.Agent{ID: "answers", Name: "Answers"}})
}

// talks tells a gateway of conversations, and waits until the archive has them.
func talks(t *testing.T, address string, list ...*talk) {
	t.Helper()
	for _, k := range list {
		for part := range slices.Chunk(k.list, 100) {
			b, err := json.Marshal(map[string]any{"activities": part})
			if err != nil {
				t.Fatal(err)
			}
			tell(t, address, string(b))
		}
	}
	for _, k := range list {
		arrived(t, address, k.id, k.list[len(k.list)-1].Time)
	}
}

// arrived waits until the archive has a conversation up to a time.
func arrived(t *testing.T, address, id string, at time.Time) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var v struct{ Active time.Time }
		resp, body := get(t, address+"/conversations/"+strings.ReplaceAll(url.PathEscape(id), ".", "%2E")+".json?source=shop", nil)
		if resp.StatusCode == http.StatusOK && json.Unmarshal([]byte(body), &v) == nil && v.Active.Equal(at.Truncate(time.Millisecond)) {
			return
		}
	}
	t.Fatalf("conversation %q is not archived", id)
}

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// delivery is a chat of a customer with a bot and two people.
func delivery() *talk {
	k := &talk{id: "4711", at: monday}
	k.customer(0, "u-1", "Do you ship to <b>Norway</b>?")
	k.bot(3*time.Second, "Let me look that up for you.")
	k.agent(95*time.Second, "Ann", "We do. It takes three days, and up to a week in the far north.")
	k.customer(14*time.Minute, "u-1", "Splendid. And what would the duty be?")
	k.agent(16*time.Minute, "Ben", "Nothing, it is paid when you order.")
	k.add(18*time.Minute, conversation.Activity{By: conversation.HumanAgent, Agent: conversation.Agent{ID: "ben", Name: "Ben"}})
	k.customer(26*time.Hour, "u-1", "It is here, thank you!")
	return k
}

// A support lead finds a conversation, by the customer and by what was said,
// and reads it.
func TestConversationsInBrowser(t *testing.T) {
	address := run(t, shop())
	list := []*talk{delivery()}
	for i := range 60 {
		k := &talk{id: fmt.Sprint(5000 + i), at: monday.Add(-time.Duration(i+1) * 7 * time.Hour)}
		k.customer(0, fmt.Sprint("u-", 100+i), "Where is my order?")
		if i%3 > 0 {
			k.agent(time.Duration(i+1)*11*time.Second, []string{"Ann", "Ben"}[i%2], "On its way.")
		}
		if i%4 > 0 {
			k.add(time.Duration(i+2)*13*time.Second, conversation.Activity{By: conversation.HumanAgent})
		}
		list = append(list, k)
	}
	talks(t, address, list...)
	tab := browsertest.Open(t, address)
	tab.Go("/conversations")
	tab.See("th a", "u-1")
	tab.See("td", "4711")
	tab.Shots("conversations")
	tab.Click("a[rel=next]")
	tab.See("td", "5059")
	tab.Click(".pages .button")
	tab.See("td", "4711")

	tab.Type("input[name=text]", "the DUTY\n")
	tab.See(".filter a", "All")
	tab.See("td", "4711")
	if n := browsertest.Eval[int](tab, `document.querySelectorAll('tbody tr').length`); n != 1 {
		t.Errorf("found %d conversations by what was said, want 1", n)
	}
	tab.Go("/conversations")
	tab.Type("input[name=find]", "u-1\n")
	tab.See(".filter a", "All")
	tab.See("th a", "u-1")
	if n := browsertest.Eval[int](tab, `document.querySelectorAll('tbody tr').length`); n != 1 {
		t.Errorf("found %d conversations of the customer, want 1", n)
	}
	tab.Click("th a")
	tab.See("h1", "Conversation 4711")
	tab.See(".bubbles .customer .text", "Do you ship to <b>Norway</b>?")
	tab.See(".bubbles .bot .who", "Answers")
	tab.See(".bubbles .agent", "after 1m 35s")
	tab.See(".bubbles .end", "12 minutes later")
	tab.See(".bubbles .end", "Ben took over from Ann")
	tab.See(".bubbles .end", "Ended after 18m, agent Ben")
	tab.See(".bubbles .day", "Tuesday, 3 March 2026")
	tab.See(".bubbles .end", "The customer wrote again")
	tab.See(".chip.warn", "unanswered")
	tab.See(".facts dd", "u-1")
	if to := browsertest.Eval[string](tab, `document.querySelector('.head a').href`); to != "https://chat.example.com/c/4711" {
		t.Errorf("the page leads to %q, want the tool's own conversation", to)
	}
	tab.Shots("conversation")
	tab.Click(".bubbles .customer a.at")
	tab.See("h1", "Live Chat Message Sent")
	tab.Click("p a[href^='/conversations/']")
	tab.See("h1", "Conversation 4711")

	tab.Go("/conversations?state=unanswered")
	tab.See("tbody tr:last-child td", "4711") // who has waited longest is first
}

// Ids are the tools' own, and what people write and tools say is theirs too.
func TestHostileConversations(t *testing.T) {
	address := run(t, shop())
	var list []*talk
	for _, id := range []string{"a/b", "100%25", "%2F..%2F", "chat?x=1#y", "17.json", `"><img src=x onerror=alert(1)>`, "<script>alert(1)</script>"} {
		k := &talk{id: id, at: monday}
		k.customer(0, `u"><script>alert(2)</script>`, "<script>alert(3)</script>")
		k.agent(time.Minute, "Ann<script>", `"><img src=x onerror=alert(4)>`)
		list = append(list, k)
	}
	list[0].list[0].ConversationURL, list[0].list[1].ConversationURL = "javascript:alert(5)", "javascript:alert(5)"
	talks(t, address, list...)
	_, page := get(t, address+"/conversations", nil)
	tab := browsertest.Open(t, address)
	for _, k := range list {
		tab.Go("/conversations")
		opened := browsertest.Eval[bool](tab, fmt.Sprintf(`{const a = [...document.querySelectorAll('td.id a')].find(a => a.textContent === %q); a?.click(); !!a}`, k.id))
		if !opened {
			t.Fatalf("no link to %q", k.id)
		}
		tab.See("h1", "Conversation "+k.id)
		tab.See(".bubbles .text", "<script>alert(3)</script>")
		twin := browsertest.Eval[string](tab, `document.querySelector('footer a').href`)
		if _, body := get(t, twin, nil); !json.Valid([]byte(body)) || !strings.Contains(body, `"conversation_id"`) {
			t.Errorf("the twin of %q: %s", k.id, body)
		}
		page += browsertest.Eval[string](tab, `document.documentElement.outerHTML`)
	}
	for _, bad := range []string{"<script>alert", "<img src=x", "javascript:alert", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			t.Errorf("the pages hold %q", bad)
		}
	}
	if resp, _ := get(t, address+"/conversations/none?source=shop", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %d of a conversation that is not there, want 404", resp.StatusCode)
	}
	for _, wrong := range []string{"state=best", "sort=best", "after=here", "since=yesterday", "since=2026-03-02&until=2026-03-01"} {
		if resp, _ := get(t, address+"/conversations?"+wrong, nil); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", wrong, resp.StatusCode)
		}
	}
}

// A thread that starts anew has a page for each start, and a long one several.
func TestLongThread(t *testing.T) {
	c := shop()
	c.Reopen = conversation.Restart
	address := run(t, c)
	k := &talk{id: "42", at: monday}
	k.customer(0, "u-1", "the very first")
	k.agent(time.Minute, "Ann", "")
	for i := range 700 {
		k.customer(time.Hour+time.Duration(i)*time.Second, "u-1", fmt.Sprintf("message %d.", i))
	}
	talks(t, address, k)
	for query, want := range map[string][3]string{ // what is there, and what is not
		"":            {"message 699.", "message 400.", "message 399."},
		"&until=401":  {"message 399.", "message 100.", "message 400."},
		"&until=101":  {"message 0.", "message 99.", "message 100."},
		"&until=9999": {"message 699.", "Earlier", "Later"},
		"&n=1":        {"the very first", "Ended after 1m", "message 0."},
		"&n=9":        {"message 699.", "Starts of this thread", "the very first"},
	} {
		_, body := get(t, address+"/conversations/42?source=shop"+query, nil)
		if !strings.Contains(body, want[0]) || !strings.Contains(body, want[1]) || strings.Contains(body, want[2]) {
			t.Errorf("%q: want %q and %q, and not %q", query, want[0], want[1], want[2])
		}
	}
}

// Who may not see what people write sees who wrote when, and cannot search.
func TestConversationsWithoutBodies(t *testing.T) {
	c := shop()
	c.Console.Tokens, c.Console.Bodies = []gateway.ConsoleToken{{Name: "bi", Token: "0123456789abcdef0123456789abcdef", Role: access.Viewer}}, access.Operator
	c.Identify = gateway.On
	address := run(t, c)
	k := delivery()
	k.list[0].Customer.Name, k.list[0].Customer.Email = "Mia Berg", "mia@example.com"
	viewer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef") }
	b, _ := json.Marshal(map[string]any{"activities": k.list})
	tell(t, address, string(b))
	all := ""
	for end := time.Now().Add(patience); !strings.Contains(all, "wrote again") && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		all = ""
		for _, path := range []string{"/conversations", "/conversations.json", "/conversations/4711", "/conversations/4711.json"} {
			_, body := get(t, address+path, viewer)
			all += body
		}
	}
	if !strings.Contains(all, "wrote again") || !strings.Contains(all, "u-1") {
		t.Errorf("got %s, want the conversation", all)
	}
	for _, private := range []string{"Norway", "three days", "duty", "Mia", "mia@"} {
		if strings.Contains(all, private) {
			t.Errorf("a viewer sees %q", private)
		}
	}
	if resp, _ := get(t, address+"/conversations?text=Norway", viewer); resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %d for a search of what was written, want 403", resp.StatusCode)
	}
}

// Without an archive the page says why it is empty.
func TestNoArchive(t *testing.T) {
	c := shop()
	c.Archive.Enabled = gateway.Off
	address := run(t, c)
	for _, path := range []string{"/conversations", "/conversations/4711"} {
		if resp, body := get(t, address+path, nil); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "archive.enabled is off") {
			t.Errorf("%s: got %d %s", path, resp.StatusCode, body)
		}
	}
}

// What a customer is called is not broken within a word on a phone.
func TestAddressOnPhone(t *testing.T) {
	c := shop()
	c.Identify = gateway.On
	address := run(t, c)
	k := &talk{id: "77", at: monday}
	k.customer(0, "u-77", "hello")
	k.list[0].Customer.Email = "mia.bergsanders@customersabroad.example.com"
	talks(t, address, k)
	tab := browsertest.Open(t, address)
	tab.Do(chromedp.EmulateViewport(390, 900))
	for _, page := range []string{"/conversations", "/conversations/77"} {
		tab.Go(page)
		tab.See(".address", k.list[0].Customer.Email)
		broken := browsertest.Eval[[]string](tab, `[...document.querySelectorAll('.address')].flatMap(a => [...a.childNodes]).filter(n => {
			const r = document.createRange(); r.selectNodeContents(n); return r.getClientRects().length > 1 }).map(n => n.textContent)`)
		if len(broken) > 0 {
			t.Errorf("%s: %q are broken", page, broken)
		}
	}
}

// A message without a text is said to have none, unless none is kept.
func TestNoText(t *testing.T) {
	for kept, want := range map[archive.Bodies]string{archive.Include: "(no text, such as a picture)", archive.Omit: "(no text is kept)"} {
		c := shop()
		c.Archive.Bodies = kept
		address := run(t, c)
		at := monday.Add(time.Second)
		tell(t, address, `{"activities":[`+hello+`,{"id":"m2","type":"message","conversation_id":"17","time":"`+at.Format(time.RFC3339)+`","by":"agent","agent":{"id":"7"},"message":{"id":"m2"}}]}`)
		arrived(t, address, "17", at)
		if _, page := get(t, address+"/conversations/17", nil); !strings.Contains(page, want) {
			t.Errorf("%s: got %s, want %s", kept, page, want)
		}
	}
}
