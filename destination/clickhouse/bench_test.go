package clickhouse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// BenchmarkSend compares Send with a plain loop that brings the same calls into
// the same two tables: it unmarshals each call, and inserts the rows of an
// attempt as JSONEachRow, with one request for each table. It knows the columns
// that these calls have and no others, and no repetition.
func BenchmarkSend(b *testing.B) {
	ours, theirs := newDatabase(b), newDatabase(b)
	if err := theirs.open(b).Send(b.Context(), destinationtest.Attempt(0, 1)); err != nil { // which makes the tables
		b.Fatal(err)
	}
	destinationtest.Race(b, maxCalls,
		destinationtest.Racer{Name: "Send", Send: ours.open(b).Send},
		destinationtest.Racer{Name: "INSERT", Send: theirs.insert},
	)
	const count = "select (select uniqExact(id) from {db}.tracks), (select uniqExact(id) from {db}.live_chat_message_sent)"
	if got, want := ours.ask(b, count), theirs.ask(b, count); got != want {
		b.Errorf("got %s rows, and from the loop %s", got, want)
	}
}

// A plainRow is one as the plain loop makes it.
type plainRow struct {
	ID                   string `json:"id"`
	ReceivedAt           string `json:"received_at"`
	UserID               string `json:"user_id"`
	OriginalTimestamp    string `json:"original_timestamp"`
	Timestamp            string `json:"timestamp"`
	Event                string `json:"event"`
	EventText            string `json:"event_text"`
	ConversationID       string `json:"conversation_id,omitempty"`
	ConversationDuration *int64 `json:"conversation_duration,omitempty"`
	MessageID            string `json:"message_id,omitempty"`
	MessageBody          string `json:"message_body,omitempty"`
}

func (db database) insert(ctx context.Context, a destination.Attempt) error {
	var tracks, sent bytes.Buffer
	toTracks, toSent := json.NewEncoder(&tracks), json.NewEncoder(&sent)
	const layout = "2006-01-02 15:04:05.000"
	received := a.SentAt.UTC().Format(layout)
	for _, c := range a.Calls {
		var call struct {
			UserID, Event, MessageID string
			Timestamp                time.Time
			Properties               struct {
				ConversationID       string `json:"conversation_id"`
				ConversationDuration *int64 `json:"conversation_duration"`
				MessageID            string `json:"message_id"`
				MessageBody          string `json:"message_body"`
			}
		}
		if err := json.Unmarshal(c.JSON, &call); err != nil {
			return err
		}
		at := call.Timestamp.UTC().Format(layout)
		row := plainRow{
			ID: call.MessageID, ReceivedAt: received, UserID: call.UserID, OriginalTimestamp: at, Timestamp: at,
			Event: strings.ReplaceAll(strings.ToLower(call.Event), " ", "_"), EventText: call.Event,
		}
		_ = toTracks.Encode(row) // a Buffer takes everything
		p := call.Properties
		row.ConversationID, row.ConversationDuration, row.MessageID, row.MessageBody = p.ConversationID, p.ConversationDuration, p.MessageID, p.MessageBody
		_ = toSent.Encode(row)
	}
	for table, rows := range map[string]*bytes.Buffer{"tracks": &tracks, "live_chat_message_sent": &sent} {
		query := url.Values{"query": {"insert into " + quote(db.name, table) + " format JSONEachRow"}}.Encode()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, db.address+"/?"+query, rows)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		said, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%d %s (%v)", resp.StatusCode, said, err)
		}
	}
	return nil
}
