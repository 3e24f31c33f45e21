package clickhouse

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// What ClickHouse says, with its words, and what may be told of it.
func TestJudge(t *testing.T) {
	d, err := Open(Settings{URL: "https://parlance:hidden@host:8443", Database: "live_chat"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		status, code, retry int
		says, class, told   string
	}{
		{403, 516, 0, "parlance: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)", "pause", "user and password"},
		{401, 194, 0, "Password required for user parlance. (REQUIRED_PASSWORD)", "pause", "user and password"},
		{403, 497, 0, "parlance: Not enough privileges. To execute this query, it's necessary to have the grant INSERT(id) ON live_chat.tracks. (ACCESS_DENIED)", "pause", "INSERT(id)"},
		{500, 164, 0, "Cannot modify 'async_insert' setting in readonly mode. (READONLY)", "pause", "profile"},
		{500, 242, 0, "Table is in readonly mode (replica path: /x). (TABLE_IS_READ_ONLY)", "again", "readonly"},
		{500, 242, 1, "Table is in readonly mode (replica path: /x). (TABLE_IS_READ_ONLY)", "pause", "Keeper"},
		{404, 115, 0, "Unknown setting 'insert_deduplication_token'. (UNKNOWN_SETTING)", "pause", "too old"},
		{404, 60, 0, "Table live_chat.tracks does not exist. (UNKNOWN_TABLE)", "again", "does not exist"},
		{404, 60, 1, "Table live_chat.tracks does not exist. (UNKNOWN_TABLE)", "pause", "not ours"},
		{500, 16, 0, "No such column secret in table live_chat.tracks. (NO_SUCH_COLUMN_IN_TABLE)", "again", "NO_SUCH_COLUMN"},
		{400, 27, 0, "Cannot parse input: expected '\"' before: 'secret'. (CANNOT_PARSE_INPUT_ASSERTION_FAILED)", "refusal", "27"},
		{400, 53, 0, "Type mismatch of secret. (TYPE_MISMATCH)", "refusal", "53"},
		{400, 62, 0, "Syntax error: failed at position 1 ('secret'). (SYNTAX_ERROR)", "pause", "SYNTAX_ERROR"},
		{500, 252, 0, "Too many parts (3000). Merges are processing significantly slower than inserts. (TOO_MANY_PARTS)", "again", "Too many parts"},
		{500, 241, 0, "Memory limit (total) exceeded: would use 1.00 GiB. (MEMORY_LIMIT_EXCEEDED)", "again", "Memory limit"},
		{500, 202, 0, "Too many simultaneous queries. Maximum: 100. (TOO_MANY_SIMULTANEOUS_QUERIES)", "again", "Too many"},
		{408, 159, 0, "Timeout exceeded: elapsed 60 seconds. (TIMEOUT_EXCEEDED)", "again", "Timeout"},
		{500, 243, 0, "Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)", "again", "not enough space"},
		{500, 999, 0, "Coordination error: Session expired, path /secret. (KEEPER_EXCEPTION)", "again", "KEEPER_EXCEPTION"},
		{500, 469, 0, "Constraint `c` is violated at row 1. Column values: message_body = 'secret'. (VIOLATED_CONSTRAINT)", "pause", "constraint"},
		{501, 48, 0, "Not implemented. (NOT_IMPLEMENTED)", "pause", "NOT_IMPLEMENTED"},
		{200, 241, 0, "Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)", "again", "Memory limit"},
		{500, 1, 0, "hidden", "again", "only this is told"},
	} {
		for _, header := range []bool{true, false} { // old servers and some proxies send none
			resp := &http.Response{StatusCode: tt.status, Header: http.Header{}}
			if header {
				resp.Header.Set(exceptionCode, strconv.Itoa(tt.code))
			}
			said := "Code: " + strconv.Itoa(tt.code) + ". DB::Exception: " + tt.says + " (version 26.7.2.1 (official build))\n"
			err := d.judge(resp, []byte(said), tt.retry)
			if got := destinationtest.Class(err); got != tt.class || !strings.Contains(err.Error(), tt.told) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "hidden") {
				t.Errorf("%d %s: got %s (%v), want %s that says %s", tt.code, tt.says, got, err, tt.class, tt.told)
			}
		}
	}
	for status, class := range map[int]string{200: "again", 302: "pause", 401: "pause", 404: "pause", 413: "refusal", 429: "again", 502: "again", 504: "again"} {
		err := d.judge(&http.Response{StatusCode: status, Header: http.Header{}}, []byte("<html>nginx hidden</html>"), 0)
		if got := destinationtest.Class(err); got != class || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%d of somebody else: got %s (%v), want %s", status, got, err, class)
		}
	}
	// Before any row was sent no call is at fault.
	port := []byte("Port 9000 is for clickhouse-client program\r\nYou must use port 8123 for HTTP.\r\n")
	if err := judgeSchema(d.judge(&http.Response{StatusCode: 400, Header: http.Header{}}, port, 0)); destinationtest.Class(err) != "pause" {
		t.Errorf("the native port: got %v, want a pause", err)
	}
}
