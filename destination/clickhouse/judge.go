package clickhouse

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

// exceptionCode is the header that tells of an error, also where the status is
// 200.
const exceptionCode = "X-ClickHouse-Exception-Code"

var exception = regexp.MustCompile(`Code: (\d{1,5})`)

// Codes of errors that mean the same to us.
//
// Source: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
var (
	values = set(6, 25, 26, 27, 33, 38, 41, 53, 69, 72, 117, 128, 131, 321, 349, 376, 407, 441)
	// Somebody changed the tables since we looked, or a replica has lost its
	// Keeper. That may be over at the next attempt.
	changed = set(8, 16, 47, 60, 81, 218, 242)
	access  = set(192, 193, 194, 195, 516)
	// What comes with status 500 and does not go by itself.
	lasting = set(57, 80, 164, 181, 344, 392, 452, 469, 497, 524)
	// What is said of these holds names and limits, and never a value.
	told = set(57, 60, 81, 115, 159, 164, 192, 193, 194, 195, 202, 241, 242, 243, 252, 392, 452, 497, 516)
)

var exceptionName = regexp.MustCompile(`\. \(([A-Z][A-Z0-9_]+)\)$`)

func set(codes ...int) map[int]bool {
	m := make(map[int]bool)
	for _, c := range codes {
		m[c] = true
	}
	return m
}

// judge says what an answer other than a good one means: see docs/adr/0005.
// What ClickHouse says of a value quotes it, and is not told.
func (d *Destination) judge(resp *http.Response, said []byte, retry int) error {
	said = d.hide(said)
	code, err := strconv.Atoi(resp.Header.Get(exceptionCode))
	if err != nil {
		if m := exception.FindSubmatch(said); m != nil {
			code, err = strconv.Atoi(string(m[1]))
		}
	}
	if err != nil {
		return notClickHouse(resp, said)
	}
	if values[code] {
		return &destination.Refusal{Status: resp.StatusCode, Reason: fmt.Sprintf("ClickHouse refuses a value of this call (%d)", code)}
	}
	reason := fmt.Sprintf("ClickHouse says %d: %s", code, message(code, said))
	switch {
	case changed[code] && retry == 0:
		return errors.New(reason)
	case changed[code], access[code], lasting[code]:
		return &destination.Pause{Reason: reason + "; " + advice(code)}
	case resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented, resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode == http.StatusOK:
		// Too many parts or queries, memory, time, disk, network, Keeper.
		return errors.New(reason)
	}
	return &destination.Pause{Reason: reason + "; " + advice(code)}
}

// message is what an exception says, without what stands before and after it,
// or only its name where it could quote a value.
func message(code int, said []byte) string {
	text := strings.TrimSpace(string(said))
	if i := strings.LastIndex(text, " (version "); i > 0 {
		text = text[:i]
	}
	if !told[code] {
		if m := exceptionName.FindStringSubmatch(text); m != nil {
			return m[1]
		}
		return "an error of which only this is told"
	}
	if _, after, ok := strings.Cut(text, "DB::Exception: "); ok {
		text = after
	}
	return tracking.Clean([]byte(text))
}

// advice says what to do.
func advice(code int) string {
	switch {
	case access[code]:
		return "are user and password in url right, and may that user come from here?"
	case code == 497:
		return "grant it to the user in url: see docs/destinations/clickhouse.md"
	case code == 164, code == 452, code == 392:
		return "the user in url has a profile that does not let it write, or change settings of its inserts; give it another"
	case code == 115:
		return "this server lacks a setting; is it too old, or is the one after ? in url wrong?"
	case code == 469:
		return "a constraint that is not ours refuses the rows; remove it"
	case code == 242:
		return "does the replica reach its Keeper?"
	}
	return "is a table or view in the database not ours? Then name another database"
}

// notClickHouse says what an answer means that something before ClickHouse gave.
func notClickHouse(resp *http.Response, said []byte) error {
	if resp.StatusCode == http.StatusOK {
		return errors.New("answered 200, but not as ClickHouse does: " + tracking.Clean(said))
	}
	err := tracking.Judge(resp.StatusCode, resp.Header, said)
	if !errors.As(err, new(*destination.Pause)) {
		return err
	}
	means := "is url that of ClickHouse's HTTP interface?"
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		means = advice(516)
	}
	return &destination.Pause{Reason: fmt.Sprintf("answered %d %s: %s; %s", resp.StatusCode, http.StatusText(resp.StatusCode), tracking.Clean(said), means)}
}

// judgeSchema says what an error means that came before any row was sent: no
// call is at fault.
func judgeSchema(err error) error {
	var refusal *destination.Refusal
	if errors.As(err, &refusal) {
		return &destination.Pause{Reason: refusal.Reason + "; is url that of ClickHouse's HTTP interface, and are all tables in the database ours?"}
	}
	return err
}

// hide takes the password out of what a receiver said.
func (d *Destination) hide(said []byte) []byte {
	if password, ok := d.user.Password(); ok && password != "" {
		return bytes.ReplaceAll(said, []byte(password), []byte("…"))
	}
	return said
}
