package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/webhook"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), string(body))
	}))
	defer server.Close()
	d, err := webhook.Open(webhook.Settings{
		URL:          strictyaml.Secret(server.URL),
		Secrets:      []strictyaml.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		List:         1,
		AllowPrivate: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	err = d.Send(context.Background(), destination.Attempt{
		SentAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		Calls:  []destination.Call{{MessageID: "m-1", JSON: []byte(`{"type":"track","messageId":"m-1"}`)}},
	})
	fmt.Println(err)
	// Output:
	// m-1 1772442000 {"type":"track","messageId":"m-1"}
	// <nil>
}
