package parquet

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcp"
	"golang.org/x/oauth2/google"

	"github.com/parlance-chat/parlance/destination"
)

const (
	schemeS3    = s3blob.Scheme
	schemeGCS   = gcsblob.Scheme
	schemeAzure = azureblob.Scheme
	schemeFile  = fileblob.Scheme
)

// openStore opens what the URL names. It asks nobody, except for credentials.
func openStore(ctx context.Context, set *Settings) (*store, error) {
	u, err := url.Parse(set.URL)
	if err != nil {
		return nil, err
	}
	s := &store{}
	switch u.Scheme {
	case schemeS3:
		err = s.openS3(ctx, u, set)
	case schemeGCS:
		err = s.openGCS(ctx, u, set)
	case schemeAzure:
		err = s.openAzure(ctx, u, set)
	default:
		return s, s.openDisk(u)
	}
	if err != nil {
		return nil, err
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		s.bucket = blob.PrefixedBucket(s.bucket, prefix+"/")
	}
	return s, nil
}

func (s *store) openDisk(u *url.URL) (err error) {
	dir := directory(u)
	s.bucket, err = fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, // as the file that holds what customers wrote
		NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return err
	}
	s.folder = &folder{root: filepath.Clean(dir)}
	return s.folder.clear()
}

// openS3 has gocloud.dev read the URL, and takes from its client what package
// deliver does: to try again.
func (s *store) openS3(ctx context.Context, u *url.URL, set *Settings) error {
	opener := &s3blob.URLOpener{}
	bucket, err := opener.OpenBucketURL(ctx, u)
	if err != nil {
		return &destination.Pause{Reason: "url cannot be opened: " + err.Error()}
	}
	var client *s3.Client
	if !bucket.As(&client) {
		return errors.New("BUG: s3blob has no client")
	}
	o := client.Options()
	o.Retryer = aws.NopRetryer{}
	o.HTTPClient = vouching{o.HTTPClient}
	o.Logger = logging.Nop{} // what goes wrong is in errors
	if set.AccessKeyID != "" {
		o.Credentials = credentials.NewStaticCredentialsProvider(set.AccessKeyID, string(set.SecretAccessKey), "")
	}
	if o.Region == "" && u.Query().Has("endpoint") {
		o.Region = "us-east-1" // of which other stores than Amazon's make nothing
	}
	if o.Region == "" {
		return &destination.Pause{Reason: "no region is known; write ?region=REGION at the end of url, or set AWS_REGION"}
	}
	s.region = o.Region
	s.bucket, err = s3blob.OpenBucket(ctx, s3.New(o), u.Host, &opener.Options)
	return err
}

// vouching takes no answer to a PUT for one of S3 that lacks what each of S3's
// has. It would be the page of somebody in between, and the file nowhere.
type vouching struct{ s3.HTTPClient }

func (v vouching) Do(r *http.Request) (*http.Response, error) {
	answer, err := v.HTTPClient.Do(r)
	if err == nil && r.Method == http.MethodPut && answer.StatusCode == http.StatusOK && answer.Header.Get("ETag") == "" {
		answer.Body.Close()
		return nil, errors.New("the answer to a PUT has no ETag, so it is none of S3's")
	}
	return answer, err
}

func (s *store) openGCS(ctx context.Context, u *url.URL, set *Settings) error {
	var opener blob.BucketURLOpener = blob.DefaultURLMux()
	if set.Credentials != "" {
		c, err := google.CredentialsFromJSONWithType(ctx, []byte(set.Credentials), google.ServiceAccount, storage.ScopeReadWrite)
		if err != nil {
			return &destination.Pause{Reason: "credentials: is no service account's key in JSON, as Google gives it"}
		}
		client, err := gcp.NewHTTPClient(gcp.DefaultTransport(), c.TokenSource)
		if err != nil {
			return err
		}
		opener = &gcsblob.URLOpener{Client: client}
	}
	bucket, err := opener.OpenBucketURL(ctx, u)
	if err != nil {
		return &destination.Pause{Reason: "url cannot be opened: " + err.Error()}
	}
	var client *storage.Client
	if bucket.As(&client) {
		client.SetRetry(storage.WithPolicy(storage.RetryNever))
	}
	s.bucket = bucket
	return nil
}

func (s *store) openAzure(ctx context.Context, u *url.URL, set *Settings) (err error) {
	if set.ConnectionString == "" {
		s.bucket, err = blob.OpenBucket(ctx, u.String())
	} else {
		var client *container.Client
		if client, err = container.NewClientFromConnectionString(string(set.ConnectionString), u.Host, nil); err != nil {
			return &destination.Pause{Reason: "connection_string: is none of Azure's, such as DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net"}
		}
		s.bucket, err = azureblob.OpenBucket(ctx, client, nil)
	}
	if err != nil {
		return &destination.Pause{Reason: "url cannot be opened: " + err.Error()}
	}
	return nil
}
