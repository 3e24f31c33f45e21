package parquet

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Settings are the settings of a destination of type parquet.
type Settings struct {
	// Where the files go: s3://BUCKET/PREFIX?region=REGION, gs://BUCKET/PREFIX, azblob://CONTAINER/PREFIX or file:///DIRECTORY. Required.
	URL string `yaml:"url"`
	// Key for s3. Without it that of the environment counts, as with every program of AWS.
	AccessKeyID string `yaml:"access_key_id"`
	// Its secret.
	SecretAccessKey strictyaml.Secret `yaml:"secret_access_key"`
	// Key of a service account for gs, as Google gives it in JSON: file:PATH. Without it the environment's credentials count.
	Credentials strictyaml.Secret `yaml:"credentials"`
	// Connection string for azblob. Without it the environment counts, such as AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.
	ConnectionString strictyaml.Secret `yaml:"connection_string"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	u, err := url.Parse(s.URL)
	switch {
	case s.URL == "":
		errs = append(errs, errors.New("url: is missing; write where the files are to be, such as s3://BUCKET/PREFIX?region=eu-central-1 or file:///DIRECTORY"))
	case err != nil || u.User != nil || u.Fragment != "":
		errs = append(errs, errors.New("url: is no URL such as s3://BUCKET/PREFIX?region=eu-central-1 or file:///DIRECTORY; keys have settings of their own"))
	default:
		errs = append(errs, checkURL(u), s.checkKeys(u.Scheme))
	}
	return errors.Join(errs...)
}

func checkURL(u *url.URL) error {
	switch u.Scheme {
	case schemeS3, schemeGCS, schemeAzure:
		if u.Host == "" {
			return fmt.Errorf("url: names no bucket; write %s://BUCKET/PREFIX", u.Scheme)
		}
	case schemeFile:
		if u.Host != "" && u.Host != "." || strings.Trim(u.Path, "/") == "" {
			return errors.New("url: names no directory; write file:///DIRECTORY, or file://./DIRECTORY for one below the gateway's own")
		}
		if u.RawQuery != "" {
			return errors.New("url: a directory takes no parameters")
		}
	default:
		return errors.New("url: must begin with s3://, gs://, azblob:// or file://")
	}
	return nil
}

// checkKeys says which keys do not belong to a scheme: they would be ignored.
func (s *Settings) checkKeys(scheme string) error {
	if (s.AccessKeyID == "") != (s.SecretAccessKey == "") {
		return errors.New("access_key_id: goes with secret_access_key; write both or neither")
	}
	for _, k := range []struct {
		name, scheme string
		set          bool
	}{
		{"access_key_id", schemeS3, s.AccessKeyID != ""},
		{"credentials", schemeGCS, s.Credentials != ""},
		{"connection_string", schemeAzure, s.ConnectionString != ""},
	} {
		if k.set && k.scheme != scheme {
			return fmt.Errorf("%s: is for %s://, and url is %s://", k.name, k.scheme, scheme)
		}
	}
	return nil
}

// place names where the files go.
func (s *Settings) place() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return "" // Check tells
	}
	if u.Scheme == schemeFile {
		if path, err := filepath.Abs(directory(u)); err == nil {
			return path
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%s://%s/%s %s", u.Scheme, u.Host, strings.Trim(u.Path, "/"), u.Query().Get("endpoint")))
}

// directory is the path in a URL of a directory.
func directory(u *url.URL) string {
	if u.Host == "." {
		return filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	}
	if filepath.Separator != '/' { // file:///c:/data
		return filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	}
	return u.Path
}
