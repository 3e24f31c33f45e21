package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// A source waits, is refused, tried, and turns green when its first webhook
// comes.
func TestSourceInBrowser(t *testing.T) {
	c := shop()
	c.Sources = append(c.Sources, gateway.Source{Name: "support", Type: "telegram", Secrets: []gateway.Secret{"secret"}})
	url := run(t, c)
	tab := browsertest.Open(t, url)
	tab.Go("/sources")
	tab.See("td", "waiting for the first webhook…")
	tab.See("td", "/in/support")
	tab.Shots("sources")
	tab.Click("a[href^='/sources/support']")
	tab.See("h1", "support")
	tab.See("#url", url+"/in/support")
	tab.See(".doc", "BotFather")

	tab.Type("#body", `{"update_id":1,"message":{"message_id":5,"date":1772442000,"chat":{"id":17,"type":"private"},"from":{"id":17,"is_bot":false,"first_name":"Mia"},"text":"hello"}}`)
	tab.Click(".try button")
	tab.See("pre", "Live Chat Conversation Started")
	tab.Shots("source")
	tab.Type("#body", "nonsense")
	tab.Click(".try button")
	tab.See(".notice", "It cannot be read")

	tab.Go("/sources/support")
	tab.See("[data-state]", "waiting")
	if status := telegram(t, url, "secret"); status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	tab.See("[data-state=good]", "webhooks come")
	if status := telegram(t, url, "wrong"); status != http.StatusUnauthorized {
		t.Fatalf("got %d", status)
	}
	tab.Go("/sources/support")
	tab.See("[data-state=trouble]", "needs a look")
	tab.See("td", "401")
}

// telegram sends a webhook as Telegram does.
func telegram(t *testing.T, url, secret string) int {
	t.Helper()
	const body = `{"update_id":2,"message":{"message_id":6,"date":1772442000,"chat":{"id":17,"type":"private"},"from":{"id":17,"is_bot":false,"first_name":"Mia"},"text":"hello"}}`
	req, err := http.NewRequest(http.MethodPost, url+"/in/support", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestDocumentation(t *testing.T) {
	url := run(t, shop())
	if _, body := get(t, url+"/docs/connectors/chatwoot.md", nil); !strings.Contains(body, "Click by click") || !strings.Contains(body, `href="/docs/config.md#`) && !strings.Contains(body, `href="/docs/`) {
		t.Error("the page of Chatwoot is not what it should be")
	}
	if _, body := get(t, url+"/docs/", nil); !strings.Contains(body, `href="/docs/connectors/README.md"`) {
		t.Error("the first page of the documentation leads nowhere")
	}
	for _, path := range []string{"/docs/nothing.md", "/docs/connectors", "/docs/../go.mod", "/docs/%2e%2e/go.mod"} {
		if resp, _ := get(t, url+path, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, resp.StatusCode)
		}
	}
}
