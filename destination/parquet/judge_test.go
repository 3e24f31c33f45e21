package parquet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// What each answer of S3 means, and that it says what to do and no secret.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status      int
		code        string
		header      string
		class, says string
	}{
		{404, "NoSuchBucket", "", "pause", "create the bucket"},
		{403, "AccessDenied", "", "pause", "list, read, write and delete"},
		{403, "InvalidAccessKeyId", "", "pause", "is the key right"},
		{403, "SignatureDoesNotMatch", "", "pause", "is the key right"},
		{400, "ExpiredToken", "", "pause", "is the key right"},
		{403, "RequestTimeTooSkewed", "", "pause", "clock"},
		{301, "PermanentRedirect", "X-Amz-Bucket-Region: eu-west-3", "pause", "write region=eu-west-3"},
		{400, "AuthorizationHeaderMalformed", "X-Amz-Bucket-Region: eu-west-3", "pause", "write region=eu-west-3"},
		{501, "NotImplemented", "", "pause", "request_checksum_calculation"},
		{418, "Teapot", "", "pause", "is url right"},
		{413, "EntityTooLarge", "", "pause", "16 MB"},
		{503, "SlowDown", "", "again", "SlowDown"},
		{503, "SlowDown", "Retry-After: 7", "wait", "7s"},
		{500, "InternalError", "", "again", "InternalError"},
		{409, "OperationAborted", "", "again", "OperationAborted"},
		{400, "RequestTimeout", "", "again", "RequestTimeout"},
		{400, "BadDigest", "", "again", "BadDigest"},
	} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(tt.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>the-secret</Message></Error>", tt.code)
		}))
		err := open(t, at(h.URL)).Send(t.Context(), attempt(event("a", 0)))
		h.Close()
		if got := destinationtest.Class(err); got != tt.class || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "the-secret") {
			t.Errorf("%d %s: got %s (%v), want %s that says %s", tt.status, tt.code, got, err, tt.class, tt.says)
		}
	}
}

// What is wrong on this side.
func TestTroubles(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none"))
	inTheWay := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name        string
		set         Settings
		class, says string
	}{
		{"no credentials", Settings{URL: "s3://lake?region=eu-west-3"}, "again", "access_key_id"},
		{"no region", Settings{URL: "s3://lake"}, "pause", "region=REGION"},
		{"unknown parameter", Settings{URL: "s3://lake?regoin=eu-west-3"}, "pause", "regoin"},
		{"no key of Google's", Settings{URL: "gs://lake", Credentials: "hidden"}, "pause", "service account"},
		{"no connection string", Settings{URL: "azblob://lake", ConnectionString: "hidden"}, "pause", "connection_string"},
		{"a file in the way", Settings{URL: "file://" + inTheWay + "/lake"}, "pause", "must be able to make"},
		{"unknown host", Settings{URL: "s3://lake?region=x&endpoint=http://parlance.invalid", AccessKeyID: "id", SecretAccessKey: "hidden"}, "again", "parlance.invalid"},
		{"a signature in the address", Settings{URL: "azblob://lake", ConnectionString: "BlobEndpoint=http://127.0.0.1:1/account;SharedAccessSignature=sig=hidden"}, "again", "refused"},
	} {
		err := open(t, tt.set).Send(t.Context(), attempt(event("a", 0)))
		if got := destinationtest.Class(err); got != tt.class || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %s (%v), want %s that says %s", tt.name, got, err, tt.class, tt.says)
		}
	}
	for _, err := range []error{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, io.ErrUnexpectedEOF} {
		if got := judge(err); destinationtest.Class(got) != "again" || !errors.Is(got, errors.Unwrap(got)) {
			t.Errorf("%v: got %v, want again", err, got)
		}
	}
}

// A record that is not ours to read stops the delivery, and loses nothing.
func TestRecords(t *testing.T) {
	for record, want := range map[string]string{`{"version":9}`: "pause", "{": "again", "": "again", "{}": "again"} {
		dir := t.TempDir()
		d := local(t, dir)
		if err := os.MkdirAll(filepath.Join(dir, "_parlance"), 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(recordKey))
		if err := os.WriteFile(path, []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := destinationtest.Class(d.Send(t.Context(), attempt(event("a", 0)))); got != want {
			t.Errorf("%q: got %s, want %s", record, got, want)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := d.Send(t.Context(), attempt(event("a", 0))); err != nil {
			t.Error(err)
		}
	}
}
