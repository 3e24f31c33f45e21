// Package sdktest runs real SDKs against a tracking source. It holds tests only.
package sdktest
