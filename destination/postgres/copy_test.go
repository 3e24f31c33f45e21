//go:build unix

package postgres

import (
	"testing"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

// Whole numbers go into a column that Segment made numeric as well, also where
// it became so while there was a connection.
func TestNumeric(t *testing.T) {
	address, db := database(t)
	d := open(t, address)
	warehousetest.Send(t, d, `{"type":"page"}`) // which makes the tables
	query(t, db, `drop view live_chat.live_chat_days, live_chat.live_chat_agents, live_chat.live_chat_conversations, live_chat.live_chat_first_responses, live_chat.live_chat_timeline;
alter table live_chat.live_chat_message_sent alter conversation_duration type numeric; select 1`)
	a := warehousetest.Numbered(70_001, 3)
	if got := destinationtest.Class(d.Send(t.Context(), a)); got != "again" {
		t.Errorf("right after the change: got %s, want again", got)
	}
	warehousetest.Insist(t, d, a)
	if got := query(t, db, "select sum(conversation_duration) from live_chat.live_chat_message_sent"); got != "210006" {
		t.Errorf("got the sum %s, want 210006", got)
	}
}
