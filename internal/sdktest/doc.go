// Package sdktest runs real SDKs against what we take from them and send to
// them. It holds tests only.
package sdktest
