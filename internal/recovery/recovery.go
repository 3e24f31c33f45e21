// Package recovery answers HTTP requests whose handler panics.
package recovery

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
)

// Handler answers what h panics at with 500, and logs where it did. Without it,
// who asks sees no more than that the connection ends. An answer that has begun
// still ends so.
func Handler(h http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w}
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { // which means to end the connection
				panic(cause)
			}
			log.Error("BUG: a request was not answered; please tell us of it", "method", r.Method, "pattern", r.Pattern, "cause", shown(cause), "stack", string(debug.Stack()))
			if a.begun {
				panic(http.ErrAbortHandler)
			}
			http.Error(w, "something went wrong in the gateway, and this is its fault; its log says where", http.StatusInternalServerError)
		}()
		h.ServeHTTP(a, r)
	})
}

// shown returns what may stand in a log: what somebody panics with may repeat a
// message, but not what the runtime says, nor what we say of our own mistakes.
func shown(cause any) string {
	if err, ok := cause.(runtime.Error); ok {
		return err.Error()
	}
	if text, ok := cause.(string); ok && strings.HasPrefix(text, "BUG: ") {
		return text
	}
	return fmt.Sprintf("of type %T", cause)
}

// An answer knows whether it has begun.
type answer struct {
	http.ResponseWriter
	begun bool
}

func (a *answer) WriteHeader(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
