//go:build unix

package postgres

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

func TestFaults(t *testing.T) {
	var databases sync.Map // connections to them, by where a proxy listens
	through := func(address, base string) string {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = address
		return u.String()
	}
	destinationtest.TestStreamFaults(t, destinationtest.StreamHarness{
		Serve: func(t *testing.T, address string) string {
			base, db := database(t)
			databases.Store(address, db)
			warehousetest.Send(t, open(t, base), `{"type":"page"}`) // which makes the tables
			return net.JoinHostPort(db.Config().Host, fmt.Sprint(db.Config().Port))
		},
		Open: func(t *testing.T, address string) destination.Destination {
			base := "postgres://postgres@x/none?sslmode=disable"
			if db, ok := databases.Load(address); ok {
				base = db.(*pgx.Conn).Config().ConnString()
			}
			return open(t, through(address, base))
		},
		Received: func(t *testing.T, address string) []string {
			db, _ := databases.Load(address)
			return strings.Split(query(t, db.(*pgx.Conn), "select string_agg(id, ' ' order by ctid) from live_chat.live_chat_message_sent"), " ")
		},
		Once: true,
	})
}
