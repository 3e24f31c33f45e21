//go:build unix

package postgres

import (
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

func TestWarehouse(t *testing.T) {
	warehousetest.Test(t, func(t *testing.T) warehousetest.Warehouse {
		address, db := database(t)
		return warehousetest.Warehouse{
			Open:  func() destination.Destination { return open(t, address) },
			Query: func(sql string) string { return query(t, db, strings.ReplaceAll(sql, "{schema}", "live_chat")) },
		}
	})
}

// Days are those of who asks.
func TestDays(t *testing.T) {
	address, db := database(t)
	warehousetest.Send(t, open(t, address), warehousetest.History()...)
	for zone, want := range map[string]string{"UTC": "2026-03-02\n2026-03-03", "Pacific/Honolulu": "2026-03-01\n2026-03-02"} {
		if got := query(t, db, "set timezone to '"+zone+"'; select day from live_chat.live_chat_days"); got != want {
			t.Errorf("%s: got %s, want %s", zone, got, want)
		}
	}
}
