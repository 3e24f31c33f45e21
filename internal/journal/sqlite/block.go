package sqlite

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"
)

// blockBytes bounds what a block may hold once decompressed, so that a
// damaged one cannot fill the memory.
const blockBytes = 1 << 30

// A codec writes and reads blocks. Its methods may be called concurrently.
type codec struct {
	mode cbor.EncMode
	enc  *zstd.Encoder
	dec  *zstd.Decoder
}

func newCodec() (*codec, error) {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		return nil, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(256<<10))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(blockBytes))
	if err != nil {
		return nil, err
	}
	return &codec{mode: mode, enc: enc, dec: dec}, nil
}

func (c *codec) encode(v any) ([]byte, error) {
	b, err := c.mode.Marshal(v)
	if err != nil {
		return nil, err
	}
	return c.enc.EncodeAll(b, make([]byte, 0, len(b)/3)), nil
}

func (c *codec) decode(data []byte, v any) error {
	b, err := c.dec.DecodeAll(data, nil)
	if err == nil {
		err = cbor.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("%w: block: %w", ErrDamaged, err)
	}
	return nil
}
