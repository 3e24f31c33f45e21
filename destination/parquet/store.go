package parquet

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// patience bounds one request: package deliver tries again.
const patience = time.Minute

// A store is where the files are.
type store struct {
	bucket *blob.Bucket
	region string // of an S3 bucket, if known
	// folder is the directory that the bucket is, and nil where it is none.
	folder *folder
}

// bounded returns a context for one request. Azure's library takes from it
// that it is not to try again by itself; the others are told when they are
// opened.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
	return context.WithTimeout(ctx, patience)
}

// read returns what is at a key, or nil.
func (s *store) read(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	b, err := s.bucket.ReadAll(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, nil // where there is no bucket, writing tells
	}
	return b, err
}

// write puts a file at a key, in place of what is there. Whoever reads finds
// either.
func (s *store) write(ctx context.Context, key, kind string, b []byte) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	// One request, so that no parts of a broken upload stay behind.
	options := &blob.WriterOptions{ContentType: kind, BufferSize: max(2*maxBytes, len(b)+1), MaxConcurrency: 1}
	if s.folder == nil {
		return s.bucket.Upload(ctx, key, bytes.NewReader(b), options)
	}
	aside := asideKey + "/" + strings.ReplaceAll(key, "/", "+")
	if err := s.bucket.Upload(ctx, aside, bytes.NewReader(b), options); err != nil {
		return err
	}
	return s.folder.move(aside, key)
}

// remove removes what is at a key, if anything is.
func (s *store) remove(ctx context.Context, key string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	err := s.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// removeAll removes what is at all keys but some.
func (s *store) removeAll(ctx context.Context, keys, but []string) error {
	for _, key := range keys {
		if slices.Contains(but, key) {
			continue
		}
		if err := s.remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
