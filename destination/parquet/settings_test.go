package parquet

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		set  Settings
		want string // of the error, or ""
	}{
		{Settings{URL: "s3://bucket/a/b?region=eu-west-3"}, ""},
		{Settings{URL: "gs://bucket"}, ""},
		{Settings{URL: "azblob://container/a"}, ""},
		{Settings{URL: "file:///var/lake"}, ""},
		{Settings{URL: "file://./lake"}, ""},
		{Settings{}, "url: is missing"},
		{Settings{URL: "s3:///a"}, "names no bucket"},
		{Settings{URL: "file:///"}, "names no directory"},
		{Settings{URL: "file://host/lake"}, "names no directory"},
		{Settings{URL: "file:///lake?metadata=skip"}, "no parameters"},
		{Settings{URL: "ftp://a/b"}, "must begin with"},
		{Settings{URL: "s3://id:hidden@bucket"}, "keys have settings"},
		{Settings{URL: "s3://bucket", AccessKeyID: "id"}, "both or neither"},
		{Settings{URL: "gs://bucket", AccessKeyID: "id", SecretAccessKey: "hidden"}, "access_key_id: is for s3"},
		{Settings{URL: "s3://bucket", Credentials: "hidden"}, "credentials: is for gs"},
	} {
		err := tt.set.Check()
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want %q", tt.set.URL, err, tt.want)
		case err != nil && strings.Contains(err.Error(), "hidden"):
			t.Errorf("%s: the error holds a secret", tt.set.URL)
		}
	}
}

// Places are the same if the files are.
func TestPlace(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"s3://bucket/a?region=x", "s3://bucket/a/", true},
		{"s3://bucket/a", "s3://bucket/b", false},
		{"s3://bucket/a?endpoint=http://x", "s3://bucket/a?endpoint=http://y", false},
		{"file:///var/lake", "file:///var/./lake/", true},
		{"file:///var/lake", "file:///var/lake2", false},
	} {
		a, b := (&Settings{URL: tt.a}).place(), (&Settings{URL: tt.b}).place()
		if (a == b) != tt.same || a == "" {
			t.Errorf("%s is %q, and %s is %q", tt.a, a, tt.b, b)
		}
	}
}
