package sqlite

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"
)

// blockBytes bounds what a block may hold once decompressed, so that a
// damaged one cannot fill the memory.
const blockBytes = 1 << 30

// A codec writes and reads blocks. Only decode may be called concurrently.
type codec struct {
	mode cbor.UserBufferEncMode
	enc  *zstd.Encoder
	dec  *zstd.Decoder
	raw  bytes.Buffer // of the last encode
	out  []byte
}

func newCodec() (*codec, error) {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.UserBufferEncMode()
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

// keepBytes bounds the buffers that are kept for the next block.
const keepBytes = 4 << 20

// encode returns a block, which is valid until the next call.
func (c *codec) encode(v any) ([]byte, error) {
	if c.raw.Cap() > keepBytes {
		c.raw, c.out = bytes.Buffer{}, nil
	}
	c.raw.Reset()
	if err := c.mode.MarshalToBuffer(v, &c.raw); err != nil {
		return nil, err
	}
	c.out = c.enc.EncodeAll(c.raw.Bytes(), c.out[:0])
	return c.out, nil
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
