package tracking

import (
	"errors"
	"net/url"
	"strings"
)

// CheckEndpoint says what is wrong with an endpoint, if one is set.
func CheckEndpoint(endpoint string) error {
	switch u, err := url.Parse(endpoint); {
	case endpoint == "":
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("endpoint: write a URL such as https://example.com")
	case u.User != nil || u.RawQuery != "":
		return errors.New("endpoint: holds a user, password or query; the write_key alone is sent")
	}
	return nil
}

// URL returns where batches go: a path below a base that was checked. What
// people are told to configure has /v1 in some SDKs and not in others.
func URL(base, path string) string {
	u, err := url.Parse(base)
	if err != nil {
		panic("BUG: " + err.Error()) // CheckEndpoint has parsed it
	}
	above := strings.TrimRight(u.Path, "/")
	for _, end := range []string{path, "/v1/batch", "/v1"} {
		above = strings.TrimSuffix(above, end)
	}
	u.Path, u.RawPath = above+path, ""
	return u.String()
}
