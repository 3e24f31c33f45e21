package parquet

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

// An answer is what a store said that does not do what it was asked.
type answer struct {
	status int
	code   string // such as NoSuchBucket, or ""
	header http.Header
}

// answered finds the answer in an error of one of the libraries, if there is
// one. What stands beside it may quote a signature, and is not told.
func answered(err error) (a answer, ok bool) {
	var amazon *awshttp.ResponseError
	var google *googleapi.Error
	var azure *azcore.ResponseError
	var api smithy.APIError
	switch {
	case errors.As(err, &amazon):
		a.status = amazon.HTTPStatusCode()
		if amazon.Response != nil && amazon.Response.Response != nil {
			a.header = amazon.Response.Header
		}
		if errors.As(err, &api) {
			a.code = api.ErrorCode()
		}
	case errors.As(err, &google):
		a.status, a.header = google.Code, google.Header
		if len(google.Errors) > 0 {
			a.code = google.Errors[0].Reason
		}
	case errors.As(err, &azure):
		a.status, a.code = azure.StatusCode, azure.ErrorCode
		if azure.RawResponse != nil {
			a.header = azure.RawResponse.Header
		}
	}
	a.code = tracking.Clean([]byte(a.code))
	return a, a.status != 0
}

// judge says what an error means: see docs/adr/0005. No call is ever at fault.
func judge(err error) error {
	if err == nil || errors.As(err, new(*destination.Pause)) || errors.As(err, new(*destination.Refusal)) {
		return err
	}
	a, ok := answered(err)
	if !ok {
		return noAnswer(err)
	}
	reason := strings.TrimSpace(fmt.Sprintf("the store says %d %s", a.status, a.code))
	switch {
	case a.status < 300:
		return errors.New(reason + ", and what follows cannot be read")
	case a.passes():
		return tracking.Judge(a.status, a.header, []byte(a.code))
	case a.status == http.StatusConflict, a.status == http.StatusPreconditionFailed, mangled[a.code]:
		return errors.New(reason)
	}
	return &destination.Pause{Reason: reason + "; " + a.advice()}
}

// passes reports whether such an answer passes by itself.
func (a answer) passes() bool {
	switch a.status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return a.status >= 500 && a.status != http.StatusNotImplemented
}

// mangled are S3's words, with 400, for a request that did not come whole.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var mangled = map[string]bool{"RequestTimeout": true, "IncompleteBody": true, "BadDigest": true, "InvalidDigest": true, "XAmzContentSHA256Mismatch": true}

// advice says what to do.
func (a answer) advice() string {
	if region := a.header.Get("X-Amz-Bucket-Region"); region != "" && (a.status == http.StatusMovedPermanently || a.status == http.StatusBadRequest) {
		return "write region=" + tracking.Clean([]byte(region)) + " in url: the bucket is there"
	}
	switch a.code {
	case "NoSuchBucket", "ContainerNotFound":
		return "create the bucket, or name another in url"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthenticationFailed", "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
		return "is the key right and in force? See docs/destinations/parquet.md"
	case "RequestTimeTooSkewed":
		return "set this machine's clock"
	}
	switch a.status {
	case http.StatusRequestEntityTooLarge:
		return "have what stands before it take files of 16 MB, or write batch: {bytes: 500000} or less"
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect:
		return "is the region in url the bucket's?"
	case http.StatusUnauthorized:
		return "is the key right and in force? See docs/destinations/parquet.md"
	case http.StatusForbidden:
		return "who writes needs to list, read, write and delete below url: see docs/destinations/parquet.md"
	case http.StatusNotFound:
		return "create the bucket, or name another in url"
	case http.StatusNotImplemented:
		return "it is not all of S3; perhaps request_checksum_calculation=when_required in url helps"
	}
	return "is url right?"
}

// noAnswer says what the network, the disk, or who gives out credentials did.
func noAnswer(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500 {
		return &destination.Pause{Reason: "Google gives no token (" + tracking.Clean([]byte(refused.ErrorCode)) + "); is the key right and in force?"}
	}
	for _, e := range []error{fs.ErrPermission, syscall.EROFS, syscall.ENOTDIR} {
		if errors.Is(err, e) {
			return &destination.Pause{Reason: err.Error() + "; the gateway must be able to make and write files there"}
		}
	}
	// The address may have a signature in it.
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	// It has no type of its own, and may only be slow: a service of the machine gives them.
	if strings.Contains(err.Error(), "get credentials") {
		return errors.New("there are no credentials for S3; write access_key_id and secret_access_key, or see docs/destinations/parquet.md for where they may come from")
	}
	return fmt.Errorf("parquet: %w", err)
}
