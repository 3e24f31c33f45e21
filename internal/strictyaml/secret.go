package strictyaml

import "log/slog"

// A Secret is text that never shows: however it is printed, logged or
// marshalled, it is "…".
type Secret string

const hidden = "…"

func (Secret) String() string               { return hidden }
func (Secret) GoString() string             { return hidden }
func (Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// A Text is text that may also stand in a file of its own, as file:PATH.
type Text string
