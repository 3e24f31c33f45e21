package tracking

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

// Location implements destination.Located.
func (d *Destination) Location() (url, account string) { return d.p.URL, d.p.Key }

// Examine implements destination.Examiner.
func (d *Destination) Examine(ctx context.Context) (found []destination.Finding) {
	if d.p.Authorizer != nil {
		found = append(found, d.examineAuthorizer(ctx))
	}
	if d.p.Empty != "" {
		found = append(found, d.examineEmpty(ctx))
	}
	if d.p.Examine != nil {
		found = append(found, d.p.Examine(ctx)...)
	}
	return found
}

// examineAuthorizer finds out whether requests can be authorized.
func (d *Destination) examineAuthorizer(ctx context.Context) destination.Finding {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.p.URL, nil)
	if err == nil {
		err = d.p.Authorizer.Authorize(req)
	}
	if err != nil {
		return destination.Found(err)
	}
	return destination.Finding{Text: "OAuth: a token was fetched, so that the app, its key and the region are right"}
}

// examineEmpty sends a batch without calls: who looks at the key first says
// whether it is right, and nothing is kept.
func (d *Destination) examineEmpty(ctx context.Context) destination.Finding {
	err := d.request(ctx, destination.Attempt{SentAt: time.Now()}, batch{})
	if err == nil || errors.As(err, new(*destination.Refusal)) { // of a batch that is empty
		return destination.Finding{Text: d.p.Empty}
	}
	return destination.Found(err)
}

// Fetch asks for a document, and returns the status and the document, cut. Its
// error does not hold the URL, which may have a key.
func Fetch(ctx context.Context, url string) (status int, said []byte, err error) {
	return ask(http.NewRequestWithContext(ctx, http.MethodGet, url, nil))
}

// Post is Fetch for an API that is asked with JSON.
func Post(ctx context.Context, url string, body []byte) (status int, said []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return ask(req, err)
}

func ask(req *http.Request, err error) (status int, said []byte, _ error) {
	client := NewClient()
	defer client.CloseIdleConnections()
	if err != nil {
		return 0, nil, errors.New("BUG: a URL that was checked is none")
	}
	req.Header.Set("User-Agent", "parlance")
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, NoAnswer(err)
	}
	defer resp.Body.Close()
	said, err = io.ReadAll(io.LimitReader(resp.Body, maxTells))
	if err != nil {
		return 0, nil, NoAnswer(err)
	}
	return resp.StatusCode, said, nil
}
