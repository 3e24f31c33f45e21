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

// keepBytes bounds the buffers that are kept for the next block.
const keepBytes = 4 << 20

// A codec writes blocks. It is used by one goroutine.
type codec struct {
	mode cbor.UserBufferEncMode
	enc  *zstd.Encoder
	raw  bytes.Buffer // the last value
	out  []byte       // the blocks since the last reset
}

func newCodec() *codec {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.UserBufferEncMode()
	if err != nil {
		panic("BUG: " + err.Error()) // these options are right, or they are not
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(256<<10))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return &codec{mode: mode, enc: enc}
}

// reset gives the blocks' memory up for the next ones.
func (c *codec) reset() {
	if cap(c.out) > keepBytes {
		c.out = nil
	}
	c.out = c.out[:0]
}

// encode returns a block, which is valid until the next reset.
func (c *codec) encode(v any) ([]byte, error) {
	if c.raw.Cap() > keepBytes {
		c.raw = bytes.Buffer{}
	}
	c.raw.Reset()
	if err := c.mode.MarshalToBuffer(v, &c.raw); err != nil {
		return nil, err
	}
	from := len(c.out)
	c.out = c.enc.EncodeAll(c.raw.Bytes(), c.out)
	return c.out[from:], nil
}

// newDecoder returns what decode decompresses with. It may be used
// concurrently.
func newDecoder() *zstd.Decoder {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(blockBytes))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return dec
}

// decode reads a block.
func decode(dec *zstd.Decoder, data []byte, v any) error {
	b, err := dec.DecodeAll(data, nil)
	if err == nil {
		err = cbor.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("%w: block: %w", ErrDamaged, err)
	}
	return nil
}
